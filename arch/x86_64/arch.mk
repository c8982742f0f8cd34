# What the rooms of this machine generate: the names of the system calls, parts of libraries, the vDSO.
GEN := $(O)/gen

$(GEN)/syscall_names.h: arch/$(ARCH)/arch.mk
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)printf '#include <asm/unistd_64.h>\n' | $(CC) -E -dM - | \
	  awk '/^#define __NR_[a-z_0-9]+ [0-9]+$$/ { printf "\t[%d] = \"%s\",\n", $$3, substr($$2, 6) }' > $@.tmp
	$(Q)mv $@.tmp $@

$(O)/k/arch/$(ARCH)/syscall.o: $(GEN)/syscall_names.h

LZ4 := $(shell $(CC) -print-file-name=liblz4.a)
$(GEN)/liblz4.S: $(LZ4) tools/libpart.sh
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)tools/libpart.sh $(LZ4) lz4.o $@ LZ4_compress_fast_extState LZ4_decompress_safe
$(O)/k/liblz4.o: $(GEN)/liblz4.S
	$(Q)$(CC) -c $< -o $@

# The vDSO runs in user mode: position-independent, own flags, linked alone.
VDSOFLAGS := -std=gnu17 -O2 -ffreestanding -fpic -fvisibility=default -mno-red-zone -mgeneral-regs-only \
             -fno-stack-protector -fasynchronous-unwind-tables -fomit-frame-pointer -fno-builtin \
             -fcf-protection=none $(filter-out -D%,$(WARN)) $(KINC)
$(GEN)/vdso.so: $(wildcard arch/$(ARCH)/vdso/*) include/kernel/vdso_data.h
	$(call say,VDSO,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(VDSOFLAGS) -c arch/$(ARCH)/vdso/vdso.c -o $(GEN)/vdso.o
	$(Q)$(CC) -c arch/$(ARCH)/vdso/note.S -o $(GEN)/vdso_note.o
	$(Q)ld -shared -Bsymbolic -nostdlib --hash-style=both --eh-frame-hdr --build-id=sha1 -z max-page-size=4096 \
	  -z noexecstack -soname linux-vdso.so.1 -T arch/$(ARCH)/vdso/vdso.lds \
	  $(GEN)/vdso.o $(GEN)/vdso_note.o -o $@

$(O)/k/arch/$(ARCH)/vdso_image.o: $(GEN)/vdso.so
