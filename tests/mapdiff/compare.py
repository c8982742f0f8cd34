#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# compare.py LINUX QUIRE: the outputs of runs of mapdiff on two kernels, as TAP, a line for each seed.
# Neighbouring rows that differ in nothing count as one: Linux does not merge regions whose anonymous pages began in different
# families (anon_vma), Quire does. Where a call then meets a border on Linux only (mremap: EFAULT), the seed ends there.
import re
import sys


def rows(text):
    merged = []
    for row in text.split("|")[1:]:
        place, *values, flags = row.split(";")
        where, rights, offset, name = place.split(" ", 3)
        first, pages = (int(n) for n in where.split("+"))
        offset = int(offset, 16)
        sums = [int(v.split()[0]) for v in values]
        last = merged[-1] if merged else None
        if last and last["end"] == first and last["kind"] == (rights, name, flags) and \
                (name == "-" or last["next"] == offset):
            last["end"] += pages
            last["sums"] = [a + b for a, b in zip(last["sums"], sums)]
        else:
            last = {"first": first, "end": first + pages, "kind": (rights, name, flags), "sums": sums, "from": offset}
            merged.append(last)
        last["next"] = offset + pages
    return [(r["first"], r["end"], r["kind"], r["from"], r["sums"]) for r in merged]


def calls(path):
    return [seed.split("\n") for seed in open(path).read().split("seed ")[1:]]


linux, quire = calls(sys.argv[1]), calls(sys.argv[2])
print("%sok 1 - mapdiff: as many seeds on both kernels" % ("" if len(linux) == len(quire) > 0 else "not "))
ends = 0
for number, (a, b) in enumerate(zip(linux, quire), 2):
    difference = None
    if len(a) != len(b):
        difference = (a[-2:], b[-2:])
    for x, y in zip(a, b):
        if x.split("|")[0] == y.split("|")[0] and rows(x) == rows(y):
            continue
        if re.match(r"\d+: (9|10|11)\(.* errno 14 ", x):
            ends += 1
        else:
            difference = (x, y)
        break
    print("%sok %d - mapdiff: seed %s: the same results, regions, VmFlags and pages" % ("not " if difference else "", number, a[0]))
    if difference:
        print("# linux: %s\n# quire: %s" % difference)
print("# seeds that ended at a border that Linux keeps: %d" % ends)
print("1..%d" % (min(len(linux), len(quire)) + 1))
