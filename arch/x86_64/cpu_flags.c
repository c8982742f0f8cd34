// SPDX-License-Identifier: MIT
/* Names of the CPUID bits, as /proc/cpuinfo shows them: one string per word, "-" for a bit without a name. */
#include <base/types.h>
#include <seam/cpufeature.h>

static const char *const words[NCAPINTS] = {
	[CPUID_1_EDX] =
		"fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi mmx "
		"fxsr sse sse2 ss ht tm ia64 pbe",
	[CPUID_1_ECX] =
		"pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid dca sse4_1 "
		"sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor",
	[CPUID_7_0_EBX] =
		"fsgsbase tsc_adjust sgx bmi1 hle avx2 fdp_excptn_only smep bmi2 erms invpcid rtm cqm - mpx rdt_a avx512f "
		"avx512dq rdseed adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd sha_ni avx512bw avx512vl",
	[CPUID_7_0_ECX] =
		"- avx512vbmi umip pku ospke waitpkg avx512_vbmi2 - gfni vaes vpclmulqdq avx512_vnni avx512_bitalg tme "
		"avx512_vpopcntdq - la57 - - - - - rdpid - bus_lock_detect cldemote - movdiri movdir64b enqcmd sgx_lc -",
	[CPUID_7_0_EDX] =
		"- - avx512_4vnniw avx512_4fmaps fsrm - - - avx512_vp2intersect - md_clear - - - serialize - tsxldtrk - "
		"pconfig arch_lbr ibt - amx_bf16 avx512_fp16 amx_tile amx_int8 - - flush_l1d arch_capabilities - -",
	[CPUID_8000_0001_EDX] =
		"- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm "
		"3dnowext 3dnow",
	[CPUID_8000_0001_ECX] =
		"lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt "
		"- lwp fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - bpext ptsc perfctr_llc mwaitx - -",
	[CPUID_8000_0007_EDX] =
		"- - - - - - - hw_pstate constant_tsc cpb - - - - - - - - - - - - - - - - - - - - - -",
	[CPUID_8000_0008_EBX] =
		"clzero irperf xsaveerptr - rdpru - - - - wbnoinvd - - - - - - - - - - - - - amd_ppin - "
		"virt_ssbd - cppc - - -",
	[CPUID_D_1_EAX] =
		"xsaveopt xsavec xgetbv1 xsaves - - - - - - - - - - - - - - - - - - - - - - - - - - - -",
	[CPUID_6_EAX] =
		"dtherm ida arat - pln - pts hwp hwp_notify hwp_act_window hwp_epp hwp_pkg_req - - - - - - - hfi - - - - - - "
		"- - - - - -",
};

/* Word @bit of @s, copied to @buf. */
static void nth(const char *s, unsigned int bit, char *buf, unsigned int len)
{
	unsigned int n = 0;

	while (bit && *s)
		if (*s++ == ' ')
			bit--;
	while (*s && *s != ' ' && n + 1 < len)
		buf[n++] = *s++;
	buf[n] = 0;
}

bool x86_cap_name(unsigned int word, unsigned int bit, char *buf, unsigned int len)
{
	if (word >= NCAPINTS || !words[word])
		return false;
	nth(words[word], bit, buf, len);
	return buf[0] && !(buf[0] == '-' && !buf[1]);
}
