// SPDX-License-Identifier: MIT
/*
 * Floating point and vector registers.
 *
 * State. A task of user mode has a buffer thread.fpu (XSAVE standard format, or FXSAVE where XSAVE is
 * missing). Its state is either in the registers of the CPU that runs it, or in the buffer:
 *
 *	TIF_NEED_FPU_LOAD clear   registers are valid, the buffer is stale
 *	TIF_NEED_FPU_LOAD set     the buffer is valid; registers hold whatever
 *
 * A switch away saves to the buffer (and the registers keep a copy: fpu_owner, thread.fpu_cpu). A
 * switch in sets the flag unless the registers still hold that copy. The load itself waits for the
 * return to user mode, so kernel threads and kernel_fpu_begin() in between cost no load.
 * There is no lazy trap (#NM): CR0.TS is always clear.
 *
 * Invariant: flag clear and task running  =>  fpu_owner == task or the task has run since its load,
 * checked by nobody but the self test "fpu" (registers survive switches).
 *
 * Features: x87, SSE, AVX, AVX-512 as CPUID offers; not AMX. PKRU (protection keys) is not part of that state: it is
 * switched at once, and only signal frames hold it together with the rest (frame_xfeatures).
 * Linux 6.1 (arch/x86/kernel/fpu) does the same with the compacted format and a format conversion
 * at each signal; the standard format is what a signal frame wants, so here it is copied as it is.
 * A signal frame is validated before it is loaded: reserved bits would fault in the kernel.
 */
#include <base/types.h>
#include <base/string.h>
#include <base/errno.h>
#include <base/math.h>
#include <seam/percpu.h>
#include <seam/current.h>
#include <seam/processor.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <seam/irqflags.h>
#include <sync/preempt.h>
#include <mm/slab.h>
#include <kernel/init.h>
#include <kernel/task.h>
#include <kernel/panic.h>
#include <base/bug.h>
#include <asm/sigcontext.h>
#include <seam/pkeys.h>
#include "fpu_internal.h"

#define XFEATURES_WANTED	0xe7ULL		/* x87 SSE AVX | opmask, ZMM_Hi256, Hi16_ZMM */
#define XFEATURE_FPSSE		0x3ULL
#define XFEATURE_PKRU_BIT	9
#define XFEATURE_PKRU		(1ULL << XFEATURE_PKRU_BIT)
#define MXCSR_DEFAULT		0x1f80
#define XSAVE_HDR_OFFSET	512
#define XSAVE_HDR_SIZE		64

unsigned int fpu_user_size = FXSAVE_SIZE;
u64 fpu_xfeatures;
bool pkeys_enabled __ro_after_init;
static u64 frame_xfeatures __ro_after_init;	/* fpu_xfeatures, and PKRU */
static unsigned int task_size = FXSAVE_SIZE;	/* bytes of the state without PKRU */
static unsigned int pkru_offset __ro_after_init; /* in a frame */
static bool use_xsaveopt __ro_after_init;
static u32 mxcsr_mask = 0xffbf;
static struct kmem_cache *fpu_cache;
static u8 init_fpstate[4096] __aligned(64);	/* what a new program finds */

DEFINE_PER_CPU(struct task_struct *, fpu_owner);
static DEFINE_PER_CPU(bool, in_kernel_fpu);

/* Signature of the part of the XSAVE header and legacy area that we touch by name. */
#define FX_MXCSR(buf)		(*(u32 *)((u8 *)(buf) + 24))
#define FX_MXCSR_MASK(buf)	(*(u32 *)((u8 *)(buf) + 28))
#define XS_BV(buf)		(*(u64 *)((u8 *)(buf) + XSAVE_HDR_OFFSET))

void fpregs_save(void *buf)
{
	u32 lo = (u32)fpu_xfeatures, hi = (u32)(fpu_xfeatures >> 32);

	if (use_xsaveopt)
		__asm__ volatile("xsaveopt64 (%0)" : : "r"(buf), "a"(lo), "d"(hi) : "memory");
	else if (fpu_xfeatures)
		__asm__ volatile("xsave64 (%0)" : : "r"(buf), "a"(lo), "d"(hi) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(buf) : "memory");
}

