/* SPDX-License-Identifier: MIT */
/*
 * Who calls whom in the kernel, and what for.
 *
 * 1 Purpose. Each instruction of the kernel is counted at a node of a tree: root = the system call,
 * exception or interrupt that it serves, below it the functions by caller.
 *
 * 2 How. A shadow of the kernel's stacks is kept from reset on. Each call tells where it pushed its
 * return address, each ret where it popped one (stream.h): a frame is {slot, node}.
 *
 *	call	push {slot, child of the top's node}
 *	ret	pop down to the frame of that slot
 *	block of another function, without a call: a jump; the top becomes that function (tail call).
 *		If it is the one that called the top, the top has returned by it, and goes
 *	first block after user mode: all frames go, one is made for the entry
 *	entry of a fault within the kernel: a frame below the function that faulted (a copy to the user)
 *	entry of an interrupt within the kernel: a frame below a root of its own, for what
 *		it interrupted has not caused it
 *	iretq within the kernel: pop down to the frame of that entry
 *
 * 3 Tasks. A ret whose slot the current shadow does not hold is the end of a context switch: the
 * shadow is taken up whose top frame holds the slot (of several the one left last: an older one
 * belongs to a task that is gone), or a new one begins (a task's first instructions).
 *
 * 4 System calls. Their number is not visible here. The instructions of the entry are kept
 * apart below a hidden root, until the first function named sys_* or __x64_sys_* is called and
 * tells which system call it is; they are then moved to its root.
 *
 * 5 Limits. Inlined functions belong to their callers; functions of one name are one; code that no
 * symbol covers (modules of Linux that were loaded elsewhere) is "(unknown)". The return thunk of Linux's mitigations
 * counts as part of the function that returns.
 */
#ifndef QUIRE_PLUGIN_STACKS_H
#define QUIRE_PLUGIN_STACKS_H

#include <stdint.h>
#include <stdio.h>

/*
 * Attach to the stream. Counting begins at mark 0 and ends at mark 1. events: at most so many calls and
 * returns are written as they happen, see stacks_finish(). => called once, symbols are read
 */
void stacks_start(FILE *out, uint64_t events);

/*
 * Write the tree (calltree_write()), then "total N", the instructions between the marks. Before it stand
 *	B TIME TASK NAME	a call (TIME: instructions since mark 0)
 *	E TIME TASK		its return
 *	cut TIME		events= were written, the rest is missing
 */
void stacks_finish(void);

#endif
