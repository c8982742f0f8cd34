// SPDX-License-Identifier: MIT
/* base/: trees, bits, text, sorting, strings, against libc or a simple model, with random operations. */
#include <base/bitmap.h>
#include <base/cpumask.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/rbtree.h>
#include <base/sort.h>
#include <base/string.h>
#include <host/test.h>

/* ---- red-black trees ---- */
struct node {
	struct rb_node rb;
	unsigned long key, max;
	bool in;
};
#define own_key(n) ((n)->key)
RB_DECLARE_CALLBACKS_MAX(static, max_aug, struct node, rb, unsigned long, max, own_key);

/* Colours, order and the derived maximum; the black height. */
static int check_tree(struct rb_node *rb, unsigned long lo, unsigned long hi, unsigned int *count)
{
	struct node *n = rb_entry_safe(rb, struct node, rb);
	unsigned long max;
	int l, r;
	bool red;

	if (!rb)
		return 1;
	(*count)++;
	CHECK(n->key >= lo && n->key <= hi);
	red = !(rb->__rb_parent_color & 1);
	if (red) {
		CHECK(!rb->rb_left || (rb->rb_left->__rb_parent_color & 1));
		CHECK(!rb->rb_right || (rb->rb_right->__rb_parent_color & 1));
	}
	CHECK(!rb->rb_left || rb_parent(rb->rb_left) == rb);
	CHECK(!rb->rb_right || rb_parent(rb->rb_right) == rb);
	l = check_tree(rb->rb_left, lo, n->key, count);
	r = check_tree(rb->rb_right, n->key, hi, count);
	CHECK_EQ(l, r);
	max = n->key;
	if (rb->rb_left)
		max = max_t(unsigned long, max, rb_entry(rb->rb_left, struct node, rb)->max);
	if (rb->rb_right)
		max = max_t(unsigned long, max, rb_entry(rb->rb_right, struct node, rb)->max);
	CHECK_EQ(max, n->max);
	return l + !red;
}

static void insert(struct rb_root_cached *root, struct node *n)
{
	struct rb_node **link = &root->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	n->max = n->key;
	while (*link) {
		struct node *p = rb_entry(*link, struct node, rb);

		parent = *link;
		if (p->max < n->key)
			p->max = n->key;
		if (n->key < p->key) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&n->rb, parent, link);
	rb_insert_augmented_cached(&n->rb, root, leftmost, &max_aug);
}

TEST(rbtree_random_operations)
{
	static struct node nodes[200];
	struct rb_root_cached root = RB_ROOT_CACHED;
	unsigned int in = 0;

	for (int step = 0; step < 20000; step++) {
		struct node *n = &nodes[host_random_below(200)];
		unsigned int count = 0;

		if (n->in) {
			rb_erase_augmented_cached(&n->rb, &root, &max_aug);
			in--;
		} else {
			n->key = host_random_below(1000);
			insert(&root, n);
			in++;
		}
		n->in = !n->in;
		if (step % 16 == 0) {
			check_tree(root.rb_root.rb_node, 0, ~0UL, &count);
			CHECK_EQ(count, in);
			CHECK(rb_first(&root.rb_root) == rb_first_cached(&root));
			count = 0;
			for (struct rb_node *p = rb_last(&root.rb_root); p; p = rb_prev(p))
				count++;
			CHECK_EQ(count, in);
		}
	}
}

/* ---- bits ---- */
TEST(bit_numbers)
{
	CHECK_EQ(ffs(0), 0);
	CHECK_EQ(ffs(8), 4);
	CHECK_EQ(fls(0), 0);
	CHECK_EQ(fls(0x80000000u), 32);
	CHECK_EQ(fls64(1ULL << 40), 41);
	CHECK_EQ(__ffs(1UL << 63), 63);
	CHECK_EQ(__fls(3), 1);
	CHECK_EQ(ilog2(4096UL), 12);
	CHECK_EQ(order_base_2(4097), 13);
	CHECK_EQ(roundup_pow_of_two(5), 8);
	CHECK_EQ(rounddown_pow_of_two(5), 4);
	for (int i = 0; i < 1000; i++) {
		u64 x = host_random();

		CHECK_EQ(hweight64(x), __builtin_popcountll(x));
		CHECK_EQ(ilog2(x | 1), 63 - __builtin_clzll(x | 1));
	}
}