/* Memory (trusted) -> registers. */
static void fpregs_load(const void *buf)
{
	u32 lo = (u32)fpu_xfeatures, hi = (u32)(fpu_xfeatures >> 32);

	if (fpu_xfeatures)
		__asm__ volatile("xrstor64 (%0)" : : "r"(buf), "a"(lo), "d"(hi) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(buf) : "memory");
}

/* XCR0 from CPUID: what this kernel saves of what there is. */
static void choose_features(void)
{
	u32 a, b, c, d;

	if (!boot_cpu_has(X86_FEATURE_XSAVE))
		return;
	cpuid_count(0xd, 0, &a, &b, &c, &d);
	fpu_xfeatures = (((u64)d << 32) | a) & XFEATURES_WANTED;
	/* AVX-512 comes as a whole or not at all. */
	if ((fpu_xfeatures & 0xe0) != 0xe0)
		fpu_xfeatures &= ~0xe0ULL;
	frame_xfeatures = fpu_xfeatures;
	if (fpu_xfeatures && boot_cpu_has(X86_FEATURE_PKU) && (a & XFEATURE_PKRU)) {
		frame_xfeatures |= XFEATURE_PKRU;
		pkeys_enabled = true;
	}
}

/* Bytes of the standard format that the parts of fpu_xfeatures reach up to. */
static unsigned int measure_task_size(void)
{
	unsigned int end = XSAVE_HDR_OFFSET + XSAVE_HDR_SIZE;
	u32 size, offset, c, d;

	for (unsigned int i = 2; i < 8; i++) {
		if (!(fpu_xfeatures & (1ULL << i)))
			continue;
		cpuid_count(0xd, i, &size, &offset, &c, &d);
		end = max(end, offset + size);
	}
	return end;
}

/* Sizes, and what a new program finds. After the first fpu_init_cpu(). */
static void measure_state(void)
{
	u32 a, b, c, d;

	if (fpu_xfeatures) {
		cpuid_count(0xd, 0, &a, &b, &c, &d);
		fpu_user_size = b;	/* of what XCR0 now enables */
		task_size = measure_task_size();
		if (pkeys_enabled) {
			cpuid_count(0xd, XFEATURE_PKRU_BIT, &a, &pkru_offset, &c, &d);
			boot_cpu_data.capability[X86_FEATURE_OSPKE / 32] |= 1u
									    << X86_FEATURE_OSPKE % 32;
		}
		cpuid_count(0xd, 1, &a, &b, &c, &d);
		use_xsaveopt = a & 1;
	}
	if (task_size > sizeof(init_fpstate))
		panic("FPU state of %u bytes is larger than expected", task_size);
	__asm__ volatile("fxsave64 (%0)" : : "r"(init_fpstate) : "memory");
	if (FX_MXCSR_MASK(init_fpstate))
		mxcsr_mask = FX_MXCSR_MASK(init_fpstate);
	/* All registers zero, x87 as after FNINIT; MXCSR with exceptions masked. */
	memset(init_fpstate + 32, 0, FXSAVE_SIZE - 32);
	FX_MXCSR(init_fpstate) = MXCSR_DEFAULT;
}

/* The first call is the boot CPU's and decides for all. */
void fpu_init_cpu(void)
{
	static bool measured;
	unsigned long cr0 = read_cr0();

	if (!measured)
		choose_features();
	write_cr0((cr0 & ~(X86_CR0_TS | X86_CR0_EM)) | X86_CR0_MP | X86_CR0_NE);
	cr4_set_bits(X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT);
	if (fpu_xfeatures) {
		cr4_set_bits(X86_CR4_OSXSAVE);
		__asm__ volatile("xsetbv" : : "c"(0), "a"((u32)frame_xfeatures),
				 "d"((u32)(frame_xfeatures >> 32)));
	}
	if (pkeys_enabled) {
		cr4_set_bits(X86_CR4_PKE);
		wrpkru(PKRU_INIT);
	}
	__asm__ volatile("fninit");
	if (!measured)
		measure_state();
	measured = true;
}

static int fpu_cache_init(void)
{
	if (!fpu_cache)
		fpu_cache = kmem_cache_create("fpu_state", task_size, 64, SLAB_PANIC | SLAB_ACCOUNT, NULL);
	return 0;
}

