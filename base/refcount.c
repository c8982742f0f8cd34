// SPDX-License-Identifier: MIT
/* A reference count went wrong: it stays where it is for good, so that the object is leaked rather than used after it is freed. */
#include <base/atomic.h>
#include <base/bug.h>

void refcount_warn_saturate(refcount_t *r, const char *what)
{
	atomic_set(&r->refs, REFCOUNT_SATURATED);
	WARN_ONCE(1, "refcount_t: %s\n", what);
}
