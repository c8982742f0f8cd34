// SPDX-License-Identifier: MIT
/*
 * kallsyms OUTPUT.S < `nm -n` - the symbol table that is linked into the kernel, as kernel/kallsyms.c reads it.
 *
 * Symbols are sorted by address. Each is an entry in kallsyms_entries: the step from the symbol before, the number of
 * codes, the codes. A code is a byte and stands for the characters that kallsyms_tokens holds for it: a character that
 * occurs in names stands for itself, the other bytes stand for two codes each, chosen one by one as the pair that is
 * most frequent then (byte pair encoding, P. Gage 1994; Linux packs its names alike). The first character of a name
 * is the type that nm prints. Each 16th symbol has a mark: its address and its entry, whose step is 0.
 *
 * A step is 1 byte (0xxxxxxx), 2 (10xxxxxx, high bits first) or 4 (11xxxxxx). Symbols of data always have 4: they move
 * while the table grows from link to link, and the table must not change its size again for that.
 * No input gives an empty table, for the first link.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_MAP     0xffffffff80000000ull
#define NAMES_PER_MARK 16

struct symbol {
	uint64_t address;
	unsigned int n; /* codes */
	unsigned char *code;
};

static struct symbol *symbols;
static size_t nr_symbols;

static struct token {
	bool used;
	char text[256];
} tokens[256];

static void __attribute__((noreturn)) fail(const char *why)
{
	fprintf(stderr, "kallsyms: %s\n", why);
	exit(1);
}

/* Labels and the tables of the build are no names for a trace. */
static bool is_wanted(char type, const char *name)
{
	static const char *const no[] = { ".L",
					  "$",
					  "__initcall_",
					  "__setup_",
					  "__syscall_def_",
					  "__selftest_def_",
					  "__func__.",
					  "__PRETTY_FUNCTION__" };

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (!strncmp(name, no[i], strlen(no[i])))
			return false;
	return strchr("TtDdBbRrWwVv", type);
}

static void add(uint64_t address, char type, const char *name)
{
	static size_t room;
	struct symbol *s;

	if (nr_symbols == room) {
		room = room ? 2 * room : 4096;
		symbols = realloc(symbols, room * sizeof(*symbols));
		if (!symbols)
			fail("out of memory");
	}
	s = &symbols[nr_symbols++];
	s->address = address;
	s->n = strlen(name) + 1;
	s->code = malloc(s->n);
	if (!s->code || s->n > 127)
		fail("a name is too long");
	s->code[0] = type;
	memcpy(s->code + 1, name, s->n - 1);
}

static void read_symbols(void)
{
	unsigned long long address;
	char line[512], name[256], type;

	while (fgets(line, sizeof(line), stdin))
		if (sscanf(line, "%llx %c %255s", &address, &type, name) == 3 &&
		    address >= KERNEL_MAP && is_wanted(type, name))
			add(address, type, name);
}

/* ---- packing ---- */

static unsigned int pairs[256][256];

static void count_pairs(void)
{
	memset(pairs, 0, sizeof(pairs));
	for (size_t i = 0; i < nr_symbols; i++)
		for (unsigned int c = 0; c + 1 < symbols[i].n; c++)
			pairs[symbols[i].code[c]][symbols[i].code[c + 1]]++;
}

static unsigned int best_pair(unsigned int *first, unsigned int *second)
{
	unsigned int best = 0;

	for (unsigned int a = 0; a < 256; a++)
		for (unsigned int b = 0; b < 256; b++)
			if (pairs[a][b] > best && strlen(tokens[a].text) + strlen(tokens[b].text) <
							  sizeof(tokens[0].text)) {
				best = pairs[a][b];
				*first = a;
				*second = b;
			}
	return best;
}

static void replace_pair(struct symbol *s, unsigned int first, unsigned int second,
			 unsigned char by)
{
	unsigned int to = 0;

	for (unsigned int c = 0; c < s->n; c++) {
		if (c + 1 < s->n && s->code[c] == first && s->code[c + 1] == second) {
			s->code[to++] = by;
			c++;
		} else {
			s->code[to++] = s->code[c];
		}
	}
	s->n = to;
}

