/* SPDX-License-Identifier: MIT */
/*
 * Two threads as coroutines, switched only at chosen points. The files under test are compiled with -fsanitize=thread and
 * linked with our own hooks in place of the sanitizer: so every access to memory is a point.
 */
#pragma once

struct scenario {
	void (*setup)(void);
	void (*first)(void);
	void (*second)(void);
	void (*teardown)(void);
};

/* Run every schedule with up to two preemptions, either thread first; number of schedules. */
long explore(const struct scenario *s);
void yield_point(void);
/* The running thread has to wait: let the other one go on. 0: it has ended. */
int yield_to_other(void);
