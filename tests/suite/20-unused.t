# SPDX-License-Identifier: MIT
# No header has an inline function that nobody uses.
exec /usr/bin/python3 tools/unused.py
