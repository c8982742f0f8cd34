# SPDX-License-Identifier: MIT
# Lint, one stamp per file and gate, so that only what changed is looked at again. Used by lint.sh.
include Makefile

LINTC     := $(filter %.c,$(KSRC))
HOSTLINTC := $(wildcard tools/*.c tools/quire/*.c tools/plugin/*.c user/*.c)
CHECKINC  := $(filter-out -MMD -MP,$(KFLAGS))
stamp      = $(patsubst %,$(O)/lint/$(1)/%.ok,$(2))

lint-gcc: $(call stamp,gcc,$(LINTC) $(HOSTLINTC))
lint-clang: $(call stamp,clang,$(LINTC) $(HOSTLINTC))
lint-sparse: $(call stamp,sparse,$(LINTC))
lint-tidy: $(call stamp,tidy,$(LINTC) $(HOSTLINTC))
lint-cppcheck: $(call stamp,cppcheck,$(LINTC) $(HOSTLINTC))
# tools/format.hand: files laid out by hand, for asm goto operands and for tables. Headers are, too.
FORMATC   := $(filter-out tests/canary/%,$(shell git ls-files '*.c'))
lint-format: $(call stamp,format,$(filter-out $(shell cat tools/format.hand),$(FORMATC)))

# cppcheck sees one file without its headers: what it cannot know is not asked of it.
SUPPRESS  := --suppress=comparePointers --suppress=uninitvar --suppress=ctuuninitvar --suppress=unknownMacro --suppress=syntaxError

hostflags  = -std=gnu17
cflags     = $(if $(filter tools/% user/%,$<),$(hostflags),$(CHECKINC))
done       = @mkdir -p $(@D) && touch $@

# A stamp is as old as the newest of the file and the headers it was compiled with.
ifneq ($(wildcard $(O)/k),)
-include $(shell find $(O)/k -name '*.d' 2>/dev/null)
endif
.SECONDEXPANSION:
$(O)/lint/gcc/%.ok: % $$(wildcard $$(O)/k/$$(basename $$*).o)
	@mkdir -p $(@D); gcc $(cflags) -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -O2 -Werror -c $< -o /dev/null
	$(done)

$(O)/lint/clang/%.ok: % $$(wildcard $$(O)/k/$$(basename $$*).o)
	@mkdir -p $(@D); clang $(filter-out -falign-%,$(cflags)) -Werror -Wno-address-of-packed-member -Wno-gnu-variable-sized-type-not-at-end -c $< -o /dev/null
	$(done)

$(O)/lint/sparse/%.ok: % $$(wildcard $$(O)/k/$$(basename $$*).o)
	@mkdir -p $(@D); out=$$(sparse -D__CHECKER__ -D'__VERSION__="sparse"' -ffreestanding $(filter -I% -D% -idirafter /usr%,$(CHECKINC)) \
		-I/usr/include/x86_64-linux-gnu -I/usr/include -I$$(gcc -print-file-name=include) \
		-std=gnu17 -Wno-decl -Wno-context -Wno-bitwise -Wno-vla -Wno-declaration-after-statement -Wno-shift-count-overflow \
		-Wno-non-pointer-null $< 2>&1 | grep -v -e "attribute '.*': unknown attribute" -e dubious); \
		[ -z "$$out" ] || { printf '%s\n' "$$out"; exit 1; }
	$(done)

$(O)/lint/tidy/%.ok: % .clang-tidy $$(wildcard $$(O)/k/$$(basename $$*).o)
	@mkdir -p $(@D); clang-tidy --quiet $< -- $(filter-out -Wundef -falign-%,$(cflags)) 2>/dev/null
	$(done)

$(O)/lint/cppcheck/%.ok: % $$(wildcard $$(O)/k/$$(basename $$*).o)
	@mkdir -p $(@D); cppcheck --quiet --std=c11 --error-exitcode=1 --max-configs=1 --suppress=missingInclude --inline-suppr \
		-D__KERNEL__ -D__x86_64__ $(SUPPRESS) $<
	$(done)

$(O)/lint/format/%.ok: % .clang-format
	@clang-format --dry-run -Werror $<
	$(done)
