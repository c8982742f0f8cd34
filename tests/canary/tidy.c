// SPDX-License-Identifier: MIT
/* Canary: clang-tidy must find the sizeof of a sizeof. */
unsigned long canary(const int *p)
{
	return sizeof(sizeof(*p));
}
