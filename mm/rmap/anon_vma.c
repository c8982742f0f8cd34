// SPDX-License-Identifier: MIT
/*
 * Which page tables may map an anonymous page?
 *
 * 1 Purpose. From an anonymous page, find every address space and address that may map it, at next to no
 *   cost for fault, mmap, munmap and fork.
 *
 * 2 Structure. A tree of anon_vma nodes that mirrors the forks since the last exec. Each mm belongs to one
 *   node. A page born in an mm points to the node of that mm (page->mapping), and its index is the page
 *   number of the address where it was born. fork copies entries only from parent to child, at the
 *   same address; so all that can map a page is
 *	- the mms of its node and of the nodes below, at address index << PAGE_SHIFT;
 *	- in these mms, VMAs that mremap has moved since: they hang on mm->anon_moved, and their
 *	  anon_shift says by how many pages. Their pages keep node and index.
 *   There is nothing per VMA: the VMA of an address is found in the VMA tree of its mm.
 *   vma->anon_vma only remembers that the VMA may have anonymous pages.
 *
 *   When the last sharer of a page writes to it and takes it over, the page changes to his node, so that
 *   later walks are short. A chain of forks whose parents exit would grow for ever; below depth
 *   ANON_VMA_MAX_DEPTH children join the node of their parent.
 *
 * 3 Invariants (anon_vma_check): nr = mms + children of each node; depth = parent's + 1; an mm is on the
 *   list of mm->anon_vma; exactly the VMAs with anon_shift != 0 and anon_vma are on anon_moved.
 *
 * 4 Locks. The rwsem of the root guards the tree, all lists of mms and all anon_moved lists. Rank: under
 *   mmap_lock and i_mmap_rwsem, above page-table locks. A walk holds it for reading, which keeps mms (and
 *   their tables: exit_mmap leaves the family before it frees them) in place. fork enters the child
 *   into the family before it copies the first entry, so that a walk that visits the parent first,
 *   then the child, misses none.
 *
 * 5 Failure. Allocating a node for exec or fork; nothing later, so a fault cannot fail for want of one.
 *   Worst case: a page shared over fork is looked for in each living descendant, as in Linux; moved VMAs
 *   are searched one by one.
 *
 * 6 Linux (mm/rmap.c) has the same tree per VMA: anon_vma, anon_vma_chain, an interval tree in each, two
 *   allocations per VMA at the first fault and one per VMA and ancestor at fork. It finds VMAs under
 *   the anon_vma lock; here the walk takes the VMA's read lock, and reports "busy" when somebody
 *   changes it just then.
 *
 * 7 Observe: slabinfo anon_vma.
 */
#include <base/bug.h>
#include <base/errno.h>
#include <mm/slab.h>
#include <mm/gfp.h>
#include <mm/rmap.h>
#include <mm/vma_tree.h>

static struct kmem_cache *anon_vma_cachep;

void anon_vma_init(void)
{
	anon_vma_cachep = kmem_cache_create("anon_vma", sizeof(struct anon_vma), 0,
					    SLAB_TYPESAFE_BY_RCU | SLAB_PANIC | SLAB_ACCOUNT, NULL);
}

static struct anon_vma *node_alloc(struct anon_vma *parent)
{
	struct anon_vma *av = kmem_cache_alloc(anon_vma_cachep, GFP_KERNEL);

	if (!av)
		return NULL;
	av->root = parent ? parent->root : av;
	av->parent = parent;
	av->depth = parent ? parent->depth + 1 : 0;
	av->nr = 0;
	INIT_LIST_HEAD(&av->mms);
	INIT_LIST_HEAD(&av->children);
	INIT_LIST_HEAD(&av->sibling);
	init_rwsem(&av->rwsem, LOCK_ANON_VMA);
	return av;
}

static void join(struct mm_struct *mm, struct anon_vma *av)
{
	mm->anon_vma = av;
	list_add_tail(&mm->anon_node, &av->mms);
	av->nr++;
}

int anon_vma_new(struct mm_struct *mm)
{
	struct anon_vma *av = node_alloc(NULL);

	if (!av)
		return -ENOMEM;
	join(mm, av);
	return 0;
}

int anon_vma_fork(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct anon_vma *parent = oldmm->anon_vma, *av = parent;

	if (parent->depth < ANON_VMA_MAX_DEPTH) {
		av = node_alloc(parent);
		if (!av)
			return -ENOMEM;
	}
	down_write(&parent->root->rwsem);
	if (av != parent) {
		list_add_tail(&av->sibling, &parent->children);
		parent->nr++;
	}
	join(mm, av);
	up_write(&parent->root->rwsem);
	return 0;
}

void anon_vma_exit(struct mm_struct *mm)
{
	struct anon_vma *av = mm->anon_vma, *root, *parent, *dead = NULL;

	if (!av)
		return;
	root = av->root;
	down_write(&root->rwsem);
	list_del_init(&mm->anon_node);
	list_del_init(&mm->anon_moved);
	mm->anon_vma = NULL;
	for (; av && !--av->nr; av = parent) {
		parent = av->parent;
		list_del(&av->sibling);
		av->parent = dead; /* collect: the root may be among them */
		dead = av;
	}
	up_write(&root->rwsem);
	for (; dead; dead = parent) {
		parent = dead->parent;
		kmem_cache_free(anon_vma_cachep, dead);
	}
}

void anon_vma_add_moved(struct vm_area_struct *vma)
{
	struct anon_vma *root = vma->vm_mm->anon_vma->root;

	down_write(&root->rwsem);
	list_add_tail(&vma->anon_moved, &vma->vm_mm->anon_moved);
	up_write(&root->rwsem);
}

void anon_vma_del_moved(struct vm_area_struct *vma)
{
	struct anon_vma *root;

	if (likely(list_empty(&vma->anon_moved)) || !vma->vm_mm->anon_vma)
		return;
	root = vma->vm_mm->anon_vma->root;
	down_write(&root->rwsem);
	list_del_init(&vma->anon_moved);
	up_write(&root->rwsem);
}

void anon_vma_check(struct mm_struct *mm)
{
	struct anon_vma *av = mm->anon_vma;
	struct list_head *pos;
	unsigned int nr = 0, moved = 0;
	bool found = false;

	down_read(&av->root->rwsem);
	BUG_ON(av->depth != (av->parent ? av->parent->depth + 1 : 0));
	list_for_each (pos, &av->mms) {
		nr++;
		found |= pos == &mm->anon_node;
	}
	list_for_each (pos, &av->children)
		nr++;
	BUG_ON(nr != av->nr || !found);
	list_for_each (pos, &mm->anon_moved)
		moved++;
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next) {
		bool on = !list_empty(&vma->anon_moved);

		BUG_ON(on != (vma->anon_shift != 0));
		BUG_ON(vma->anon_vma && vma->anon_vma != av);
		moved -= on;
	}
	BUG_ON(moved);
	up_read(&av->root->rwsem);
}
