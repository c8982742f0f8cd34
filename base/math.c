// SPDX-License-Identifier: MIT
/* Integer arithmetic that is more than an expression. */
#include <base/math.h>

unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0;

	/* From the highest bit down: it belongs to the root when the square does not pass x. */
	for (unsigned long bit = 1UL << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}
