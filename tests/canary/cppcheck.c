// SPDX-License-Identifier: MIT
/* Canary: cppcheck must find the index outside of the array. */
int canary(void)
{
	int a[4] = { 0 };

	return a[4];
}
