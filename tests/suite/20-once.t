# SPDX-License-Identifier: MIT
# Words that the CPU or another look-up changes without a lock are read and written once.
exec /usr/bin/python3 tools/once.py
