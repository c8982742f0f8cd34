// SPDX-License-Identifier: MIT
/* Canary: clang-tidy must find the loop that never ends. */
int canary(void);

int canary(void)
{
	int i = 0, j = 0;

	while (i < 10)
		j++;
	return j;
}