TEST(bitmaps_against_bytes)
{
	enum { N = 300 };
	DECLARE_BITMAP(map, N);
	u8 model[N] = { 0 };

	bitmap_zero(map, N);
	for (int step = 0; step < 3000; step++) {
		unsigned int start = host_random_below(N), len = host_random_below(N - start + 1),
			     pos = host_random_below(N);
		unsigned int i, weight = 0;

		if (step % 2) {
			bitmap_set(map, start, len);
			for (i = start; i < start + len; i++)
				model[i] = 1;
		} else {
			bitmap_clear(map, start, len);
			for (i = start; i < start + len; i++)
				model[i] = 0;
		}
		for (i = pos; i < N && !model[i]; i++)
			;
		CHECK_EQ(find_next_bit(map, N, pos), i);
		for (i = pos; i < N && model[i]; i++)
			;
		CHECK_EQ(find_next_zero_bit(map, N, pos), i);
		for (i = 0; i < N; i++)
			weight += model[i];
		CHECK_EQ(bitmap_weight(map, N), weight);
		for (i = N; i > 0 && !model[i - 1]; i--)
			;
		CHECK_EQ(find_last_bit(map, N), i ? i - 1 : N);
	}
}

TEST(bitmap_lists)
{
	DECLARE_BITMAP(map, 128);
	char buf[64];

	CHECK_EQ(bitmap_parselist("0-3,5,64-66\n", map, 128), 0);
	snprintf(buf, sizeof(buf), "%*pbl", 128, map);
	CHECK(!strcmp(buf, "0-3,5,64-66"));
	CHECK_EQ(bitmap_parselist("0-128", map, 128), -ERANGE);
	CHECK_EQ(bitmap_parselist("3-1", map, 128), -EINVAL);
	CHECK_EQ(bitmap_parselist("x", map, 128), -EINVAL);
}

/* ---- text ---- */
static void same(const char *fmt, ...)
{
	char ours[200], libcs[200];
	va_list a, b;
	int n, m;

	for (size_t size = 0; size < 200; size = size < 40 ? size + 7 : size * 2) {
		memset(ours, 'x', sizeof(ours));
		memset(libcs, 'x', sizeof(libcs));
		va_start(a, fmt);
		n = vsnprintf(ours, size, fmt, a);
		va_end(a);
		va_start(b, fmt);
		m = os_vsnprintf(libcs, size, fmt, b);
		va_end(b);
		if (n != m || memcmp(ours, libcs, sizeof(ours))) {
			host_note("format %s, size %zu: ours %d, libc's %d", fmt, size, n, m);
			ours[199] = libcs[199] = 0;
			host_note("ours  \"%s\"", ours);
			host_note("libcs \"%s\"", libcs);
			CHECK(!"the same text");
		}
	}
}

TEST(printf_as_libc)
{
	static const char *const flags[] = { "", "-", "0", "+", " ", "#", "-+", "0+", "#0", "-#" };
	static const char *const widths[] = { "", "1", "8", "20", ".0", ".3", "12.5", "3.9" };
	static const char conv[] = "diuxXo";

	for (unsigned int f = 0; f < ARRAY_SIZE(flags); f++) {
		for (unsigned int wi = 0; wi < ARRAY_SIZE(widths); wi++) {
			for (const char *c = conv; *c; c++) {
				char fmt[32];

				snprintf(fmt, sizeof(fmt), "<%%%s%s%c>", flags[f], widths[wi], *c);
				for (int k = 0; k < 4; k++)
					same(fmt, k == 0 ? 0 : k == 1 ? -1 : (int)host_random());
				snprintf(fmt, sizeof(fmt), "<%%%s%sll%c>", flags[f], widths[wi],
					 *c);
				same(fmt, (long long)host_random());
				same(fmt, 0LL);
			}
		}
	}
	same("%s|%10s|%-10s|%.2s|%c|%%|%*d|%-*d|%.*s", "abc", "def", "ghi", "jkl", 'm', 7, 42, 7,
	     43, 2, "nop");
	same("%hhd %hhu %hd %hu %ld %lu %zu %zd", -1, 300, -1, 70000, -5L, 5UL, (size_t)9,
	     (ssize_t)-9);
	same("%5c|%-5c|%s", 'a', 'b', "");
}

TEST(printf_extensions)
{
	char buf[100];
	u8 bytes[4] = { 1, 0xab, 3, 4 };

	snprintf(buf, sizeof(buf), "%*ph", 4, bytes);
	CHECK(!strcmp(buf, "01 ab 03 04"));
	snprintf(buf, sizeof(buf), "%pe", (void *)-ENOMEM);
	CHECK(!strcmp(buf, "-ENOMEM"));
	CHECK_EQ(scnprintf(buf, 4, "abcdef"), 3);
	CHECK_EQ(scnprintf(buf, 0, "abcdef"), 0);
}

