// SPDX-License-Identifier: MIT
/*
 * cgroup.subtree_control: which controllers the children of a group get.
 *
 * A controller's state exists in a group exactly when its parent enables the controller. So enabling makes a state and
 * files in each child, and disabling takes them away; the tasks below then belong to the nearest ancestor's state.
 * Errors and the order of checks: Linux 6.1 (cgroup_subtree_control_write()), and cgroup-v2.rst.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <fs/seq_file.h>

#include "cgroup_internal.h"

void cgroup_print_mask(struct seq_file *m, u16 mask)
{
	const struct cgroup_subsys *ss;
	const char *gap = "";
	int i;

	for_each_subsys(i, ss) if (mask & (1 << i))
	{
		seq_printf(m, "%s%s", gap, ss->name);
		gap = " ";
	}
	if (*gap)
		seq_putc(m, '\n');
}

/* "+name" or "-name"; the last word about a controller counts. */
static int parse_word(const char *word, u16 *enable, u16 *disable)
{
	const struct cgroup_subsys *ss;
	int i;

	for_each_subsys(i, ss)
	{
		if (strcmp(word + 1, ss->name))
			continue;
		*enable &= ~(1 << i);
		*disable &= ~(1 << i);
		if (*word == '+')
			*enable |= 1 << i;
		else if (*word == '-')
			*disable |= 1 << i;
		else
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

static int parse(char *text, u16 *enable, u16 *disable)
{
	char *word;
	int err;

	while ((word = strsep(&text, " "))) {
		if (!*word)
			continue;
		err = parse_word(word, enable, disable);
		if (err)
			return err;
	}
	return 0;
}

static bool child_enables(struct cgroup *cgrp, u16 bit)
{
	struct cgroup *child;

	cgroup_for_each_child(child, cgrp) if (child->subtree_control & bit) return true;
	return false;
}

/* Drop from both what is so already; what remains must be there to be given, and not be given on. */
static int vet_words(struct cgroup *cgrp, u16 *enable, u16 *disable)
{
	u16 available = cgroup_control(cgrp);
	int i;

	*enable &= ~cgrp->subtree_control;
	*disable &= cgrp->subtree_control;
	if (*enable & ~available)
		return -ENOENT;
	for (i = 0; *disable >> i; i++)
		if ((*disable & (1 << i)) && child_enables(cgrp, 1 << i))
			return -EBUSY;
	return 0;
}

static int vet_enable(struct cgroup *cgrp, u16 enable)
{
	if (!enable)
		return 0;
	if (!cgroup_is_valid_domain(cgrp->dom))
		return -EOPNOTSUPP;
	if (!cgrp->parent)
		return 0;
	if (enable & ~cgroup_threaded_mask()) {
		if (cgroup_is_thread_root(cgrp) || cgroup_is_threaded(cgrp))
			return -EOPNOTSUPP;
	} else if (cgroup_can_be_thread_root(cgrp) || cgroup_is_threaded(cgrp)) {
		return 0;
	}
	return cgrp->nr_tasks ? -EBUSY : 0; /* no internal processes */
}

/* ---- carrying it out; all => cgroup_mutex ---- */

static void set_css(struct cgroup *cgrp, int i, void *css)
{
	spin_lock_irq(&cgroup_tasks_lock);
	cgrp->css[i] = css;
	spin_unlock_irq(&cgroup_tasks_lock);
	cgroup_update_tasks(cgrp, i);
}

void cgroup_disable_css(struct cgroup *cgrp, int i)
{
	void *css = cgrp->css[i];

	if (!css)
		return;
	cgroup_remove_files(cgrp, cgroup_subsys[i]->files);
	set_css(cgrp, i, NULL);
	cgroup_subsys[i]->css_offline(css);
}

int cgroup_enable_css(struct cgroup *cgrp, int i)
{
	void *css = cgroup_subsys[i]->css_alloc(cgrp, cgroup_effective_css(cgrp->parent, i));

	if (IS_ERR(css))
		return PTR_ERR(css);
	set_css(cgrp, i, css);
	return cgroup_add_files(cgrp, cgroup_subsys[i]->files);
}

static void disable(struct cgroup *cgrp, int i)
{
	struct cgroup *child;

	cgroup_for_each_child(child, cgrp) cgroup_disable_css(child, i);
}

static int enable(struct cgroup *cgrp, int i)
{
	struct cgroup *child;
	int err = 0;

	cgroup_for_each_child(child, cgrp)
	{
		/* Within a threaded subtree only what works on threads. */
		if (cgroup_is_threaded(child) && !cgroup_subsys[i]->threaded)
			continue;
		err = cgroup_enable_css(child, i);
		if (err)
			break;
	}
	if (err)
		disable(cgrp, i);
	return err;
}

static void set_control(struct cgroup *cgrp, u16 mask)
{
	spin_lock_irq(&cgroup_tasks_lock);
	cgrp->subtree_control = mask;
	spin_unlock_irq(&cgroup_tasks_lock);
}

/*
 * From the moment that the new mask stands nobody joins a group that may have no members; one who came just before
 * makes the write fail.
 */
static int apply(struct cgroup *cgrp, u16 on, u16 off)
{
	u16 done = 0;
	int i, err = 0;

	spin_lock_irq(&cgroup_tasks_lock);
	err = vet_enable(cgrp, on);
	if (!err)
		cgrp->subtree_control |= on;
	spin_unlock_irq(&cgroup_tasks_lock);
	for (i = 0; !err && on >> i; i++) {
		if (!(on & (1 << i)))
			continue;
		err = enable(cgrp, i);
		if (!err)
			done |= 1 << i;
	}
	if (err) {
		off = done;
		set_control(cgrp, cgrp->subtree_control & ~(on & ~done));
	}
	for (i = 0; off >> i; i++)
		if (off & (1 << i))
			disable(cgrp, i);
	set_control(cgrp, cgrp->subtree_control & ~off);
	return err;
}

int cgroup_subtree_control_write(struct file *file, struct cgroup *cgrp, char *text)
{
	u16 on = 0, off = 0;
	int err = parse(text, &on, &off);

	if (!err)
		err = vet_words(cgrp, &on, &off);
	if (err || !(on | off))
		return err;
	return apply(cgrp, on, off);
}
