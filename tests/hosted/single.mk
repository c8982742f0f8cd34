# SPDX-License-Identifier: MIT
# Hosted tests of one file that include the file under test and fake the little it needs; and the
# fuzz targets: make -f tests/hosted/single.mk hosted-single | fuzz-targets

O          ?= build
override O := $(abspath $(O))
SINGLEFLAGS := -std=gnu17 -g -O1 -D__KERNEL__ -DQUIRE_DEBUG=1 -Wall -Wno-unused -Iinclude -Iarch/x86_64/include \
               -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include
SINGLESAN  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-sanitize=alignment
SINGLE     := $(patsubst tests/hosted/%.c,$(O)/hosted/single/%,$(wildcard tests/hosted/*_test.c))
FUZZ       := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))

# Those that bring their own declarations of libc are compiled as freestanding code.
$(O)/hosted/single/%: tests/hosted/%.c
	@mkdir -p $(@D)
	$(if $(filter 1,$(V)),,@)gcc $(SINGLEFLAGS) $(SINGLESAN) $$(grep -q '<assert.h>' $< || echo -ffreestanding -fno-builtin) \
		$$(grep -q 'printf(const' $< && echo -Wl,--defsym,printk=printf) -MMD -MP $< -o $@

$(O)/fuzz/%: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(if $(filter 1,$(V)),,@)clang $(SINGLEFLAGS) -Wno-everything -fsanitize=fuzzer,address,undefined -fno-sanitize=alignment -MMD -MP $< -o $@ $$(sed -n "s/^ \* link: //p" $<)

hosted-single: $(SINGLE)
fuzz-targets: $(FUZZ)

-include $(wildcard $(O)/hosted/single/*.d $(O)/fuzz/*.d)
.PHONY: hosted-single fuzz-targets
