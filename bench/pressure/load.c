// SPDX-License-Identifier: MIT
/*
 * The data and the loads of `quire bench pressure`, each the same in every run:
 *
 *	load lines MIB			a text of lines of 4 KiB in random order
 *	load sorted FILE		is such a text sorted?
 *	load source FUNCTIONS		a C program
 *	load scan BIG HOT PASSES	read BIG from end to end, HOT in a random order beside it
 *	load touch MIB PASSES		anonymous memory by a Zipf law, a third of it writes; checked
 *	load redis SOCKET KEYS CALLS	GET and SET upon redis by a Zipf law
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGE 4096ul

static unsigned long seed = 42;

static unsigned long draw(void)
{
	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return seed >> 33;
}

static int give_up(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	return 1;
}

/*
 * Ranks 0 to n-1, rank r about as often as 1/(r + 1): by halves, each power of two of ranks is as likely as the next one,
 * which is Zipf's law of exponent 1 with steps for a curve. Ranks are spread over the whole by a multiplication.
 */
static unsigned long zipf(unsigned long n)
{
	unsigned int bits = 64 - __builtin_clzl(n);
	unsigned long size = 1ul << draw() % bits, rank = size - 1 + draw() % size;

	return rank % n * 0x9e3779b1ul % n;
}

#define LINE PAGE /* bytes, with the line feed; the first 17 are the key */

static int lines(unsigned long mib)
{
	static char line[LINE + 1];

	for (unsigned long i = 0; i < mib << 20; i += LINE) {
		int n = snprintf(line, sizeof(line), "%08lx%08lx ", draw(), draw());

		memset(line + n, 'a' + i / LINE % 26, LINE - 1 - n);
		line[LINE - 1] = '\n';
		if (fwrite(line, LINE, 1, stdout) != 1)
			return give_up("lines");
	}
	return 0;
}

/* Are the lines of a file in order? And their sum. */
static int sorted(const char *file)
{
	char key[24] = "", before[24] = "";
	unsigned long sum = 0, nr = 0;
	int fd = open(file, O_RDONLY);

	for (; pread(fd, key, 20, nr * LINE) == 20; nr++) {
		if (strcmp(before, key) > 0)
			return give_up("not sorted");
		for (int i = 0; i < 20; i++)
			sum = sum * 31 + key[i];
		strcpy(before, key);
	}
	printf("%lu lines in order, %lx\n", nr, sum);
	return 0;
}

static int source(unsigned long functions)
{
	printf("#include <stdio.h>\nstruct s { long a[8]; double d; char name[16]; };\n");
	for (unsigned long i = 0; i < functions; i++)
		printf("static long f%lu(struct s *s, long n)\n{\n\tlong sum = %lu;\n"
		       "\tfor (long i = 0; i < n; i++) {\n\t\tswitch ((s->a[i %% 8] + i) %% 5) {\n"
		       "\t\tcase 0: sum += s->a[i %% 8] * %lu; break;\n\t\tcase 1: sum ^= n << (i & 7); break;\n"
		       "\t\tcase 2: s->a[(i + 1) %% 8] = sum; break;\n\t\tcase 3: s->d = s->d * 1.5 + sum; break;\n"
		       "\t\tdefault: snprintf(s->name, sizeof(s->name), \"%%ld\", sum);\n\t\t}\n\t}\n"
		       "\treturn sum + %s;\n}\n",
		       i, draw() % 1000, draw() % 100 + 1, i ? "s->a[0]" : "n");
	printf("int main(void)\n{\n\tstruct s s = { .a = { 1, 2, 3 } };\n\tunsigned long all = 0;\n");
	for (unsigned long i = 0; i < functions; i++)
		printf("\tall = all * 31 + f%lu(&s, %lu);\n", i, i % 17);
	printf("\tprintf(\"%%lu\\n\", all);\n\treturn 0;\n}\n");
	return 0;
}

static int scan(const char *big, const char *hot, int passes)
{
	static char buf[1 << 18];
	int fd = open(big, O_RDONLY), hot_fd = open(hot, O_RDONLY);
	unsigned long sum = 0, nr;
	struct stat st;
	ssize_t n;

	if (fd < 0 || hot_fd < 0 || fstat(hot_fd, &st))
		return give_up(big);
	nr = st.st_size / PAGE;
	for (int pass = 0; pass < passes; pass++) {
		lseek(fd, 0, SEEK_SET);
		while ((n = read(fd, buf, sizeof(buf))) > 0) {
			sum = sum * 31 + (unsigned char)buf[n / 2];
			/* As many pages of the hot ones, each once in a few MiB of the other file. */
			for (int i = 0; i < 256; i++) {
				if (pread(hot_fd, buf, 64, draw() % nr * PAGE) != 64)
					return give_up(hot);
				sum += (unsigned char)buf[7];
			}
		}
	}
	printf("%lu\n", sum);
	return 0;
}

static int touch(unsigned long mib, unsigned long passes)
{
	unsigned long nr = mib << 8, *p = mmap(NULL, nr * PAGE, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int *turn = calloc(nr, sizeof(*turn));

	if (p == MAP_FAILED || !turn)
		return give_up("memory");
	for (unsigned long i = 0; i < nr; i++)
		p[i * 512] = p[i * 512 + 511] = i;
	for (unsigned long n = 0; n < passes * nr; n++) {
		unsigned long i = zipf(nr), want = i + ((unsigned long)turn[i] << 32);

		if (p[i * 512] != want || p[i * 512 + 511] != want) {
			fprintf(stderr, "load: page %lu is wrong\n", i);
			return 1;
		}
		if (n % 3 == 0)
			p[i * 512] = p[i * 512 + 511] = i + ((unsigned long)++turn[i] << 32);
	}
	printf("%lu pages right\n", nr);
	return 0;
}

static bool answered(FILE *f, unsigned long *sum)
{
	static char data[16384];
	long len;

	if (!fgets(data, sizeof(data), f) || *data == '-')
		return false;
	if (*data != '$')
		return true;
	len = atol(data + 1);
	if (len < 0)
		return true;
	*sum += len;
	return len + 2 <= (long)sizeof(data) && fread(data, len + 2, 1, f) == 1;
}

static int redis(const char *path, unsigned long keys, unsigned long calls)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	static char value[4001];
	unsigned long sum = 0;
	FILE *in, *out;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return give_up(path);
	in = fdopen(fd, "r");
	out = fdopen(dup(fd), "w");
	memset(value, 'v', sizeof(value) - 1);
	for (unsigned long n = 0; n < calls; n++) {
		unsigned long key = zipf(keys);

		if (n % 4 == 3)
			fprintf(out, "SET key:%lu %s\r\n", key, value);
		else
			fprintf(out, "GET key:%lu\r\n", key);
		fflush(out);
		if (!answered(in, &sum))
			return give_up("redis");
	}
	printf("%lu bytes\n", sum);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "lines") && argc == 3)
		return lines(strtoul(argv[2], NULL, 0));
	if (!strcmp(what, "sorted") && argc == 3)
		return sorted(argv[2]);
	if (!strcmp(what, "source") && argc == 3)
		return source(strtoul(argv[2], NULL, 0));
	if (!strcmp(what, "scan") && argc == 5)
		return scan(argv[2], argv[3], atoi(argv[4]));
	if (!strcmp(what, "touch") && argc == 4)
		return touch(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	if (!strcmp(what, "redis") && argc == 5)
		return redis(argv[2], strtoul(argv[3], NULL, 0), strtoul(argv[4], NULL, 0));
	fprintf(stderr, "load: the beginning of bench/pressure/load.c tells the calls\n");
	return 125;
}
