# SPDX-License-Identifier: MIT
# Physical memory, hosted: make -f tests/hosted/phys/phys.mk hosted-phys (from the top). mm/{stat,boot,page,slab,
# percpu,kmap}, sync/ and base/ unmodified over host/ and the machine of tests/hosted/phys, with AddressSanitizer and
# UndefinedBehaviorSanitizer, and the concurrent tests with ThreadSanitizer.

O		?= build
PHYSOUT		:= $(O)/hosted/phys
PHYSSRC		:= $(filter-out %/selftest.c %/first_chunk.c %/util.c %/procfs.c %/debugfs.c, \
		   $(wildcard mm/stat/*.c mm/boot/*.c mm/page/*.c mm/slab/*.c mm/percpu/*.c mm/kmap/*.c)) \
		   $(filter-out sync/selftest.c,$(wildcard sync/*.c)) \
		   $(filter-out base/inflate.c base/kheap.c,$(wildcard base/*.c)) \
		   host/main.c host/say.c host/sched.c host/time.c tests/hosted/phys/machine.c tests/hosted/phys/util.c
PHYSFLAGS	:= -std=gnu17 -O1 -g -ffreestanding -fno-omit-frame-pointer -fno-strict-aliasing -fno-common -fwrapv \
		   -D__KERNEL__ -DQUIRE_DEBUG=1 -MMD -MP -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
		   -Wno-missing-field-initializers -include host/include/host/hooks.h -Itests/hosted/phys/include \
		   -Ihost/include -Iinclude -Iarch/x86_64/include \
		   -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include
PHYSSAN_asan	:= -fsanitize=address,undefined -fno-sanitize=alignment,shift,null -fno-sanitize-recover=undefined
PHYSSAN_tsan	:= -fsanitize=thread
PHYSTESTS	:= page slab kmap stat

define phys_rules
$(PHYSOUT)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(if $(filter 1,$(V)),,@)gcc $$(PHYSFLAGS) $$(PHYSSAN_$(1)) -c $$< -o $$@
	$(if $(filter 1,$(V)),,@)objcopy --rename-section .trace_events=trace_events $$@
$(PHYSOUT)/$(1)/host/os.o: host/os.c
	@mkdir -p $$(@D)
	$(if $(filter 1,$(V)),,@)gcc -std=gnu17 -O1 -g -Ihost/include $$(PHYSSAN_$(1)) -c $$< -o $$@
$(PHYSOUT)/$(1)/tests/hosted/phys/ram.o: tests/hosted/phys/ram.c
	@mkdir -p $$(@D)
	$(if $(filter 1,$(V)),,@)gcc -std=gnu17 -O1 -g $$(PHYSSAN_$(1)) -c $$< -o $$@
$(PHYSOUT)/$(1)/%.t: $(PHYSOUT)/$(1)/tests/hosted/phys/%.o $$(PHYSSRC:%.c=$(PHYSOUT)/$(1)/%.o) \
		     $(PHYSOUT)/$(1)/host/os.o $(PHYSOUT)/$(1)/tests/hosted/phys/ram.o
	$(if $(filter 1,$(V)),,@)gcc $$(PHYSSAN_$(1)) -no-pie -rdynamic -Wl,--defsym,__trace_events_start=__start_trace_events \
		-Wl,--defsym,__trace_events_end=__stop_trace_events $$^ -o $$@ -lpthread
endef
$(eval $(call phys_rules,asan))
$(eval $(call phys_rules,tsan))

PHYSPROGS := $(PHYSTESTS:%=$(PHYSOUT)/asan/%.t) $(PHYSOUT)/tsan/page.t $(PHYSOUT)/tsan/slab.t
hosted-phys: $(PHYSPROGS)
	for t in $(PHYSTESTS:%=$(PHYSOUT)/asan/%.t); do ASAN_OPTIONS=detect_leaks=0 timeout 300 $$t || exit 1; done
	for t in page slab; do TEST=smp TSAN_OPTIONS=halt_on_error=1 timeout 300 $(PHYSOUT)/tsan/$$t.t || exit 1; done

-include $(shell find $(PHYSOUT) -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: hosted-phys
