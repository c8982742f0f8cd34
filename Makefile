# Quire: thin targets over gcc/clang and ./quire.
#
#   make         the kernel (build/quire.elf) and the quire command
#   make run     a BusyBox shell on Quire
#   make clean   remove the build directory
#
#   O=DIR        build directory (default build)
#   CC=gcc|clang compiler of the kernel (default gcc)
#   DEBUG=1      lock ranks, sleeping-while-atomic (default 0)
#   TEACH=dirtycow  opens a hole of the past to look at it, see mm/vma/teach.h (default none)
#   KCFLAGS=...  more options for the compiler of the kernel (default none)
#   PAGEREF=1    trace events of every change of a page's reference count (default 0)
#   LOCKSTAT=1   /proc/lock_stat: waiting for and holding locks, by rank (default 0; not with DEBUG)
#   V=1          show the commands
#   PARTIAL=1    link although symbols are missing (bring-up only)

O      ?= build
# One spelling: what a dependency file says of build/x.o is nothing to a make that knows /src/build/x.o.
override O := $(abspath $(O))
CC     := $(if $(filter default,$(origin CC)),gcc,$(CC))
NM     ?= nm
DEBUG  ?= 0
TEACH  ?=
LOCKSTAT ?= 0
PAGEREF ?= 0
V      ?= 0
ARCH   := x86_64
Q      := $(if $(filter 1,$(V)),,@)
say     = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$(2))')

KROOMS := base arch/$(ARCH) sync mm kernel block drivers fs ipc net io_uring

# Every .c and .S of a room is part of the kernel; a room's tests live in tests/.
KSRC   := $(sort $(foreach r,$(KROOMS),$(shell find $(r) -name '*.c' -o -name '*.S' 2>/dev/null)))
KSRC   := $(filter-out arch/$(ARCH)/vdso/%,$(KSRC))
KOBJ   := $(patsubst %,$(O)/k/%.o,$(basename $(KSRC)))
# Of a library of user space, only what is called (tools/libpart.sh).
KOBJ   += $(O)/k/liblz4.o
LDS    := arch/$(ARCH)/quire.lds

WARN   := -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
          -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla -Werror=implicit-function-declaration \
          -Werror=incompatible-pointer-types -Werror=int-conversion \
          $(if $(findstring clang,$(CC)),-Wno-gnu-variable-sized-type-not-at-end)
# The compilers that make check uses warn of nothing, and it shall stay so. What another one warns of stops nobody.
WARN   += $(if $(filter gcc-12 clang-14 gcc-12-12 clang-14-14,$(notdir $(CC))-$(firstword $(subst ., ,$(shell $(CC) -dumpversion)))),-Werror)
# Loops, jump targets and functions where they fall: padding between them is text for nobody, 26 KiB of it before functions.
KALIGN := $(if $(findstring clang,$(CC)),,-falign-jumps=1 -falign-loops=1 -falign-functions=1)
KINC   := -Iinclude -Iarch/$(ARCH)/include -I$(O)/gen \
          -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include
KFLAGS := -std=gnu17 -O2 -g -ffreestanding -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone \
          -mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables \
          -fno-omit-frame-pointer -fno-strict-aliasing -fno-common -fno-delete-null-pointer-checks \
          -fwrapv -fcf-protection=none $(KALIGN) -D__KERNEL__ -DQUIRE_DEBUG=$(DEBUG) $(TEACH:%=-DTEACH_%) $(if $(filter 1,$(LOCKSTAT)),-DQUIRE_LOCKSTAT=1) $(if $(filter 1,$(PAGEREF)),-DQUIRE_PAGE_REF=1) -MMD -MP $(WARN) $(KINC) $(KCFLAGS)
KLD    := ld -nostdlib -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments \
          $(if $(filter 1,$(PARTIAL)),--unresolved-symbols=ignore-all)

# Where no program waits for speed, size counts: reports, set-up, terminals, debuggers.
KCOLD  := fs/proc/% fs/zswap fs/page_idle fs/sysfs% fs/kernfs fs/debugfs% fs/tracefs% fs/namespace fs/initramfs fs/bdev_sysfs \
          drivers/tty/% drivers/char/% drivers/clock/% drivers/pci/% drivers/mmtest/% ipc/% io_uring/% \
          mm/stat/trace% mm/stat/procfs mm/stat/ledger mm/page/page_owner mm/page/show_mem mm/slab/report mm/oom/% \
          kernel/ptrace kernel/coredump kernel/exec/elf_core% kernel/sys kernel/cred_syscalls kernel/trace% \
          kernel/cgroup/% kernel/posix_timer kernel/printk kernel/resource kernel/pidfd fs/swap fs/lease fs/locks \
          fs/notify/% fs/super fs/fhandle fs/bdev% fs/ext2/super fs/ext2/xattr mm/swap/device mm/swap/unuse \
          mm/slab/debug mm/boot/memblock block/genhd block/partitions drivers/block/zram/% drivers/virtio/virtio_pci \
          $(addprefix arch/$(ARCH)/,acpi cpu cpu_flags cpuinfo debugreg dumpstack ioapic memmap mptable numa ptdump ptrace \
          reboot set_memory setup topology)