static void pack(void)
{
	unsigned int first, second;

	for (size_t i = 0; i < nr_symbols; i++)
		for (unsigned int c = 0; c < symbols[i].n; c++) {
			struct token *t = &tokens[symbols[i].code[c]];

			t->used = true;
			t->text[0] = symbols[i].code[c];
		}
	for (unsigned int free_code = 0; free_code < 256; free_code++) {
		struct token *t = &tokens[free_code];

		if (t->used)
			continue;
		count_pairs();
		if (best_pair(&first, &second) < 4)
			break;
		t->used = true;
		strcpy(t->text, tokens[first].text);
		strcat(t->text, tokens[second].text);
		for (size_t i = 0; i < nr_symbols; i++)
			replace_pair(&symbols[i], first, second, free_code);
	}
}

/* ---- writing ---- */

static unsigned int put_step(FILE *out, bool text, uint64_t step)
{
	if (text && step < 1 << 7) {
		fprintf(out, "\t.byte %#x", (unsigned int)step);
		return 1;
	}
	if (text && step < 1 << 14) {
		fprintf(out, "\t.byte %#x, %#x", 0x80 | (unsigned int)(step >> 8),
			(unsigned int)(step & 255));
		return 2;
	}
	if (step >= 1 << 30)
		fail("two symbols are too far apart");
	fprintf(out, "\t.byte %#x, %#x, %#x, %#x", 0xc0 | (unsigned int)(step >> 24),
		(unsigned int)(step >> 16 & 255), (unsigned int)(step >> 8 & 255),
		(unsigned int)(step & 255));
	return 4;
}

static void put_entries(FILE *out, uint32_t *mark)
{
	uint32_t at = 0;

	fputs("kallsyms_entries:\n", out);
	for (size_t i = 0; i < nr_symbols; i++) {
		const struct symbol *s = &symbols[i];
		bool marked = i % NAMES_PER_MARK == 0;
		char type = tokens[s->code[0]].text[0];

		mark[i / NAMES_PER_MARK] = marked ? at : mark[i / NAMES_PER_MARK];
		at += put_step(out, marked || tolower(type) == 't',
			       marked ? 0 : s->address - symbols[i - 1].address);
		fprintf(out, ", %u", s->n);
		for (unsigned int c = 0; c < s->n; c++)
			fprintf(out, ", %u", s->code[c]);
		fputc('\n', out);
		at += 1 + s->n;
	}
}

static void put_tokens(FILE *out)
{
	unsigned int at = 0;

	fputs("kallsyms_tokens:\n", out);
	for (unsigned int c = 0; c < 256; c++)
		fprintf(out, "\t.asciz \"%s\"\n", tokens[c].text);
	fputs("\t.balign 2\nkallsyms_token_places:\n", out);
	for (unsigned int c = 0; c < 256; c++) {
		fprintf(out, "\t.short %u\n", at);
		at += strlen(tokens[c].text) + 1;
	}
}

static void put_marks(FILE *out, const uint32_t *mark)
{
	fputs("\t.balign 4\nkallsyms_marks:\n", out);
	for (size_t i = 0; i < nr_symbols; i += NAMES_PER_MARK)
		fprintf(out, "\t.long %#x, %u\n", (uint32_t)(symbols[i].address - KERNEL_MAP),
			mark[i / NAMES_PER_MARK]);
}

int main(int argc, char **argv)
{
	uint32_t *mark;
	FILE *out;

	if (argc != 2) {
		fputs("usage: kallsyms OUTPUT.S < SYMBOLS\n", stderr);
		return 2;
	}
	read_symbols();
	mark = calloc(nr_symbols / NAMES_PER_MARK + 1, sizeof(*mark));
	out = fopen(argv[1], "w");
	if (!mark || !out)
		fail("the output cannot be written");
	pack();
	fputs("\t.section .kallsyms, \"a\"\n\t.balign 8\n\t.globl kallsyms_num, kallsyms_marks, "
	      "kallsyms_entries, kallsyms_tokens, kallsyms_token_places\n",
	      out);
	fprintf(out, "kallsyms_num:\t.long %zu\n", nr_symbols);
	put_entries(out, mark);
	put_tokens(out);
	put_marks(out, mark);
	fputs("\t.section .note.GNU-stack, \"\", @progbits\n", out);
	return ferror(out) || fclose(out) ? 1 : 0;
}
