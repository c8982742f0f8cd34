// SPDX-License-Identifier: MIT
/* A program that ends at once; linked statically and dynamically, for the operations with exec. */
int main(void)
{
	return 0;
}
