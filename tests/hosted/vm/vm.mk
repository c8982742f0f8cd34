# SPDX-License-Identifier: MIT
# Address spaces, hosted: make -f tests/hosted/vm/vm.mk hosted-vm (from the top). The files of mm/ are compiled unmodified.

O	?= build
VMDIR	:= tests/hosted/vm
VMOUT	:= $(O)/hosted/vm
VMMM	:= $(filter-out %/selftest.c %/membarrier.c %/process_vm.c %/process_madvise.c %/prctl.c,$(wildcard mm/tree/vma_tree.c mm/rmap/*.c mm/pgtable/*.c mm/fault/*.c mm/vma/*.c))
VMCOMMON := $(VMMM) base/rbtree.c base/string.c $(VMDIR)/fake.c
VMFLAGS	:= -std=gnu17 -g -O1 -ffreestanding -fno-builtin -fno-strict-aliasing -D__KERNEL__ -DQUIRE_DEBUG=1 -Wall -Wextra \
	   -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -MMD -MP -I$(VMDIR)/include -Iinclude \
	   -Iarch/x86_64/include -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include
VMSAN	:= -fsanitize=address,undefined -fno-sanitize-recover=all
# Every memory access of these is a point of the schedule.
VMPOINTS := mm/tree/vma_tree.c mm/vma/vma_lock.c mm/vma/merge.c

model_o	= $(patsubst %.c,$(VMOUT)/asan/%.o,$(1))
inter_o	= $(patsubst %.c,$(VMOUT)/point/%.o,$(1))

$(VMOUT)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(if $(filter 1,$(V)),,@)gcc $(VMFLAGS) $(VMSAN) -c $< -o $@

$(VMOUT)/point/%.o: %.c
	@mkdir -p $(@D)
	$(if $(filter 1,$(V)),,@)gcc $(VMFLAGS) $(if $(filter $<,$(VMPOINTS)),-fsanitize=thread --param tsan-instrument-func-entry-exit=0) -c $< -o $@

$(VMOUT)/point/$(VMDIR)/coroutine.o: $(VMDIR)/coroutine.c
	@mkdir -p $(@D)
	$(if $(filter 1,$(V)),,@)gcc -std=gnu17 -g -O1 -Wall -Wno-builtin-declaration-mismatch -c $< -o $@

$(VMOUT)/model_test: $(call model_o,$(VMCOMMON) $(VMDIR)/model_test.c)
	gcc $(VMSAN) $^ -o $@

$(VMOUT)/interleave_test: $(call inter_o,$(VMCOMMON) $(VMDIR)/interleave_test.c $(VMDIR)/coroutine.c)
	gcc $^ -o $@

hosted-vm: $(VMOUT)/model_test $(VMOUT)/interleave_test
	for seed in 1 2 3; do $(VMOUT)/model_test $$seed 3000 || exit 1; done
	for seed in 4 5 6; do $(VMOUT)/model_test $$seed 3000 1 || exit 1; done
	$(VMOUT)/interleave_test

-include $(shell find $(VMOUT) -name '*.d' 2>/dev/null)
.PHONY: hosted-vm
