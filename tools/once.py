#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The checker of words that others change without a lock: once.py [FILE...], TAP on stdout.

The CPU sets bits in page-table entries at any time; look-ups walk tables, page flags, the bits of a VMA and its
borders without a lock. A plain C access may be torn, repeated or left out by the compiler. So each such word is
read and written through one of the functions that do it once (ptep_get(), pmdp_get(), set_pte(), PageX(),
vm_flags_set(), ...), or by READ_ONCE() and WRITE_ONCE(). tools/once.allow lists the places where nobody else can
look, each with its reason; a line of it that is not needed is an error.
"""
import fnmatch
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLACES = ["mm", "fs", "ipc", "net", "kernel", "drivers", "include/mm"]
CANARY = "tests/canary/once.c"
RULES = [
    ("page-table entry read plainly", re.compile(r"\bp(?:te|md|ud|4d|gd)_\w+\(\s*(?:\*|\w+\[)")),
    ("page-table entry written plainly", re.compile(r"^\s*\*\s*\w*(?:pte|pmd|pud|pgd)p?\b\s*=\s*(?:__p|mk_|pfn_p|p\w+_mk)")),
    ("flags of a page accessed plainly", re.compile(r"(?<!&)\b(?:page|folio)->flags\b")),
    ("flags of a VMA in use written plainly", re.compile(r"\bvma->vm_flags\s*[|&]?=[^=]")),
]
COMMENT = re.compile(r"/\*.*?(?:\*/|$)")
SAFE = re.compile(r"READ_ONCE|WRITE_ONCE|__atomic_\w+\(|^\s*\*\s")


def sources():
    for place in PLACES:
        for folder, _, names in os.walk(os.path.join(ROOT, place)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def findings(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            for what, pattern in RULES:
                if pattern.search(COMMENT.sub("", line)) and not SAFE.search(line):
                    yield path, number, what, line.strip()


def allowed():
    with open(os.path.join(ROOT, "tools/once.allow"), encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                place, _, reason = line.partition(" # ")
                path, _, text = place.strip().partition(" ")
                yield path, text.strip(), reason.strip()


def main():
    rules, used, bad = list(allowed()), set(), []
    for finding in (f for path in sys.argv[1:] or sources() for f in findings(path)):
        match = [r for r in rules if fnmatch.fnmatch(finding[0], r[0]) and r[1] in finding[3]]
        used.update(match)
        if not match:
            bad.append("%s:%d: %s: %s" % finding)
    canary = len(list(findings(CANARY)))
    results = [(canary == len(RULES), "canary: each rule finds its line", []),
               (not bad, "words that others change are accessed once", bad),
               (all(r[2] for r in rules), "each line of tools/once.allow has a reason", [])]
    if not sys.argv[1:]:
        idle = [" ".join(r[:2]) for r in rules if r not in used]
        results.append((not idle, "each line of tools/once.allow is needed", idle))
    for number, (good, what, details) in enumerate(results, 1):
        print("%sok %d - %s" % ("" if good else "not ", number, what))
        for line in details:
            print("# " + line)
    print("1..%d" % len(results))
    return not all(r[0] for r in results)


sys.exit(main())