$(filter $(patsubst %,$(O)/k/%.o,$(KCOLD)),$(KOBJ)): KFLAGS += -Os

all: $(O)/quire.elf tool
objects: $(KOBJ)

$(O)/k/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KFLAGS) -c $< -o $@

$(O)/k/%.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KFLAGS) -D__ASSEMBLY__ -c $< -o $@

# What the kernel knows about itself is linked in, each from the link before: the table of symbols, first an empty
# one, again until it does not change (it is packed: its size depends on the addresses); then, from a link that keeps its
# relocations, the table with which the kernel can be moved. The latter lies at the very end, and so moves nothing. The names
# of the last link must be those that are in it.
$(O)/quire.elf: $(KOBJ) $(LDS) $(O)/kallsyms $(O)/relocs
	$(call say,LD,$@)
	$(Q)$(O)/kallsyms $(O)/kallsyms.0.S </dev/null && $(CC) -c $(O)/kallsyms.0.S -o $(O)/kallsyms.0.o
	$(Q)$(O)/relocs /dev/null $(O)/relocs.0.S && $(CC) -c $(O)/relocs.0.S -o $(O)/relocs.0.o
	$(Q)for i in 0 1 2 3 4 5 6; do \
		$(KLD) -T $(LDS) $(KOBJ) $(O)/kallsyms.$$i.o $(O)/relocs.0.o -o $(O)/quire.0.elf || exit 1; \
		LC_ALL=C $(NM) -n --defined-only $(O)/quire.0.elf | $(O)/kallsyms $(O)/kallsyms.$$((i + 1)).S || exit 1; \
		mv $(O)/kallsyms.$$i.S $(O)/kallsyms.S; mv $(O)/kallsyms.$$i.o $(O)/kallsyms.o; \
		cmp -s $(O)/kallsyms.S $(O)/kallsyms.$$((i + 1)).S && exit; \
		$(CC) -c $(O)/kallsyms.$$((i + 1)).S -o $(O)/kallsyms.$$((i + 1)).o || exit 1; \
	done; echo 'the table of symbols does not settle' >&2; exit 1
	$(Q)$(KLD) --emit-relocs -T $(LDS) $(KOBJ) $(O)/kallsyms.o $(O)/relocs.0.o -o $(O)/quire.2.elf
	$(Q)$(O)/relocs $(O)/quire.2.elf $(O)/relocs.1.S && $(CC) -c $(O)/relocs.1.S -o $(O)/relocs.1.o
	$(Q)$(KLD) -T $(LDS) $(KOBJ) $(O)/kallsyms.o $(O)/relocs.1.o -o $@.new
	$(Q)LC_ALL=C $(NM) -n --defined-only $@.new | $(O)/kallsyms $(O)/kallsyms.new.S && cmp $(O)/kallsyms.S $(O)/kallsyms.new.S
	$(Q)rm $(O)/quire.2.elf && mv $@.new $@

$(O)/relocs: tools/relocs.c arch/$(ARCH)/boot/relocs.h
$(O)/kallsyms: tools/kallsyms.c
$(O)/relocs $(O)/kallsyms:
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(TOOLFLAGS) -MF $@.d $< -o $@

-include arch/$(ARCH)/arch.mk
-include $(KOBJ:.o=.d)
-include tools/tools.mk
-include tests/tests.mk

clean:
	rm -rf $(O)

# ./quire shell: a BusyBox shell on Quire. ARGS adds options, e.g. make run ARGS='--smp 4'
run:
	$(Q)tools/setup.sh run
	$(Q)$(MAKE) --no-print-directory all
	$(Q)QUIRE_BUILD=$(abspath $(O)) ./quire shell $(ARGS)

help:
	@sed -n 's/^# //p' Makefile tests/tests.mk | grep -e '^  *make' -e '^  *[A-Z]*=' | sort -u

.PHONY: all objects clean run help
