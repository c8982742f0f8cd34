# SPDX-License-Identifier: MIT
# All tests. The guest tests are static programs; also used alone: make -f tests/tests.mk guest-tests
#
#   make check   every test; ends with 'N passed, N failed'. CHECK='tests/suite/10-tool.t' runs one
#   make census  tests/census.tsv and tests/enosys.txt anew, from a run of everything
#   make compat  foreign programs on both kernels (self tests of Linux, stress-ng, allocators): tests/compat/results.tsv
#   make root    a Debian root file system in build/root/debian.img, for ./quire shell --root; cached
#   make compat-root  Debian's programs in that root on both kernels: tests/roots
#   make numbers instructions, memory and time on both kernels: ./quire bench boot, ./quire bench
#   make stress  the long runs of tests/stress, SEED=n STRESS_SECONDS=60; the seed is printed
#   make crash   200 kills of the machine while it writes to ext2 (KILLS=n SEED=n), 400 damaged images (IMAGES=n) for each
#                block size; a handful of each is part of make check
#   make fuzz    the fuzz targets and trinity on the memory calls, ten minutes each (FUZZ_SECONDS=600)
#   make lint    clang-format, clang-tidy, cppcheck, sparse and both compilers, each with a canary

O         ?= build
override O := $(abspath $(O))
V         ?= 0
say       ?= $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$(2))')
Q         ?= $(if $(filter 1,$(V)),,@)
MUSLCC    ?= $(if $(shell command -v musl-gcc),musl-gcc,cc)

GUESTFLAGS := -std=gnu17 -O1 -fno-omit-frame-pointer -static -pthread -MMD -MP -Wall -Wextra \
              -Wno-unused-function -Wno-unused-value -Wno-nonnull -Wno-array-bounds -Wno-stringop-overread \
              -Wno-stringop-overflow -Wno-unused-result -Wno-unused-parameter -Wno-missing-field-initializers \
              -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu
GUESTSRC   := $(wildcard tests/guest/*.c)
GUESTBIN   := $(patsubst %.c,$(O)/%,$(GUESTSRC)) $(addprefix $(O)/,$(wildcard tests/guest/*.sh))

guest-tests: $(GUESTBIN)

# Programs that want disks of their own (tests/suite/52-disk.t, 53-ext2.t).
DISKSRC    := $(wildcard tests/disk/*.c)
disk-tests: $(patsubst %.c,$(O)/%,$(DISKSRC))

# Each n-th failure (tests/suite/45-inject.t) and the long runs (make stress): Quire only.
INJECTSRC  := $(wildcard tests/inject/*.c)
inject-tests: $(O)/tests/inject/inject

$(O)/tests/inject/inject: $(INJECTSRC) tests/inject/inject.h tests/guest/tap.h
	$(call say,GUESTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(filter-out -MMD -MP,$(GUESTFLAGS)) $(INJECTSRC) -o $@

$(O)/tests/guest/%.sh: tests/guest/%.sh
	@mkdir -p $(@D)
	$(Q)cp $< $@ && chmod +x $@

$(O)/tests/guest/%: tests/guest/%.c
	$(call say,GUESTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(GUESTFLAGS) $< -o $@

$(O)/tests/disk/%: tests/disk/%.c
	$(call say,GUESTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(GUESTFLAGS) $< -o $@

# The guest's side of tests/compat, and our own program there: dynamic, so that an allocator can be preloaded.
compat-programs: $(O)/compat/guest $(O)/compat/bin/malloc_threads

$(O)/compat/guest: tests/compat/guest.c tests/guest/tap.h
	$(call say,GUESTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(filter-out -MMD -MP,$(GUESTFLAGS)) $< -o $@

$(O)/compat/bin/%: tests/compat/%.c
	$(call say,GUESTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O1 -Wall -Wextra -pthread $< -o $@

-include $(wildcard $(O)/tests/guest/*.d $(O)/tests/disk/*.d)
-include tests/hosted/hosted.mk

check:
	$(Q)QUIRE_BUILD=$(abspath $(O)) tests/check $(CHECK)

lint:
	$(Q)QUIRE_BUILD=$(abspath $(O)) tools/lint.sh

census: guest-tests
	-$(Q)QUIRE_BUILD=$(abspath $(O)) tests/check
	$(Q)QUIRE_BUILD=$(abspath $(O)) tools/census.sh
	$(Q)QUIRE_BUILD=$(abspath $(O)) tools/enosys.sh

compat: all
	$(Q)QUIRE_BUILD=$(abspath $(O)) tests/compat/run --out tests/compat/results.tsv

# ROOT names an image that is there already.
ROOT      ?= $(O)/root/debian.img
root: $(ROOT)

$(O)/root/debian.img: tools/root.sh
	$(Q)tools/root.sh $@

compat-root: all $(ROOT)
	$(Q)QUIRE_BUILD=$(abspath $(O)) tests/roots/run --root $(ROOT)

numbers:
	$(Q)QUIRE_BUILD=$(abspath $(O)) ./quire bench boot
	$(Q)QUIRE_BUILD=$(abspath $(O)) ./quire bench

fuzz: all
	$(Q)FUZZ_SECONDS=$${FUZZ_SECONDS:-600} QUIRE_BUILD=$(abspath $(O)) tests/check tests/suite/30-hosted.t
	$(Q)QUIRE_BUILD=$(abspath $(O)) tests/hosted/hunt $${FUZZ_SECONDS:-600} $(SEED)
	$(Q)QUIRE_BUILD=$(abspath $(O)) tests/compat/fuzz $${FUZZ_SECONDS:-600} $(SEED)

crash: all
	$(Q)KILLS=$${KILLS:-200} IMAGES=$${IMAGES:-400} QUIRE_BUILD=$(abspath $(O)) tests/check tests/suite/54-ext2-crash.t tests/suite/55-ext2-damage.t

stress: all
	$(Q)QUIRE_BUILD=$(abspath $(O)) tests/stress/run

.PHONY: crash stress root compat-root compat compat-programs inject-tests disk-tests guest-tests check census numbers fuzz lint