static void *fpu_buffer(void)
{
	if (unlikely(!fpu_cache))
		fpu_cache_init();
	return kmem_cache_alloc(fpu_cache, GFP_KERNEL);
}

int fpu_alloc(struct task_struct *tsk)
{
	void *buf = fpu_buffer();

	if (!buf)
		return -ENOMEM;
	memcpy(buf, init_fpstate, task_size);
	tsk->thread.fpu_cpu = -1;
	tsk->thread.pkru = PKRU_INIT;
	set_tsk_thread_flag(tsk, TIF_NEED_FPU_LOAD);
	WRITE_ONCE(tsk->thread.fpu, buf);
	return 0;
}

int fpu_clone(struct task_struct *child)
{
	void *buf = fpu_buffer();

	if (!buf)
		return -ENOMEM;
	/* XSAVE leaves the buffer's holes and the unused parts of the header alone. */
	if (fpu_xfeatures)
		memset((u8 *)buf + XSAVE_HDR_OFFSET, 0, XSAVE_HDR_SIZE);
	preempt_disable();
	if (test_thread_flag(TIF_NEED_FPU_LOAD)) {
		memcpy(buf, current->thread.fpu, task_size);
	} else if (use_xsaveopt) {
		/* XSAVEOPT may skip what it believes the buffer has; this buffer is new. */
		__asm__ volatile("xsave64 (%0)" : : "r"(buf), "a"((u32)fpu_xfeatures),
				 "d"((u32)(fpu_xfeatures >> 32)) : "memory");
	} else {
		fpregs_save(buf);
	}
	preempt_enable();
	child->thread.fpu_cpu = -1;
	if (pkeys_enabled)
		child->thread.pkru = rdpkru();
	set_tsk_thread_flag(child, TIF_NEED_FPU_LOAD);
	child->thread.fpu = buf;
	return 0;
}

void fpu_free(struct task_struct *tsk)
{
	void *buf = tsk->thread.fpu;

	tsk->thread.fpu = NULL;
	if (buf)
		kmem_cache_free(fpu_cache, buf);
}

/* The buffer becomes the truth; what the registers hold is forgotten. => preemption off */
static void fpu_forget_registers(void)
{
	this_cpu_write(fpu_owner, NULL);
	current->thread.fpu_cpu = -1;
	set_thread_flag(TIF_NEED_FPU_LOAD);
}

/* The registers hold current's state from now on, the buffer is stale. => preemption off */
static void fpu_registers_live(void)
{
	this_cpu_write(fpu_owner, current);
	current->thread.fpu_cpu = (int)raw_smp_processor_id();
	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		clear_thread_flag(TIF_NEED_FPU_LOAD);
}

void fpu_reset(void)
{
	preempt_disable();
	fpregs_load(init_fpstate);
	fpu_registers_live();
	if (pkeys_enabled)
		wrpkru(PKRU_INIT);
	preempt_enable();
}

bool arch_has_pkeys(void)
{
	return pkeys_enabled;
}

unsigned int arch_pkey_rights(int pkey)
{
	return rdpkru() >> 2 * pkey & 3;
}

void arch_set_pkey_rights(int pkey, unsigned int rights)
{
	preempt_disable();
	wrpkru((rdpkru() & ~(3u << 2 * pkey)) | rights << 2 * pkey);
	preempt_enable();
}

void fpu_load_current(void)
{
	fpregs_load(current->thread.fpu);
	fpu_registers_live();
}

/* Make the buffer of @tsk (current, or not running) valid. */
void save_fpregs_to_memory(struct task_struct *tsk)
{
	if (tsk != current)
		return;
	preempt_disable();
	if (!test_thread_flag(TIF_NEED_FPU_LOAD))
		fpregs_save(tsk->thread.fpu);
	preempt_enable();
}

bool irq_fpu_usable(void)
{
	return !this_cpu_read(in_kernel_fpu);
}

