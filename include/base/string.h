/* SPDX-License-Identifier: MIT */
/* Strings and memory. The mem* functions move 8 bytes at a time: no REP, which icount bills by iteration. */
#ifndef QUIRE_BASE_STRING_H
#define QUIRE_BASE_STRING_H

#include <base/types.h>
#include <base/compiler.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
/* First byte that is not @c, or NULL. */
void *memchr_inv(const void *s, int c, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
int strcasecmp(const char *a, const char *b);
size_t strlcpy(char *dst, const char *src, size_t size);
size_t strlcat(char *dst, const char *src, size_t size);
/* Copies what fits and ends it; the length, or -E2BIG when it was cut. */
ssize_t strscpy(char *dst, const char *src, size_t size);
/* ... and fills the rest with zeros. */
ssize_t strscpy_pad(char *dst, const char *src, size_t size);
char *strchr(const char *s, int c);
char *strnchr(const char *s, size_t n, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);
char *strsep(char **s, const char *delimiters);
char *strpbrk(const char *s, const char *accept);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
/* Skip white space; cut it off at the end too. */
char *skip_spaces(const char *s);
char *strim(char *s);
/* Equal but for a trailing newline of one of them. */
bool sysfs_streq(const char *a, const char *b);
bool strstarts(const char *s, const char *prefix);

/* Copies in the heap; NULL when there is no memory. Free with kfree(). (kernel/ provides the bodies) */
char *kstrdup(const char *s, gfp_t gfp);
char *kstrndup(const char *s, size_t max, gfp_t gfp);
void *kmemdup(const void *src, size_t len, gfp_t gfp);

/* ---- characters (ASCII) ---- */
static inline bool isdigit(int c) { return (unsigned int)c - '0' < 10; }
static inline bool isupper(int c) { return (unsigned int)c - 'A' < 26; }
static inline bool isalpha(int c) { return ((unsigned int)c | 32) - 'a' < 26; }
static inline bool isalnum(int c) { return isalpha(c) || isdigit(c); }
static inline bool isspace(int c) { return c == ' ' || (unsigned int)c - '\t' < 5; }
static inline bool isxdigit(int c) { return isdigit(c) || ((unsigned int)c | 32) - 'a' < 6; }
static inline int tolower(int c) { return isupper(c) ? c + 32 : c; }

/* ---- unaligned access ---- */
static inline u32 get_unaligned_le32(const void *p) { u32 v; __builtin_memcpy(&v, p, 4); return v; }

#endif
