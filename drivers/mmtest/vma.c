// SPDX-License-Identifier: MIT
/*
 * /dev/mmtest, noun vma: a mapping whose every vm_ops callback is counted and can be told to refuse.
 *	kind K			what mmap of this file makes from now on:
 *				0 pages that ->fault finds		1 frames that ->fault inserts (VM_PFNMAP)
 *				2 frames that mmap inserts (remap_pfn_range)	3 pages that mmap inserts
 *	count CALLBACK		result[0]: how often it was called
 *	refuse CALLBACK VALUE N	the next N calls answer VALUE: a negative errno, or VM_FAULT_*
 *	page I			result[0]: references, [1]: map count, [2]: its first byte
 * Callbacks: 0 open, 1 close, 2 may_split, 3 mremap, 4 mprotect, 5 fault, 6 map_pages, 7 page_mkwrite, 8 pfn_mkwrite,
 * 9 access, 10 name, 11 pagesize.
 */
#include <base/errno.h>
#include <base/atomic.h>
#include <base/string.h>
#include <base/types.h>
#include <kernel/init.h>
#include <mm/fault.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/page.h>
#include <mm/vma.h>

#include "mmtest_internal.h"

enum {
	OPEN,
	CLOSE,
	MAY_SPLIT,
	MREMAP,
	MPROTECT,
	FAULT,
	MAP_PAGES,
	PAGE_MKWRITE,
	PFN_MKWRITE,
	ACCESS,
	NAME,
	PAGESIZE,
	NR_CALLBACKS
};
enum { KIND_PAGES, KIND_PFN_FAULT, KIND_PFN_MMAP, KIND_PAGES_MMAP, NR_KINDS };

#define NR_TEST_PAGES 16

struct vma_state {
	int kind;
	atomic_t count[NR_CALLBACKS];
	atomic_t refusals[NR_CALLBACKS]; /* left */
	long answer[NR_CALLBACKS];
	struct page *pages[NR_TEST_PAGES];
};

/* A callback is called: its answer if it shall refuse, else 0. */
static long called(struct vm_area_struct *vma, int callback)
{
	struct vma_state *s = vma->vm_private_data;

	atomic_inc(&s->count[callback]);
	return atomic_add_unless(&s->refusals[callback], -1, 0) ? s->answer[callback] : 0;
}

static void test_open(struct vm_area_struct *vma)
{
	called(vma, OPEN);
}

static void test_close(struct vm_area_struct *vma)
{
	called(vma, CLOSE);
}

static int test_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	return (int)called(vma, MAY_SPLIT);
}

static int test_mremap(struct vm_area_struct *vma)
{
	return (int)called(vma, MREMAP);
}

static int test_mprotect(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 unsigned long newflags)
{
	return (int)called(vma, MPROTECT);
}

static vm_fault_t test_fault(struct vm_fault *vmf)
{
	struct vma_state *s = vmf->vma->vm_private_data;
	vm_fault_t answer = (vm_fault_t)called(vmf->vma, FAULT);

	if (answer & VM_FAULT_RETRY)
		fault_drop_lock(vmf);
	if (answer)
		return answer;
	if (vmf->pgoff >= NR_TEST_PAGES)
		return VM_FAULT_SIGBUS;
	if (s->kind == KIND_PFN_FAULT)
		return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(s->pages[vmf->pgoff]));
	vmf->page = s->pages[vmf->pgoff];
	get_page(vmf->page);
	return 0;
}

/* Nothing is mapped around: ->fault is asked next. */
static vm_fault_t test_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	return (vm_fault_t)called(vmf->vma, MAP_PAGES);
}

