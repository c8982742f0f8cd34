# SPDX-License-Identifier: MIT
"""Quire in gdb: tasks, a page, the VMAs of a process, the free lists.

    ./quire run --gdb -- PROGRAM          in one terminal
    gdb build/quire.elf -x tools/gdb/quire-gdb.py -ex 'target remote :1234'

quire-ps            all processes
quire-page PFN      one page descriptor, in words
quire-vmas [PID]    the VMAs of a process (default: the current task of CPU 0's list, PID 1)
quire-free          the free lists of each zone, with their lengths as walked and as counted
"""
import gdb

VMEMMAP_START = 0xFFFFEA0000000000


def value(expression):
    return gdb.parse_and_eval(expression)


def container(node, type_name, member):
    """The structure of which NODE, a pointer, is the member MEMBER."""
    kind = gdb.lookup_type(type_name)
    offset = [f for f in kind.fields() if f.name == member][0].bitpos // 8
    return gdb.Value(int(node) - offset).cast(kind.pointer())


def entries(head, limit=1 << 20):
    """The nodes of a list_head, without the head."""
    node, start = head["next"], int(head.address)
    while int(node) != start and limit:
        yield node
        node = node["next"]
        limit -= 1


def processes():
    first = value("&init_task")
    yield first
    for node in entries(first["tasks"]):
        yield container(node, "struct task_struct", "tasks")


def page_of(pfn):
    kind = gdb.lookup_type("struct page")
    return gdb.Value(VMEMMAP_START + pfn * kind.sizeof).cast(kind.pointer())


def flag_names(flags):
    names = [f for f in gdb.lookup_type("enum pageflags").fields() if not f.name.startswith("__")]
    seen, words = set(), []
    for field in names:
        if flags >> field.enumval & 1 and field.enumval not in seen:
            seen.add(field.enumval)
            words.append(field.name[3:])
    return "|".join(words) or "none"


class Command(gdb.Command):
    def __init__(self, name):
        super().__init__(name, gdb.COMMAND_DATA)


class Ps(Command):
    """quire-ps: PID, name and mm of each process."""

    def invoke(self, argument, from_tty):
        for task in processes():
            print("%6d  %-16s  mm %#x" % (int(task["pid"]), task["comm"].string(), int(task["mm"])))


class Page(Command):
    """quire-page PFN: the descriptor of a page."""

    def invoke(self, argument, from_tty):
        pfn = int(value(argument))
        page = page_of(pfn)
        flags = int(page["flags"])
        print("pfn %#x  physical %#x  descriptor %#x" % (pfn, pfn << 12, int(page)))
        print("flags %#010x  %s  zone %d  node %d" % (flags, flag_names(flags), flags >> 24 & 7, flags >> 27))
        print(page.dereference().format_string(max_depth=2))


class Vmas(Command):
    """quire-vmas [PID]: the VMAs of a process, lowest first."""

    def invoke(self, argument, from_tty):
        pid = int(value(argument)) if argument else 1
        for task in processes():
            if int(task["pid"]) != pid or not int(task["mm"]):
                continue
            mm, nr = task["mm"], 0
            vma = mm["mmap"]
            while int(vma):
                flags = int(vma["vm_flags"])
                letters = "".join(c if flags >> i & 1 else "-" for i, c in enumerate("rwxs"))
                print("%016x-%016x %s  file %#x" % (
                    int(vma["vm_start"]), int(vma["vm_end"]), letters, int(vma["vm_file"])))
                vma, nr = vma["vm_next"], nr + 1
            print("%d VMAs, map_count %d" % (nr, int(mm["map_count"])))
            return
        print("no process %d with an address space" % pid)


class Free(Command):
    """quire-free: blocks on the free lists, walked and counted."""

    def invoke(self, argument, from_tty):
        nodes = value("node_data")
        for nid in range(nodes.type.range()[1] + 1):
            if not int(nodes[nid]):
                continue
            zones = nodes[nid]["node_zones"]
            for index in range(zones.type.range()[1] + 1):
                self.show(nid, zones[index])

    @staticmethod
    def show(nid, zone):
        if not int(zone["present_pages"]):
            return
        print("node %d zone %s" % (nid, zone["name"].string()))
        areas = zone["free_area"]
        for order in range(areas.type.range()[1] + 1):
            lists = areas[order]["free_list"]
            walked = sum(1 for kind in range(lists.type.range()[1] + 1) for _ in entries(lists[kind]))
            counted = int(areas[order]["nr_free"])
            print("  order %2d: %6d blocks%s" % (
                order, walked, "" if walked == counted else "  BUT nr_free says %d" % counted))


for name, command in (("quire-ps", Ps), ("quire-page", Page), ("quire-vmas", Vmas), ("quire-free", Free)):
    command(name)
