// SPDX-License-Identifier: MIT
/* Canary: both compilers must warn of the unused variable. */
int canary(void);

int canary(void)
{
	int unused;

	return 0;
}