void kernel_fpu_begin(void)
{
	preempt_disable();
	WARN_ON_ONCE(this_cpu_read(in_kernel_fpu));
	this_cpu_write(in_kernel_fpu, true);
	if (current->thread.fpu && !test_thread_flag(TIF_NEED_FPU_LOAD)) {
		fpregs_save(current->thread.fpu);
		fpu_forget_registers();
	}
	this_cpu_write(fpu_owner, NULL);
	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(*(const u32 *)&FX_MXCSR(init_fpstate)));
}

void kernel_fpu_end(void)
{
	this_cpu_write(in_kernel_fpu, false);
	preempt_enable();
}

/* The 56 bytes of the XSAVE header behind the feature mask. */
static bool header_rest_is_zero(const u8 *buf)
{
	const u64 *word = (const u64 *)(buf + XSAVE_HDR_OFFSET);
	u64 any = 0;

	for (unsigned int i = 1; i < XSAVE_HDR_SIZE / 8; i++)
		any |= word[i];
	return !any;
}

/* A part in its initial state is not written by XSAVE: make the buffer show it. XS_BV stays. */
static void fill_initial_parts(u8 *buf)
{
	u64 bv = XS_BV(buf);

	if (!(bv & 1)) {
		memcpy(buf, init_fpstate, 24);
		memset(buf + 32, 0, 128);
	}
	if (!(bv & 2))
		memset(buf + 160, 0, 256);
	for (unsigned int i = 2; i < 8; i++) {
		u32 size, offset, c, d;

		if (!(fpu_xfeatures & (1ULL << i)) || (bv & (1ULL << i)))
			continue;
		cpuid_count(0xd, i, &size, &offset, &c, &d);
		memset(buf + offset, 0, size);
	}
}

/* ---- the state of a tracee, or of current for its core dump ---- */

static void prepare_to_show(struct task_struct *tsk)
{
	save_fpregs_to_memory(tsk);
	if (!fpu_xfeatures)
		return;
	/* With preemption off, or current's registers could be saved over it half way. */
	preempt_disable();
	fill_initial_parts(tsk->thread.fpu);
	preempt_enable();
}

int fpu_get_fxregs(struct task_struct *tsk, void *buf)
{
	if (!tsk->thread.fpu)
		return -EINVAL;
	prepare_to_show(tsk);
	memcpy(buf, tsk->thread.fpu, FXSAVE_SIZE);
	memset((u8 *)buf + offsetof(struct _fpstate, reserved3), 0,
	       FXSAVE_SIZE - offsetof(struct _fpstate, reserved3));
	return 0;
}

int fpu_get_xstate(struct task_struct *tsk, void *buf)
{
	u32 pkru;

	if (!tsk->thread.fpu || !fpu_xfeatures)
		return -EINVAL;
	prepare_to_show(tsk);
	memset(buf, 0, fpu_user_size);
	memcpy(buf, tsk->thread.fpu, task_size);
	memset((u8 *)buf + XSAVE_HDR_OFFSET + 8, 0, XSAVE_HDR_SIZE - 8);
	/* Debuggers find the features here, in the words that the CPU leaves to software. */
	memset((u8 *)buf + 464, 0, FXSAVE_SIZE - 464);
	*(u64 *)((u8 *)buf + 464) = frame_xfeatures;
	if (!pkeys_enabled)
		return 0;
	pkru = tsk == current ? rdpkru() : tsk->thread.pkru;
	*(u32 *)((u8 *)buf + pkru_offset) = pkru;
	if (pkru)
		XS_BV(buf) |= XFEATURE_PKRU;
	return 0;
}

/* The buffer of @tsk, which does not run, has changed: a CPU that still has the old registers must not use them. */
static void forget_copy_of(struct task_struct *tsk)
{
	tsk->thread.fpu_cpu = -1;
}

int fpu_set_fxregs(struct task_struct *tsk, const void *buf, unsigned int count)
{
	if (!tsk->thread.fpu || count != FXSAVE_SIZE || (FX_MXCSR(buf) & ~mxcsr_mask))
		return -EINVAL;
	forget_copy_of(tsk);
	memcpy(tsk->thread.fpu, buf, offsetof(struct _fpstate, reserved3));
	if (fpu_xfeatures)
		XS_BV(tsk->thread.fpu) |= XFEATURE_FPSSE;
	return 0;
}

