#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The checker of functions that nobody uses. TAP on stdout.

Each static inline of a header, and each function of the kernel's .c files that others could call, is named once more
than it is defined and declared; in a comment, as a member, or as the name of a macro it does not count. An inline may
be named by any file of the tree, a script as well; the others by what is compiled, linked or a test, but not by themselves.

Functions that a macro makes for a family (PAGE_FLAG_OPS, SYSCALL_DEFINE) are not looked at, nor those in PASTED, whose
names a macro puts together or the compiler knows.
"""
import collections
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CANARIES = ["tests/canary/unused.c", "tests/canary/unused.h"]
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
INLINE = re.compile(r"^static\s[^;{}()=#]*\b(?:__always_)?inline\b[^;{}=#]*?\b(\w+)\s*\([^#]*?[;{]", re.M)
EXTERN = re.compile(r"^(?!static\b|typedef\b)\w[\w\s*]*?[\s*](\w+)\s*\([^;{}#]*?\)[^;{}#]*([;{])", re.M)
KERNEL = re.compile(r"(arch|base|block|drivers|fs|io_uring|ipc|kernel|mm|net|sync)/.*\.c$|tests/canary/unused\.c$")
CODE = (".c", ".h", ".S", ".lds")
CALL = re.compile(r"(?<![.>\w])(?<!\(\*)[A-Za-z_]\w*")
PASTED = re.compile(r"__trace_\w+|io_(prep|issue)_\w+|__stack_chk_fail")


def main():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named, defined, where = collections.Counter(), collections.Counter(), {}
    called, functions = collections.Counter(), {}
    for path in filter(re.compile(r"(?<!\.md)$").search, listed.split()):
        with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
            text = COMMENT.sub("", f.read()) if path.endswith(CODE) else f.read()
        named.update(re.findall(r"[A-Za-z_]\w*", text))
        for name in INLINE.findall(text) if path.endswith(".h") else ():
            defined[name] += 1
            where[name] = path
        if path.endswith(CODE) or path.startswith("tests/"):
            called.update(CALL.findall(re.sub(r"#\s*define\s+\w+", "", text)))
        for found in EXTERN.finditer(text) if path.endswith((".c", ".h")) else ():
            name, end = found.groups()
            body = text[found.end():text.find("\n}", found.end())] if end == "{" else ""
            called[name] -= 1 + CALL.findall(body).count(name)
            if end == "{" and KERNEL.match(path) and not PASTED.fullmatch(name):
                functions[name] = path
    unused = ["%s: %s" % (where[n], n) for n in sorted(defined) if named[n] == defined[n]]
    unused += ["%s: %s" % (functions[n], n) for n in sorted(functions) if called[n] <= 0]
    bad = [line for line in unused if line.split(":")[0] not in CANARIES]
    seen = sorted(line.split(":")[0] for line in unused if line not in bad) == CANARIES
    print("%sok 1 - canaries: of their functions the two that nobody calls are seen" % ("" if seen else "not "))
    print("%sok 2 - somebody uses each of %d inline functions of headers and %d others" %
          ("not " if bad else "", len(defined), len(functions)))
    print("".join("# %s\n" % line for line in bad) + "1..2")
    return bool(bad) or not seen


sys.exit(main())
