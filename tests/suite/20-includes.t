# SPDX-License-Identifier: MIT
# The include checker and what is generated into docs/.
exec /usr/bin/python3 tools/includes.py