static vm_fault_t test_page_mkwrite(struct vm_fault *vmf)
{
	vm_fault_t answer = (vm_fault_t)called(vmf->vma, PAGE_MKWRITE);

	if (answer)
		return answer;
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

static vm_fault_t test_pfn_mkwrite(struct vm_fault *vmf)
{
	return (vm_fault_t)called(vmf->vma, PFN_MKWRITE);
}

static int test_access(struct vm_area_struct *vma, unsigned long addr, void *buf, int len,
		       int write)
{
	struct vma_state *s = vma->vm_private_data;
	unsigned long at = addr - vma->vm_start, index = at >> PAGE_SHIFT;
	long answer = called(vma, ACCESS);
	char *page;

	if (answer || index >= NR_TEST_PAGES)
		return answer ? (int)answer : -EFAULT;
	page = page_address(s->pages[index]) + offset_in_page(addr);
	if (write)
		memcpy(page, buf, len);
	else
		memcpy(buf, page, len);
	return len;
}

static const char *test_name(struct vm_area_struct *vma)
{
	return called(vma, NAME) ? NULL : "[mmtest]";
}

static unsigned long test_pagesize(struct vm_area_struct *vma)
{
	called(vma, PAGESIZE);
	return PAGE_SIZE;
}

static const struct vm_operations_struct test_ops = {
	.open = test_open,
	.close = test_close,
	.may_split = test_may_split,
	.mremap = test_mremap,
	.mprotect = test_mprotect,
	.fault = test_fault,
	.map_pages = test_map_pages,
	.page_mkwrite = test_page_mkwrite,
	.access = test_access,
	.name = test_name,
	.pagesize = test_pagesize,
};

static const struct vm_operations_struct test_pfn_ops = {
	.open = test_open,
	.close = test_close,
	.may_split = test_may_split,
	.mremap = test_mremap,
	.mprotect = test_mprotect,
	.fault = test_fault,
	.pfn_mkwrite = test_pfn_mkwrite,
	.access = test_access,
	.name = test_name,
	.pagesize = test_pagesize,
};

static int make_pages(struct vma_state *s)
{
	for (int i = 0; i < NR_TEST_PAGES; i++) {
		if (s->pages[i])
			continue;
		s->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!s->pages[i])
			return -ENOMEM;
		*(char *)page_address(s->pages[i]) = (char)('A' + i);
	}
	return 0;
}

/* What KIND_PFN_MMAP and KIND_PAGES_MMAP put into the table at once. */
static int insert_all(struct vma_state *s, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	int err = 0;

	for (int i = 0; i < NR_TEST_PAGES && addr < vma->vm_end && !err; i++, addr += PAGE_SIZE)
		err = s->kind == KIND_PFN_MMAP
			      ? remap_pfn_range(vma, addr, page_to_pfn(s->pages[i]), PAGE_SIZE,
						vma->vm_page_prot)
			      : vm_insert_page(vma, addr, s->pages[i]);
	return err;
}

static int vma_mmap(void *state, struct vm_area_struct *vma)
{
	struct vma_state *s = state;
	bool pfn = s->kind == KIND_PFN_FAULT || s->kind == KIND_PFN_MMAP;

	if (!s->pages[NR_TEST_PAGES - 1])
		return -ENODEV; /* no kind was chosen */
	vma->vm_private_data = s;
	vma->vm_ops = pfn ? &test_pfn_ops : &test_ops;
	if (s->kind == KIND_PFN_FAULT)
		vm_flags_init(vma, vma->vm_flags | VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	return s->kind == KIND_PFN_MMAP || s->kind == KIND_PAGES_MMAP ? insert_all(s, vma) : 0;
}

static int vma_kind(void *state, struct mmtest_call *call)
{
	struct vma_state *s = state;

	if (call->arg[0] < 0 || call->arg[0] >= NR_KINDS)
		return -EINVAL;
	s->kind = (int)call->arg[0];
	return make_pages(s);
}

static int vma_count(void *state, struct mmtest_call *call)
{
	struct vma_state *s = state;

	if (call->arg[0] < 0 || call->arg[0] >= NR_CALLBACKS)
		return -EINVAL;
	call->result[0] = atomic_read(&s->count[call->arg[0]]);
	return 0;
}

static int vma_refuse(void *state, struct mmtest_call *call)
{
	struct vma_state *s = state;

	if (call->arg[0] < 0 || call->arg[0] >= NR_CALLBACKS)
		return -EINVAL;
	s->answer[call->arg[0]] = call->arg[1];
	atomic_set(&s->refusals[call->arg[0]], (int)call->arg[2]);
	return 0;
}

static int vma_page(void *state, struct mmtest_call *call)
{
	struct vma_state *s = state;
	struct page *page;

	if (call->arg[0] < 0 || call->arg[0] >= NR_TEST_PAGES || !s->pages[call->arg[0]])
		return -EINVAL;
	page = s->pages[call->arg[0]];
	call->result[0] = page_ref_count(page);
	call->result[1] = page_mapcount(page);
	call->result[2] = *(char *)page_address(page);
	return 0;
}

static void vma_release(void *state)
{
	struct vma_state *s = state;

	for (int i = 0; i < NR_TEST_PAGES; i++)
		if (s->pages[i])
			put_page(s->pages[i]);
}

static const struct mmtest_verb verbs[] = {
	{ "kind", vma_kind }, { "count", vma_count }, { "refuse", vma_refuse },
	{ "page", vma_page }, { NULL, NULL },
};

static struct mmtest_noun vma_noun = {
	.name = "vma",
	.verbs = verbs,
	.state_bytes = sizeof(struct vma_state),
	.release = vma_release,
	.mmap = vma_mmap,
};

static int __init mmtest_vma_init(void)
{
	mmtest_register(&vma_noun);
	return 0;
}
device_initcall(mmtest_vma_init);
