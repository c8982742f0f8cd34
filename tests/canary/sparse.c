// SPDX-License-Identifier: MIT
/* Canary: sparse must find the plain use of a user pointer. */
#include <base/types.h>

int canary(const int __user *p);

int canary(const int __user *p)
{
	return *p;
}