int fpu_set_xstate(struct task_struct *tsk, const void *buf, unsigned int count)
{
	u64 bv = XS_BV(buf);

	if (!tsk->thread.fpu || !fpu_xfeatures)
		return -ENODEV;
	if (count != fpu_user_size)
		return -EFAULT;
	if ((bv & ~frame_xfeatures) || !header_rest_is_zero(buf) ||
	    ((bv & ~1ULL) && (FX_MXCSR(buf) & ~mxcsr_mask)))
		return -EINVAL;
	forget_copy_of(tsk);
	memcpy(tsk->thread.fpu, buf, task_size);
	XS_BV(tsk->thread.fpu) = bv & fpu_xfeatures;
	if (pkeys_enabled)
		tsk->thread.pkru = bv & XFEATURE_PKRU ?
					   *(const u32 *)((const u8 *)buf + pkru_offset) : 0;
	return 0;
}

/* ---- signal frames ---- */

unsigned int fpu_frame_size(void)
{
	return fpu_user_size + (fpu_xfeatures ? FP_XSTATE_MAGIC2_SIZE : 0);
}

unsigned long fpu_frame_alloc(unsigned long sp, unsigned long *fpstate)
{
	*fpstate = (sp - fpu_frame_size()) & ~63UL;
	return *fpstate;
}

/*
 * XSAVE straight into the frame and XRSTOR straight from it, as long as its pages are there: a fault
 * may not be served in between, since the task could lose the registers while it waits.
 * False: do it the long way, through the buffer.
 */
static bool xsave_to_user(void __user *fpstate)
{
	u64 __user *header = (u64 __user *)((u8 __user *)fpstate + XSAVE_HDR_OFFSET);
	bool done = false;

	preempt_disable();
	if (test_thread_flag(TIF_NEED_FPU_LOAD))
		fpu_load_current();
	stac();
	for (unsigned int i = 0; i < XSAVE_HDR_SIZE / 8; i++)
		unsafe_put_user(0, header + i, fault);
	__asm__ volatile goto("1: xsave64 (%0)\n" _ASM_EXTABLE_UA(1b, %l3)
			      : : "r"(fpstate), "a"((u32)frame_xfeatures), "d"((u32)(frame_xfeatures >> 32))
			      : "memory" : fault);
	done = true;
fault:
	clac();
	preempt_enable();
	return done;
}

static bool xrstor_from_user(void __user *fpstate)
{
	bool done = false;

	preempt_disable();
	/* What the registers hold is given up, whether this works or not. */
	fpu_forget_registers();
	stac();
	__asm__ volatile goto("1: xrstor64 (%0)\n" _ASM_EXTABLE_UA(1b, %l3)
			      : : "r"(fpstate), "a"((u32)frame_xfeatures), "d"((u32)(frame_xfeatures >> 32))
			      : "memory" : fault);
	fpu_registers_live();
	done = true;
fault:
	clac();
	preempt_enable();
	return done;
}

/* What Linux writes into the unused bytes of the FXSAVE area, behind the state, and into the header. */
static bool finish_frame(void __user *fpstate)
{
	struct _fpstate __user *fx = fpstate;
	u64 __user *header = (u64 __user *)((u8 __user *)fpstate + XSAVE_HDR_OFFSET);
	struct _fpx_sw_bytes sw = {
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = fpu_user_size + FP_XSTATE_MAGIC2_SIZE,
		.xfeatures = frame_xfeatures,
		.xstate_size = fpu_user_size,
	};
	u64 bv;

	return !copy_to_user(&fx->sw_reserved, &sw, sizeof(sw)) &&
	       !put_user(FP_XSTATE_MAGIC2, (u32 __user *)((u8 __user *)fpstate + fpu_user_size)) &&
	       !get_user(bv, header) && !put_user(bv | XFEATURE_FPSSE, header);
}

/* PKRU behind a state that was copied from the buffer, whose feature mask is @bv. */
static bool pkru_to_frame(void __user *fpstate, u64 bv)
{
	u64 __user *header = (u64 __user *)((u8 __user *)fpstate + XSAVE_HDR_OFFSET);

	if (!pkeys_enabled)
		return true;
	return !put_user(rdpkru(), (u32 __user *)((u8 __user *)fpstate + pkru_offset)) &&
	       !put_user(bv | XFEATURE_PKRU, header);
}

