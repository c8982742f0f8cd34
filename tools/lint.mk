# SPDX-License-Identifier: MIT
# Lint, one stamp per file and gate (but for the format), so that only what changed is looked at again. Used by lint.sh.
include Makefile

LINTC     := $(filter %.c,$(KSRC))
HOSTLINTC := $(wildcard tools/*.c tools/quire/*.c tools/plugin/*.c user/*.c)
CHECKINC  := $(filter-out -MMD -MP,$(KFLAGS))
stamp      = $(patsubst %,$(O)/lint/$(1)/%.ok,$(2))

# A warning of these two stops the kernel's own build; what clang builds is booted by 23-clang.t.
lint-gcc: $(call stamp,gcc,$(HOSTLINTC))
	+@$(gccmake) objects
lint-clang: $(call stamp,clang,$(HOSTLINTC))
	+@$(clangmake) objects
lint-sparse: $(call stamp,sparse,$(LINTC))
lint-tidy: $(call stamp,tidy,$(LINTC) $(HOSTLINTC))
lint-cppcheck: $(call stamp,cppcheck,$(LINTC) $(HOSTLINTC))
# tools/format.hand: files laid out by hand, for asm goto operands and for tables. Headers are, too.
FORMATC   := $(filter-out tests/canary/% $(shell cat tools/format.hand),$(shell git ls-files '*.c'))
# Without stamps: all files together take a few seconds, and most of what one takes is the start of the program.
lint-format:
	@printf '%s\n' $(FORMATC) | xargs -n 32 -P "$$(nproc)" clang-format --dry-run -Werror

# cppcheck sees one file without its headers: what it cannot know is not asked of it.
SUPPRESS  := --suppress=comparePointers --suppress=uninitvar --suppress=ctuuninitvar --suppress=unknownMacro --suppress=syntaxError

hostflags  = -std=gnu17
cflags     = $(if $(filter tools/% user/%,$<),$(hostflags),$(CHECKINC))
done       = @mkdir -p $(@D) && touch $@
gccmake    = flock $(O)/.making $(MAKE) --no-print-directory -f Makefile O=$(O)
clangmake  = mkdir -p $(O)/clang && flock $(O)/clang/.making $(MAKE) --no-print-directory -f Makefile O=$(O)/clang CC=clang KCFLAGS=-g0

compiled   = @mkdir -p $(@D); $(1) $(hostflags) -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -O2 -Werror -c $< -o $@.o && rm $@.o && touch $@

# A stamp is as old as the newest of the file and the headers it was compiled with.
ifneq ($(wildcard $(O)/k),)
-include $(shell find $(O)/k -name '*.d' 2>/dev/null)
endif
.SECONDEXPANSION:
$(O)/lint/gcc/tests/canary/%.c.ok: tests/canary/%.c
	+@$(gccmake) $(O)/k/tests/canary/$*.o

$(O)/lint/clang/tests/canary/%.c.ok: tests/canary/%.c
	+@$(clangmake) $(O)/clang/k/tests/canary/$*.o

$(O)/lint/gcc/%.ok: %
	$(call compiled,gcc)
$(O)/lint/clang/%.ok: %
	$(call compiled,clang)

$(O)/lint/sparse/%.ok: % $$(wildcard $$(O)/k/$$(basename $$*).o)
	@mkdir -p $(@D); out=$$(sparse -D__CHECKER__ -D'__VERSION__="sparse"' -ffreestanding $(filter -I% -D% -idirafter /usr%,$(CHECKINC)) \
		-I/usr/include/x86_64-linux-gnu -I/usr/include -I$$(gcc -print-file-name=include) \
		-std=gnu17 -Wno-decl -Wno-context -Wno-bitwise -Wno-vla -Wno-declaration-after-statement -Wno-shift-count-overflow \
		-Wno-non-pointer-null $< 2>&1 | grep -v -e "attribute '.*': unknown attribute" -e dubious); \
		[ -z "$$out" ] || { printf '%s\n' "$$out"; exit 1; }
	$(done)

$(O)/lint/tidy/%.ok: % .clang-tidy $$(wildcard $$(O)/k/$$(basename $$*).o)
	@mkdir -p $(@D); clang-tidy --quiet $< -- $(filter-out -Werror -Wundef -falign-%,$(cflags)) 2>/dev/null
	$(done)

$(O)/lint/cppcheck/%.ok: % $$(wildcard $$(O)/k/$$(basename $$*).o)
	@mkdir -p $(@D); cppcheck --quiet --std=c11 --error-exitcode=1 --max-configs=1 --suppress=missingInclude --inline-suppr \
		-D__KERNEL__ -D__x86_64__ $(SUPPRESS) $<
	$(done)

$(O)/lint/format/%.ok: % .clang-format
	@clang-format --dry-run -Werror $<
	$(done)
