/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: sync/workqueue.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
struct work_struct {
	int x;
};
#define INIT_WORK(w, f)	 ((void)(f))
#define schedule_work(w) ((void)(w))
