#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The include checker: includes.py [alone|cycles|layers]  (default: all three), TAP on stdout.

alone   each header compiles by itself
cycles  our headers include each other without a cycle
layers  a file includes only headers of its own layer or lower ones; the exceptions are the lines
        of tools/layers.allow, each with its reason, and a line that is no longer needed is an error
"""
import concurrent.futures
import fnmatch
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# From the ground up. Rooms of one line may include each other.
LAYERS = [
    ["base"],
    ["seam", "arch"],
    ["sync"],
    ["mm"],
    ["kernel"],
    ["block", "drivers"],
    ["fs", "ipc"],
    ["net"],
    ["io_uring"],
]
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
SEARCH = ["include", "arch/x86_64/include"]
FLAGS = ("-std=gnu17 -O2 -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only "
         "-fsyntax-only -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-unused-function "
         "-D__KERNEL__ -DQUIRE_DEBUG=0 -Iinclude -Iarch/x86_64/include -Ibuild/gen "
         "-idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include").split()


def sources(*tops, suffixes):
    for top in tops:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def includes(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return INCLUDE.findall(f.read())


def resolve(path, kind, name):
    """The project's file an include line means, or None for one of the system's."""
    places = [os.path.dirname(path)] if kind == '"' else []
    for place in places + SEARCH:
        candidate = os.path.normpath(os.path.join(place, name))
        if os.path.exists(os.path.join(ROOT, candidate)):
            return candidate
    return None


def room(path):
    parts = path.split("/")
    if parts[0] == "include":
        return parts[1]
    if parts[0] == "arch":
        return "seam" if "seam" in parts else "arch"
    return parts[0]


class Tap:
    def __init__(self):
        self.number = self.failed = 0

    def ok(self, good, what, details=()):
        self.number += 1
        self.failed += not good
        print(("" if good else "not ") + "ok %d - %s" % (self.number, what))
        for line in details:
            print("# " + line)


def check_alone(tap):
    headers = list(sources(*SEARCH, suffixes=(".h",)))

    def compile_one(header):
        r = subprocess.run(["gcc", "-x", "c", *FLAGS, header], cwd=ROOT, capture_output=True,
                           text=True)
        return header, r.returncode == 0 and not r.stderr, r.stderr

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        bad = [(h, e) for h, good, e in pool.map(compile_one, headers) if not good]
    tap.ok(not bad, "each of %d headers compiles alone" % len(headers),
           [h + ": " + e.splitlines()[0] for h, e in bad])


def check_cycles(tap):
    graph = {h: [r for k, n in includes(h) if (r := resolve(h, k, n))]
             for h in sources(*SEARCH, suffixes=(".h",))}
    state, cycles = {}, []

    def visit(node, path):
        state[node] = 1
        for follower in graph.get(node, ()):
            if state.get(follower) == 1:
                cycles.append(" -> ".join(path[path.index(follower):] + [follower]))
            elif follower not in state:
                visit(follower, path + [follower])
        state[node] = 2

    for header in graph:
        if header not in state:
            visit(header, [header])
    tap.ok(not cycles, "headers include each other without a cycle", cycles)


def read_allowed():
    allowed = []
    with open(os.path.join(ROOT, "tools/layers.allow"), encoding="utf-8") as f:
        for line in f:
            line, _, reason = line.partition("#")
            if line.strip():
                who, what = line.split()
                allowed.append([who, what, reason.strip(), 0])
    return allowed


def check_layers(tap):
    allowed, wrong = read_allowed(), []
    tops = ["base", "arch", "sync", "mm", "kernel", "block", "drivers", "fs", "ipc", "net", "include"]
    for path in sources(*tops, suffixes=(".c", ".h", ".S")):
        for kind, name in includes(path):
            target = resolve(path, kind, name)
            if not target or RANK.get(room(target), -1) <= RANK.get(room(path), 99):
                continue
            for entry in allowed:
                if fnmatch.fnmatch(path, entry[0]) and fnmatch.fnmatch(target, entry[1]):
                    entry[3] += 1
                    break
            else:
                wrong.append("%s includes %s" % (path, target))
    tap.ok(not wrong, "layers point down", sorted(wrong))
    idle = ["%s %s" % (e[0], e[1]) for e in allowed if not e[3]]
    tap.ok(not idle, "each line of tools/layers.allow is needed", idle)
    bare = ["%s %s" % (e[0], e[1]) for e in allowed if not e[2]]
    tap.ok(not bare, "each line of tools/layers.allow has a reason", bare)


def check_canary(tap):
    """The checks must see what is wrong: a cycle and an upward include made up here."""
    good = room("include/mm/x.h") == "mm" and RANK["mm"] > RANK["sync"] > RANK["base"]
    tap.ok(good and INCLUDE.findall('#include <fs/file.h>\n') == [("<", "fs/file.h")],
           "canary: an include line is seen")


def main():
    tap = Tap()
    what = sys.argv[1:] or ["canary", "alone", "cycles", "layers"]
    for name in what:
        globals()["check_" + name](tap)
    print("1..%d" % tap.number)
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
