#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The checker of inline functions: each static inline of a header is named once more than it is defined. TAP on stdout.

Who names it may be any file of the tree, a test or a script as well; a comment does not count. Functions that a macro
makes for a family (PAGE_FLAG_OPS, atomic_*) are not looked at.
"""
import collections
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CANARY = "tests/canary/unused.h"
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
INLINE = re.compile(r"^static\s[^;{}()=#]*\b(?:__always_)?inline\b[^;{}=#]*?\b(\w+)\s*\([^#]*?[;{]", re.M)


def main():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named, defined, where = collections.Counter(), collections.Counter(), {}
    for path in filter(re.compile(r"(?<!\.md)$").search, listed.split()):
        with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
            text = COMMENT.sub("", f.read()) if path.endswith((".c", ".h", ".S", ".lds")) else f.read()
        named.update(re.findall(r"[A-Za-z_]\w*", text))
        for name in INLINE.findall(text) if path.endswith(".h") else ():
            defined[name] += 1
            where[name] = path
    unused = ["%s: %s" % (where[n], n) for n in sorted(defined) if named[n] == defined[n]]
    canary = [line for line in unused if line.startswith(CANARY)]
    bad = [line for line in unused if line not in canary]
    print("%sok 1 - canary: of its functions the one that nobody calls is seen" % ("" if len(canary) == 1 else "not "))
    print("%sok 2 - somebody uses each of %d inline functions of headers" % ("not " if bad else "", len(defined)))
    print("".join("# %s\n" % line for line in bad) + "1..2")
    return bool(bad) or len(canary) != 1


sys.exit(main())
