# SPDX-License-Identifier: MIT
"""Quire in gdb: tasks, a page, the VMAs of a process, the free lists.

    ./quire run --gdb -- PROGRAM          in one terminal
    gdb build/quire.elf -x tools/gdb/quire-gdb.py -ex 'target remote :1234'

quire-ps            all processes
quire-page PFN      one page descriptor, in words
quire-vmas [WHO]    the VMA tree of a process by PID or name (default 1): nodes, VMAs, compared with the list
quire-free          the free lists of each zone, with their lengths as walked and as counted
"""
import gdb

VMEMMAP_START = 0xFFFFEA0000000000
NO_END = (1 << 64) - 1
PG_SLAB = 1 << 9
# PAGE_TYPE_* of include/mm/page.h; tests/suite/65-gdb.t compares.
PAGE_TYPES = {1: "BUDDY", 2: "PCP", 3: "OFFLINE", 4: "GUARD", 5: "TABLE", 6: "STACK", 7: "VMALLOC", 8: "PERCPU",
              9: "KMALLOC", 10: "SPARE", 11: "TRACE", 12: "BOOT", 13: "PGD", 14: "PIPE", 15: "RAMDISK"}


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
        kind = int(page["page_type"])
        if kind >> 24 == 0x80:
            print("type %s  private %d" % (PAGE_TYPES.get(kind & 0xFF, "%#x" % kind), int(page["private"])))
        elif not flags & PG_SLAB:
            print("mapped %d times  references %d" % (int(page["_mapcount"]["counter"]) + 1,
                                                      int(page["_refcount"]["counter"])))
        print(page.dereference().format_string(max_depth=2))


class Vmas(Command):
    """quire-vmas [PID or name]: the VMA tree of a process, lowest address first, compared with the linked list."""

    def invoke(self, argument, from_tty):
        who = argument or "1"
        for task in processes():
            if who in (str(int(task["pid"])), task["comm"].string()) and int(task["mm"]):
                self.show(task["mm"])
                return
        print("no process %s with an address space" % who)

    def show(self, mm):
        # The root word carries height - 1 in its low bits (mm/tree/vma_tree.c).
        root = int(mm["vmas"]["root"])
        vmas = self.node(root & ~15, (root & 15) + 1, NO_END) if root else []
        vma, listed = mm["mmap"], []
        while int(vma):
            listed.append(int(vma))
            vma = vma["vm_next"]
        print("%d VMAs in %d levels, map_count %d%s" % (
            len(vmas), (root & 15) + 1 if root else 0, int(mm["map_count"]),
            "" if vmas == listed else "  BUT the list has %d others" % len(set(listed) ^ set(vmas))))

    def node(self, address, height, end):
        """Print the node at ADDRESS and what hangs below it; the addresses of its VMAs."""
        node = gdb.Value(address).cast(gdb.lookup_type("struct vt_node").pointer())
        nr, below = int(node["nr"]), []
        ends = [int(node["end"][i]) for i in range(nr)]
        print("%s %#x: %d of %d slots%s" % (
            "leaf " if height == 1 else "inner", address, nr, node["end"].type.range()[1] + 1,
            "" if end in (NO_END, ends[-1]) else "  BUT its parent says it ends at %#x" % end))
        for i in range(nr):
            if height > 1:
                below += self.node(int(node["ptr"][i]), height - 1, ends[i])
            else:
                self.vma(node["ptr"][i].cast(gdb.lookup_type("struct vm_area_struct").pointer()), ends[i])
                below.append(int(node["ptr"][i]))
        return below

    @staticmethod
    def vma(vma, end):
        flags = int(vma["vm_flags"])
        letters = "".join(c if flags >> i & 1 else "-" for i, c in enumerate("rwx"))
        print("  %016x-%016x %s%s  vma %#x  file %#x%s" % (
            int(vma["vm_start"]), int(vma["vm_end"]), letters, "s" if flags >> 3 & 1 else "p",
            int(vma), int(vma["vm_file"]),
            "" if int(vma["vm_end"]) == end else "  BUT its slot ends at %#x" % end))


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
