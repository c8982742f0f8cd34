/* SPDX-License-Identifier: MIT */
#ifndef HOST_HEAP_H
#define HOST_HEAP_H
/* Fail the n-th allocation from now on (1: the next); 0: none. And how many objects there are. */
extern long host_fail_nth, host_heap_objects;
/* Asked by per-CPU allocations: is this one to fail? */
_Bool host_pcpu_fail(void);
#endif
