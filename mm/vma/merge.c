// SPDX-License-Identifier: MIT
/*
 * Splitting and merging.
 *
 * Two neighbours can be one VMA when they touch and everything that matters is equal: flags (soft dirty
 * aside), name, userfaultfd, file, offset continuing, operations without ->close, and, if both have anonymous pages, anon_shift.
 * The anon_vma is the same for a whole address space, so it never forbids a merge (in Linux it can).
 *
 * A range [s, e) of VMA V gets new flags; P and N are V's neighbours (present in the drawing only if they can
 * be merged with the result):
 *
 *	V whole, P and N	PPPVVVNNN -> PPPPPPPPP
 *	V whole, P		PPPVVV	  -> PPPPPP
 *	V whole, N		   VVVNNN -> NNNNNN
 *	head of V, P		PPPVVvv	  -> PPPPPvv
 *	tail of V, N		vvVVNNN	  -> vvNNNNN
 *	otherwise		split at s and e where needed
 *
 * A new range [s, e) in a hole: extend P, extend N, or fill the gap between them (P takes N).
 *
 * Every VMA whose borders change is write-locked and, if it has a file, out of the file's interval tree under
 * one hold of i_mmap_rwsem, so that truncation never finds a page in no VMA.
 * Nothing here can fail after the first change. Linux: mm/mmap.c vma_merge, __vma_adjust, __split_vma.
 */
#include <base/bug.h>
#include <base/err.h>
#include <base/errno.h>
#include <fs/file.h>
#include <mm/address_space.h>
#include <mm/fault.h>
#include <mm/rmap.h>
#include "vma_internal.h"

/* --- the file's interval tree ------------------------------------------------------------------- */

static struct address_space *vma_mapping(const struct vm_area_struct *vma)
{
	return vma->vm_file ? vma->vm_file->f_mapping : NULL;
}

void vma_link_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma_mapping(vma);

	if (!mapping)
		return;
	i_mmap_lock_write(mapping);
	if (is_shared_maywrite(vma->vm_flags))
		mapping_allow_writable(mapping);
	vma_interval_tree_insert(vma, &mapping->i_mmap);
	i_mmap_unlock_write(mapping);
}

void vma_unlink_file(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma_mapping(vma);

	if (!mapping)
		return;
	i_mmap_lock_write(mapping);
	if (is_shared_maywrite(vma->vm_flags))
		mapping_unmap_writable(mapping);
	vma_interval_tree_remove(vma, &mapping->i_mmap);
	i_mmap_unlock_write(mapping);
}

/* Begin and end a change of borders of up to three VMAs of one file (NULL: none). */
static void borders_begin(struct vm_area_struct *a, struct vm_area_struct *b,
			  struct vm_area_struct *c)
{
	struct address_space *mapping = vma_mapping(a);

	vma_start_write(a);
	if (b)
		vma_start_write(b);
	if (c)
		vma_start_write(c);
	if (!mapping)
		return;
	i_mmap_lock_write(mapping);
	vma_interval_tree_remove(a, &mapping->i_mmap);
	if (b)
		vma_interval_tree_remove(b, &mapping->i_mmap);
	if (c)
		vma_interval_tree_remove(c, &mapping->i_mmap);
}

static void borders_end(struct vm_area_struct *a, struct vm_area_struct *b)
{
	struct address_space *mapping = vma_mapping(a);

	if (!mapping)
		return;
	vma_interval_tree_insert(a, &mapping->i_mmap);
	if (b)
		vma_interval_tree_insert(b, &mapping->i_mmap);
	i_mmap_unlock_write(mapping);
}

/* Move borders and, with the start, vm_pgoff. */
static void set_borders(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	long pages = (long)(start - vma->vm_start) >> PAGE_SHIFT;

	vma_tree_resize(vma->vm_mm, vma, start, end);
	vma->vm_pgoff += pages;
}

void vma_adjust(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	borders_begin(vma, NULL, NULL);
	set_borders(vma, start, end);
	borders_end(vma, NULL);
}

/* @vma takes over anonymous pages that were moved by @anon_shift; @anon_vma NULL: there are none. */
static void adopt_anon(struct vm_area_struct *vma, struct anon_vma *anon_vma, long anon_shift)
{
	if (vma->anon_vma || !anon_vma)
		return;
	vma->anon_shift = anon_shift;
	if (anon_shift)
		anon_vma_add_moved(vma);
	WRITE_ONCE(vma->anon_vma, anon_vma);
}

/* @vma, swallowed by a neighbour, leaves; it is out of the file's tree already. */
static void swallow(struct vm_area_struct *vma)
{
	vma_tree_remove(vma->vm_mm, vma);
	anon_vma_del_moved(vma);
}

