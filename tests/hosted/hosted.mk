# SPDX-License-Identifier: MIT
# Hosted tests: the kernel's own sources over host/, in a process. Each tests/hosted/test_*.c is a program.
#
#   make hosted-tests         build them (AddressSanitizer, UndefinedBehaviorSanitizer; *.tsan with ThreadSanitizer)
#   make check-hosted         run them with prove
#
# A test that contains the word "rooms: mm" is linked with mm/ on the played memory, others with base/ and sync/ and a
# heap of libc's. One that contains "mode: tsan" is also built with ThreadSanitizer.

O        ?= build
override O := $(abspath $(O))
HOSTED   := $(O)/hosted
HTESTS   := $(wildcard tests/hosted/test_*.c)
HNAMES   := $(patsubst tests/hosted/%.c,%,$(HTESTS))
HTSAN    := $(foreach t,$(HTESTS),$(if $(shell grep -l 'mode: tsan' $(t)),$(patsubst tests/hosted/%.c,%,$(t))))

HKFLAGS  := -std=gnu17 -O1 -g -ffreestanding -fno-omit-frame-pointer -fno-strict-aliasing -fno-common -fwrapv -fno-toplevel-reorder \
            -D__KERNEL__ -DQUIRE_DEBUG=1 -MMD -MP -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
            -Wno-missing-field-initializers -include host/include/host/hooks.h -Ihost/include -Iinclude \
            -Iarch/x86_64/include -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include
HOFLAGS  := -std=gnu17 -O1 -g -Wall -Wextra -Ihost/include -MMD -MP
HSAN_asan := -fsanitize=address,undefined -fno-sanitize=alignment,shift,null -fno-sanitize-recover=undefined
HSAN_tsan := -fsanitize=thread

HBASE    := $(filter-out base/inflate.c,$(wildcard base/*.c)) $(filter-out sync/selftest.c,$(wildcard sync/*.c)) kernel/ratelimit.c \
            host/main.c host/say.c host/sched.c host/time.c
# Without mm/: libc's heap, and per-CPU memory that is never given back.
HHEAP    := host/heap.c host/pcpu.c
HMM      := $(filter-out %/selftest.c %/selftest_model.c %/selftest_call_cpu.c %/selftest_slow.c %/selftest_zone.c %/first_chunk.c %/procfs.c %/debugfs.c %/process_vm.c %/process_madvise.c, \
            $(foreach r,stat boot page slab percpu kmap tree rmap pgtable cache shmem fault uffd reclaim share vma compress swap,$(wildcard mm/$(r)/*.c))) \
            $(addprefix fs/,inode.c fs_writeback.c dcache.c super.c file_table.c libfs.c iov_iter.c seq_file.c) kernel/task_work.c \
            host/memory.c host/mmu.c host/uaccess.c host/vfs.c host/balance.c
HMMTESTS := $(patsubst tests/hosted/%.c,%,$(shell grep -l 'rooms: mm' $(HTESTS)))
hobjs     = $(patsubst %.c,$(HOSTED)/$(1)/%.o,$(HBASE) host/os.c)
hheap     = $(patsubst %.c,$(HOSTED)/$(1)/%.o,$(HHEAP))
hmm       = $(patsubst %.c,$(HOSTED)/$(1)/%.o,$(HMM))

$(HOSTED)/%/host/os.o: host/os.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)gcc $(HOFLAGS) $(HSAN_$*) -c $< -o $@

define hosted_rules
$(HOSTED)/$(1)/%.o: %.c
	$$(call say,HOST-$(1),$$<)
	@mkdir -p $$(@D)
	$$(Q)gcc $$(HKFLAGS) $$(HSAN_$(1)) -c $$< -o $$@ && objcopy --rename-section .trace_events=trace_events $$@
$(HMMTESTS:%=$(HOSTED)/$(1)/%.t): $(HOSTED)/$(1)/%.t: $(HOSTED)/$(1)/tests/hosted/%.o $(call hobjs,$(1)) $(call hmm,$(1))
	$$(call say,HOSTLD,$$@)
	$$(Q)gcc $$(HSAN_$(1)) -no-pie -rdynamic -Wl,--defsym=__trace_events_start=__start_trace_events,--defsym=__trace_events_end=__stop_trace_events \
		$$^ -o $$@ -lpthread -llz4
$(HOSTED)/$(1)/test_%.t: $(HOSTED)/$(1)/tests/hosted/test_%.o $(call hobjs,$(1)) $(call hheap,$(1))
	$$(call say,HOSTLD,$$@)
	$$(Q)gcc $$(HSAN_$(1)) -no-pie -rdynamic $$^ -o $$@ -lpthread
endef
$(eval $(call hosted_rules,asan))
$(eval $(call hosted_rules,tsan))

HPROGS   := $(HNAMES:%=$(HOSTED)/asan/%.t) $(HTSAN:%=$(HOSTED)/tsan/%.t)
hosted-tests: $(HPROGS)

check-hosted: $(HPROGS)
	$(Q)ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=1:report_thread_leaks=0 prove -e '' $(HPROGS)

-include $(shell find $(HOSTED) -name '*.d' 2>/dev/null)
.PRECIOUS: $(HOSTED)/%.o
.PHONY: hosted-tests check-hosted
