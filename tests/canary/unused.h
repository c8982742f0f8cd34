/* SPDX-License-Identifier: MIT */
/* tools/unused.py must see that nobody calls canary_unused(); naming it here is not a call. */
static inline int canary_used(int x)
{
	return x + 1;
}

static inline int canary_unused(int x)
{
	return canary_used(x);
}