static void free_swallowed(struct vm_area_struct *vma)
{
	if (vma->vm_file) {
		if (is_shared_maywrite(vma->vm_flags))
			mapping_unmap_writable(vma->vm_file->f_mapping);
		fput(vma->vm_file);
	}
	vm_area_free(vma);
}

/* --- may they be one? --------------------------------------------------------------------------- */

static bool can_merge(const struct vm_area_struct *vma, const struct vma_merge_req *req)
{
	if ((vma->vm_flags ^ req->flags) & ~VM_SOFTDIRTY)
		return false;
	if (vma->vm_file != req->file || vma->vm_ops != req->vm_ops || vma->uffd != req->uffd)
		return false;
	if (vma->vm_ops && vma->vm_ops->close)
		return false;
	if (unlikely(vma->anon_name != req->anon_name) &&
	    !anon_names_equal(vma->anon_name, req->anon_name))
		return false;
	return !vma->anon_vma || !req->anon_vma || vma->anon_shift == req->anon_shift;
}

static bool can_merge_prev(const struct vma_merge_req *req)
{
	const struct vm_area_struct *p = req->prev;

	return p && p->vm_end == req->start && p->vm_pgoff + vma_pages(p) == req->pgoff &&
	       can_merge(p, req);
}

static bool can_merge_next(const struct vma_merge_req *req)
{
	const struct vm_area_struct *n = req->next;

	return n && n->vm_start == req->end &&
	       n->vm_pgoff == req->pgoff + ((req->end - req->start) >> PAGE_SHIFT) &&
	       can_merge(n, req);
}

/* P and N were each found compatible with the middle; are they with each other? */
static bool ends_agree(const struct vma_merge_req *req)
{
	return !req->prev->anon_vma || !req->next->anon_vma ||
	       req->prev->anon_shift == req->next->anon_shift;
}

struct vm_area_struct *vma_merge_new(struct vma_merge_req *req)
{
	struct vm_area_struct *p = req->prev, *n = req->next;
	struct vm_area_struct *taker = NULL;
	bool with_prev, with_next;

	if (req->flags & VM_SPECIAL)
		return NULL;
	with_prev = can_merge_prev(req);
	with_next = can_merge_next(req);
	if (with_prev && with_next && ends_agree(req)) {
		unsigned long end = n->vm_end;

		borders_begin(p, n, NULL);
		swallow(n);
		set_borders(p, p->vm_start, end);
		adopt_anon(p, n->anon_vma, n->anon_shift);
		borders_end(p, NULL);
		free_swallowed(n);
		taker = p;
	} else if (with_prev) {
		vma_adjust(p, p->vm_start, req->end);
		taker = p;
	} else if (with_next) {
		vma_adjust(n, req->start, n->vm_end);
		taker = n;
	}
	if (taker && unlikely(req->anon_vma))
		adopt_anon(taker, req->anon_vma, req->anon_shift);
	return taker;
}

/* --- change of flags ---------------------------------------------------------------------------- */

/* P takes V, and N if @n. */
static struct vm_area_struct *prev_takes(struct vm_area_struct *p, struct vm_area_struct *v,
					 struct vm_area_struct *n)
{
	unsigned long end = n ? n->vm_end : v->vm_end;

	borders_begin(p, v, n);
	swallow(v);
	if (n)
		swallow(n);
	set_borders(p, p->vm_start, end);
	adopt_anon(p, v->anon_vma, v->anon_shift);
	if (n)
		adopt_anon(p, n->anon_vma, n->anon_shift);
	borders_end(p, NULL);
	free_swallowed(v);
	if (n)
		free_swallowed(n);
	return p;
}

static struct vm_area_struct *next_takes(struct vm_area_struct *v, struct vm_area_struct *n)
{
	unsigned long start = v->vm_start;

	borders_begin(n, v, NULL);
	swallow(v);
	set_borders(n, start, n->vm_end);
	adopt_anon(n, v->anon_vma, v->anon_shift);
	borders_end(n, NULL);
	free_swallowed(v);
	return n;
}

/* The border between two neighbours moves. */
static void move_border(struct vm_area_struct *low, struct vm_area_struct *high,
			unsigned long border, struct vm_area_struct *taker,
			struct vm_area_struct *giver)
{
	borders_begin(low, high, NULL);
	if (border < low->vm_end) {
		set_borders(low, low->vm_start, border);
		set_borders(high, border, high->vm_end);
	} else {
		set_borders(high, border, high->vm_end);
		set_borders(low, low->vm_start, border);
	}
	adopt_anon(taker, giver->anon_vma, giver->anon_shift);
	borders_end(low, high);
}

