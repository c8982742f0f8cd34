// SPDX-License-Identifier: MIT
/* Fuzz target of the kernel's command line: the parser, what goes to init, sizes and numbers in it. */
#include <base/types.h>

#include "../../kernel/params.c"
#define names size_names
#include "../../base/kstrto.c"
#undef names

void *malloc(unsigned long n);
void free(void *p);
void abort(void) __attribute__((noreturn));
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int printk(const char *fmt, ...)
{
	return 0;
}

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t n = strnlen(src, size);

	if (n == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, n + 1);
	return n;
}

/* Known parameters: one that takes a size, one that takes a number, one that refuses everything. */
static unsigned long long a_size;

static int take_size(char *val)
{
	char *end;

	a_size = memparse(val, &end);
	if (end < val || end > val + strlen(val))
		abort();
	return 1;
}
static int take_number(char *val)
{
	unsigned long long n;
	bool b;
	int i;

	if (!kstrtobool(val, &b) && b > 1)
		abort();
	while (get_option(&val, &i) == 2)
		;
	return kstrtoull(val, 0, &n) == 0;
}
static int refuse(char *val)
{
	return 0;
}
const struct obs_kernel_param __setup_start[] = { { "mem=", take_size, 0 },
						  { "loglevel=", take_number, 0 },
						  { "quiet", refuse, 0 } };
static_assert(sizeof(struct obs_kernel_param) == 24, "three of them");
__asm__(".globl __setup_end\n.set __setup_end, __setup_start + 72");

static void check_list(const char **list, int max, const char *line, size_t size)
{
	int n = 0;

	while (list[n])
		n++;
	if (n > max)
		abort();
	for (int i = 0; i < n; i++)
		if (list[i] >= line && list[i] < line + size &&
		    list[i] + strlen(list[i]) > line + size)
			abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* Exactly so large: a read or write outside is the sanitizer's. */
	char *line = malloc(size + 1);

	memcpy(line, data, size);
	line[size] = '\0';
	memset(argv_init + 1, 0, sizeof(argv_init) - sizeof(argv_init[0]));
	envp_init[0] = "HOME=/"; /* a line can name these again */
	envp_init[1] = "TERM=linux";
	memset(envp_init + 2, 0, sizeof(envp_init) - 2 * sizeof(envp_init[0]));
	parse_boot_args(line);
	check_list(argv_init, MAX_INIT_ARGS + 1, line, size);
	check_list(envp_init, MAX_INIT_ENVS + 1, line, size);
	free(line);
	return 0;
}