bool fpu_copy_to_frame(void __user *fpstate)
{
	u8 *buf = current->thread.fpu;
	u64 bv;

	if (!access_ok(fpstate, fpu_frame_size()))
		return false;
	if (fpu_xfeatures && xsave_to_user(fpstate))
		return finish_frame(fpstate);
	save_fpregs_to_memory(current);
	if (!fpu_xfeatures)
		return !copy_to_user(fpstate, buf, FXSAVE_SIZE);
	bv = XS_BV(buf);
	fill_initial_parts(buf);
	return !copy_to_user(fpstate, buf, task_size) && pkru_to_frame(fpstate, bv) &&
	       finish_frame(fpstate);
}

/* How much of a frame is meant: the whole with its features, or the FXSAVE part only. */
static unsigned int frame_extent(void __user *fpstate, u64 *features)
{
	struct _fpstate __user *fx = fpstate;
	struct _fpx_sw_bytes sw;
	u32 magic2;

	*features = XFEATURE_FPSSE;
	if (!fpu_xfeatures || copy_from_user(&sw, &fx->sw_reserved, sizeof(sw)))
		return FXSAVE_SIZE;
	if (sw.magic1 != FP_XSTATE_MAGIC1 || sw.xstate_size < FXSAVE_SIZE + XSAVE_HDR_SIZE ||
	    sw.xstate_size > fpu_user_size || sw.xstate_size > sw.extended_size)
		return FXSAVE_SIZE;
	if (get_user(magic2, (u32 __user *)((u8 __user *)fpstate + sw.xstate_size)) ||
	    magic2 != FP_XSTATE_MAGIC2)
		return FXSAVE_SIZE;
	*features = sw.xfeatures & frame_xfeatures;
	return sw.xstate_size;
}

/* PKRU of a frame with @features; it is 0 where the frame's own mask leaves it out, as XRSTOR does. */
static bool pkru_from_frame(void __user *fpstate, u64 features, u64 bv)
{
	u32 pkru = 0;

	if (!pkeys_enabled || !(features & XFEATURE_PKRU))
		return true;
	if ((bv & XFEATURE_PKRU) &&
	    get_user(pkru, (u32 __user *)((u8 __user *)fpstate + pkru_offset)))
		return false;
	preempt_disable();
	wrpkru(pkru);
	preempt_enable();
	return true;
}

/*
 * Take the state of a frame over into the buffer. What the CPU would refuse is refused here: reserved
 * bits of MXCSR, a header with unknown features or anything in its reserved words. True: taken.
 */
bool fpu_copy_from_frame(void __user *fpstate)
{
	u8 *buf = current->thread.fpu;
	unsigned int size;
	u64 features, bv;
	bool good;

	if (!fpstate) {
		fpu_reset();
		return true;
	}
	if (!access_ok(fpstate, fpu_user_size))
		return false;
	size = frame_extent(fpstate, &features);
	if (fpu_xfeatures && size == fpu_user_size && features == frame_xfeatures && xrstor_from_user(fpstate))
		return true;
	preempt_disable();
	if (!test_thread_flag(TIF_NEED_FPU_LOAD))
		fpregs_save(buf);
	fpu_forget_registers();
	preempt_enable();
	/* From here on the buffer is the state; a switch neither saves into it nor loads from it. */
	if (copy_from_user(buf, fpstate, min(size, task_size))) {
		fpu_reset();
		return false;
	}
	good = !(FX_MXCSR(buf) & ~mxcsr_mask);
	if (fpu_xfeatures) {
		bv = XFEATURE_FPSSE;
		if (size > FXSAVE_SIZE) {
			bv = XS_BV(buf);
			good &= !(bv & ~frame_xfeatures) && header_rest_is_zero(buf) &&
				pkru_from_frame(fpstate, features, bv);
			bv &= features & fpu_xfeatures;
		}
		memset(buf + XSAVE_HDR_OFFSET, 0, XSAVE_HDR_SIZE);
		XS_BV(buf) = bv;
	}
	if (!good) {
		fpu_reset();
		return false;
	}
	return true;
}