static struct vm_area_struct *try_merge_flags(struct vm_area_struct *v, struct vma_merge_req *req)
{
	struct vm_area_struct *p = NULL, *n = NULL;

	if ((req->flags | v->vm_flags) & VM_SPECIAL)
		return NULL;
	if (req->start == v->vm_start) {
		req->prev = v->vm_prev;
		if (can_merge_prev(req))
			p = v->vm_prev;
	}
	if (req->end == v->vm_end) {
		req->next = v->vm_next;
		if (can_merge_next(req))
			n = v->vm_next;
	}
	if (req->start == v->vm_start && req->end == v->vm_end) {
		if (p)
			return prev_takes(p, v, n && ends_agree(req) ? n : NULL);
		return n ? next_takes(v, n) : NULL;
	}
	if (p) {
		move_border(p, v, req->end, p, v);
		return p;
	}
	if (n) {
		move_border(v, n, req->start, n, v);
		return n;
	}
	return NULL;
}

static struct vm_area_struct *vma_modify(struct vm_area_struct *vma, unsigned long start,
					 unsigned long end, unsigned long newflags,
					 struct anon_vma_name *name, struct userfaultfd_ctx *uffd)
{
	struct vma_merge_req req = {
		.mm = vma->vm_mm,
		.start = start,
		.end = end,
		.flags = newflags,
		.file = vma->vm_file,
		.vm_ops = vma->vm_ops,
		.anon_vma = vma->anon_vma,
		.anon_shift = vma->anon_shift,
		.anon_name = name,
		.uffd = uffd,
		.pgoff = linear_page_index(vma, start),
	};
	struct vm_area_struct *merged = try_merge_flags(vma, &req);
	int err;

	if (merged)
		return merged;
	if (start != vma->vm_start) {
		err = split_vma(vma->vm_mm, vma, start, 1);
		if (err)
			return ERR_PTR(err);
	}
	if (end != vma->vm_end) {
		err = split_vma(vma->vm_mm, vma, end, 0);
		if (err)
			return ERR_PTR(err);
	}
	return vma;
}

struct vm_area_struct *vma_modify_flags(struct vm_area_struct *vma, unsigned long start,
					unsigned long end, unsigned long newflags)
{
	return vma_modify(vma, start, end, newflags, vma->anon_name, vma->uffd);
}

struct vm_area_struct *vma_modify_name(struct vm_area_struct *vma, unsigned long start,
				       unsigned long end, struct anon_vma_name *name)
{
	return vma_modify(vma, start, end, vma->vm_flags, name, vma->uffd);
}

struct vm_area_struct *vma_modify_uffd(struct vm_area_struct *vma, unsigned long start,
				       unsigned long end, unsigned long newflags,
				       struct userfaultfd_ctx *uffd)
{
	return vma_modify(vma, start, end, newflags, vma->anon_name, uffd);
}

/* --- split ---------------------------------------------------------------------------------------- */

int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below)
{
	struct address_space *mapping = vma_mapping(vma);
	struct vm_area_struct *new;
	struct vma_pos pos;
	int err = -ENOMEM;

	if (vma->vm_ops && vma->vm_ops->may_split) {
		err = vma->vm_ops->may_split(vma, addr);
		if (err)
			return err;
		err = -ENOMEM;
	}
	new = vm_area_dup(vma);
	if (!new)
		return err;
	vma_tree_find(mm, vma->vm_start, &pos);
	if (vma_tree_prealloc(mm, &pos, 1)) {
		vm_area_free(new);
		return err;
	}
	if (new_below) {
		new->vm_end = addr;
	} else {
		new->vm_start = addr;
		new->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
		pos.level[0].slot++;
		pos.prev = vma;
		pos.next = vma->vm_next;
	}
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops &&new->vm_ops->open)
		new->vm_ops->open(new);

	borders_begin(vma, NULL, NULL);
	if (new_below)
		set_borders(vma, addr, vma->vm_end);
	else
		set_borders(vma, vma->vm_start, addr);
	new->anon_vma = vma->anon_vma; /* a fault may have set it since the copy */
	vma_tree_insert_at(mm, &pos, new);
	if (mapping && is_shared_maywrite(new->vm_flags))
		mapping_allow_writable(mapping);
	borders_end(vma, new);
	if (new->anon_shift)
		anon_vma_add_moved(new);
	return 0;
}

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below)
{
	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	return __split_vma(mm, vma, addr, new_below);
}

void remove_vma(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (vma->vm_file)
		fput(vma->vm_file);
	vm_area_free(vma);
}
