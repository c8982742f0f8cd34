# SPDX-License-Identifier: MIT
# No header has an inline function, and the kernel no other, that nobody uses.
exec /usr/bin/python3 tools/unused.py
