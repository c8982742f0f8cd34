// SPDX-License-Identifier: MIT
/* tools/unused.py must see that nobody calls canary_uncalled(); a declaration, a member, a comment and its own body are no call. */
struct canary {
	int (*canary_uncalled)(int x);
};

int canary_called(int x);
int canary_uncalled(int x);

int canary_called(int x)
{
	return x + 1;
}

int canary_uncalled(int x)
{
	struct canary c = { .canary_uncalled = canary_called };

	return x ? canary_uncalled(x - 1) : c.canary_uncalled(x);
}