TEST(numbers_from_text)
{
	unsigned long ul;
	long l;
	int i;
	u8 b8;
	bool b;
	char *end;

	CHECK_EQ(kstrtoul("0x1f\n", 0, &ul), 0);
	CHECK_EQ(ul, 31);
	CHECK_EQ(kstrtoul("017", 0, &ul), 0);
	CHECK_EQ(ul, 15);
	CHECK_EQ(kstrtoul("18446744073709551615", 10, &ul), 0);
	CHECK_EQ(kstrtoul("18446744073709551616", 10, &ul), -ERANGE);
	CHECK_EQ(kstrtoul("", 10, &ul), -EINVAL);
	CHECK_EQ(kstrtoul("1x", 10, &ul), -EINVAL);
	CHECK_EQ(kstrtoul("-1", 10, &ul), -EINVAL);
	CHECK_EQ(kstrtol("-9223372036854775808", 10, &l), 0);
	CHECK_EQ(kstrtol("9223372036854775808", 10, &l), -ERANGE);
	CHECK_EQ(kstrtoint("2147483648", 10, &i), -ERANGE);
	CHECK_EQ(kstrtou8("256", 10, &b8), -ERANGE);
	CHECK_EQ(kstrtobool("on", &b), 0);
	CHECK(b);
	CHECK_EQ(kstrtobool("maybe", &b), -EINVAL);
	CHECK_EQ(memparse("16M,rest", &end), 16 << 20);
	CHECK_EQ(*end, ',');
}

/* ---- sorting ---- */
static int cmp_int(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return x < y ? -1 : x > y;
}

TEST(sort_as_libc)
{
	int a[300], b[300];

	for (int round = 0; round < 100; round++) {
		unsigned int n = host_random_below(300);

		for (unsigned int i = 0; i < n; i++)
			a[i] = b[i] = host_random_below(n + 1);
		sort(a, n, sizeof(int), cmp_int, NULL);
		os_qsort(b, n, sizeof(int), cmp_int);
		CHECK(!memcmp(a, b, n * sizeof(int)));
		if (n) {
			int key = a[n / 2], *p = bsearch(&key, a, n, sizeof(int), cmp_int);

			CHECK(p && *p == key);
		}
	}
}

/* ---- memory and strings ---- */
TEST(mem_functions_against_bytes)
{
	static u8 a[300], b[300];

	for (int round = 0; round < 3000; round++) {
		unsigned int from = host_random_below(100), to = host_random_below(100),
			     n = host_random_below(150), i;
		int c = host_random_below(256), d;

		for (i = 0; i < sizeof(a); i++)
			a[i] = b[i] = host_random();
		switch (round % 3) {
		case 0:
			memmove(a + to, a + from, n);
			if (to < from)
				for (i = 0; i < n; i++)
					b[to + i] = b[from + i];
			else
				for (i = n; i-- > 0;)
					b[to + i] = b[from + i];
			break;
		case 1:
			memset(a + to, c, n);
			for (i = 0; i < n; i++)
				b[to + i] = c;
			break;
		case 2:
			to += 150 - (to > 50 ? 50 : 0);
			n = n > 90 ? 90 : n;
			memcpy(a + to, a + from % 50, n);
			for (i = 0; i < n; i++)
				b[to + i] = b[from % 50 + i];
		}
		for (i = 0; i < sizeof(a); i++)
			CHECK_EQ(a[i], b[i]);
		CHECK_EQ(memcmp(a, b, sizeof(a)), 0);
		i = host_random_below(sizeof(a));
		a[i] ^= 1;
		d = memcmp(a, b, sizeof(a));
		CHECK((d < 0) == (a[i] < b[i]) && d != 0);
	}
}

TEST(strings)
{
	char buf[8], *p, text[] = "a,b,,c";

	CHECK_EQ(strscpy(buf, "1234567", sizeof(buf)), 7);
	CHECK_EQ(strscpy(buf, "12345678", sizeof(buf)), -E2BIG);
	CHECK_EQ(strlen(buf), 7);
	CHECK_EQ(strnlen("abc", 2), 2);
	CHECK(strcmp("abc", "abd") < 0 && strncmp("abc", "abd", 2) == 0);
	CHECK_EQ(strcasecmp("HeLLo", "hEllO"), 0);
	p = text;
	CHECK(!strcmp(strsep(&p, ","), "a"));
	CHECK(!strcmp(strsep(&p, ","), "b"));
	CHECK(!strcmp(strsep(&p, ","), ""));
	CHECK(!strcmp(strsep(&p, ","), "c"));
	CHECK(!strsep(&p, ","));
	CHECK(strstr("needle in hay", "in h") != NULL);
	CHECK(!strstr("needle", "x"));
	CHECK(sysfs_streq("on\n", "on"));
	CHECK_EQ(strspn("aabbc", "ab"), 4);
	CHECK_EQ(strcspn("aabbc", "c"), 4);
	CHECK(!memchr_inv("aaaa", 'a', 4));
}
