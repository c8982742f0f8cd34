# SPDX-License-Identifier: MIT
# The quire command and the guest's own programs. Also used alone: make -f tools/tools.mk tool

O        ?= build
override O := $(abspath $(O))
V        ?= 0
say      ?= $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$(2))')
Q        ?= $(if $(filter 1,$(V)),,@)
HOSTCC   ?= cc
MUSLCC   ?= $(if $(shell command -v musl-gcc),musl-gcc,cc)
UWARN    := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla
TOOLFLAGS := -std=gnu17 -O2 -g -MMD -MP $(UWARN) -Wno-missing-prototypes
USERFLAGS := -std=gnu17 -Os -static -fno-stack-protector -MMD -MP $(UWARN) -Wno-missing-prototypes \
             -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu

TOOLOBJ  := $(patsubst tools/quire/%.c,$(O)/tools/obj/%.o,$(wildcard tools/quire/*.c))
USERBIN  := $(patsubst %.c,$(O)/%,$(wildcard user/*.c))

PLUGINOBJ := $(patsubst tools/plugin/%.c,$(O)/tools/plugin/%.o,$(wildcard tools/plugin/*.c))

tool: $(O)/tools/quire $(O)/tools/quire-plugin.so $(USERBIN)

# The plugin that QEMU loads to count instructions (bench, profile).
$(O)/tools/plugin/%.o: tools/plugin/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(TOOLFLAGS) -fPIC -fvisibility=hidden -c $< -o $@

$(O)/tools/quire-plugin.so: $(PLUGINOBJ)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) -shared $(PLUGINOBJ) -o $@.new && mv $@.new $@

$(O)/tools/obj/%.o: tools/quire/%.c
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(TOOLFLAGS) -c $< -o $@

$(O)/tools/quire: $(TOOLOBJ)
	$(call say,HOSTLD,$@)
	$(Q)$(HOSTCC) $(TOOLOBJ) -lm -o $@

$(O)/user/%: user/%.c
	$(call say,USERCC,$<)
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(USERFLAGS) $< -s -o $@

# Its marks lie where no other program has code.
$(O)/user/marked: USERFLAGS += -fno-pie -no-pie -Wl,--section-start=.marks=0x70000000

-include $(TOOLOBJ:.o=.d)
-include $(PLUGINOBJ:.o=.d)
-include $(USERBIN:=.d)

.PHONY: tool

# The workers of `quire bench scale`; its marks lie where no other program has code.
$(O)/bench/scale: bench/scale.c
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(USERFLAGS) -fno-pie -no-pie -Wl,--section-start=.marks=0x70000000 $< -o $@

# What `quire bench pressure` runs in the guest; likewise.
pressure-programs: $(O)/bench/measure $(O)/bench/load
$(O)/bench/measure $(O)/bench/load: $(O)/bench/%: bench/pressure/%.c
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(USERFLAGS) -O2 -fno-pie -no-pie -Wl,--section-start=.marks=0x70000000 $< -o $@
.PHONY: pressure-programs

# What the tests of the plugin run in the guest.
$(O)/tests/profile/%: tests/profile/%.c
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(USERFLAGS) -fno-pie -no-pie -Wl,--section-start=.marks=0x70000000 $< -o $@

# The benchmark: the guest's program, what it executes; see docs/performance.md.
BENCHOPS := anon advise alloc disk file harness map names process protect reach rw switch socket swap syscall
bench-programs: $(O)/bench/bench $(O)/bench/true-static $(O)/bench/true-dynamic
$(O)/bench/obj/%.o: bench/%.c
	$(call say,USERCC,$<)
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(USERFLAGS) -O2 -fno-pie -c $< -o $@

$(O)/bench/bench: $(BENCHOPS:%=$(O)/bench/obj/%.o)
	$(call say,USERLD,$@)
	$(Q)$(MUSLCC) -static -no-pie -Wl,--section-start=.marks=0x70000000 $^ -o $@

$(O)/bench/true-static: bench/programs/true.c
	@mkdir -p $(@D)
	$(Q)$(MUSLCC) $(USERFLAGS) $< -o $@

$(O)/bench/true-dynamic: bench/programs/true.c
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -O2 $< -o $@

-include $(BENCHOPS:%=$(O)/bench/obj/%.d)
.PHONY: bench-programs
