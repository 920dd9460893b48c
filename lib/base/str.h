/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * str.h - a borrowed piece of text: pointer and length, no NUL needed.
 *
 * A struct str never owns its bytes; whoever hands it out says how long they
 * live. {NULL, 0} is the empty text. Passed by value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	uint32_t n;
};

/* A struct str for a string literal, usable in expressions. */
#define STR(lit) ((struct str){ "" lit, (uint32_t)(sizeof(lit) - 1) })

/* printf("..." STR_FMT "...", STR_ARG(s)) */
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

struct str str_of(const char *cstr); /* NULL gives the empty text */
struct str str_make(const char *p, size_t n); /* ends the process past 4 GiB */
bool str_eq(struct str a, struct str b);
int str_cmp(struct str a, struct str b); /* byte order; < 0, 0, > 0 */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s); /* without ASCII blanks (space \t \r \n \v \f) at both ends */

/* In which of eight bytes a and b differ; not 0 when in any. */
static inline uint64_t bytes_differ(const char *a, const char *b)
{
	uint64_t x, y;

	__builtin_memcpy(&x, a, 8);
	__builtin_memcpy(&y, b, 8);
	return x ^ y;
}

/* Whether n bytes are the same; for short texts, where a call costs more than the comparison. Of 8
 * to 32 bytes, most texts, nothing depends on how many: that would be guessed wrong. */
static inline bool bytes_same(const char *a, const char *b, uint32_t n)
{
	uint64_t differ;

	if (n < 8) {
		while (n && a[n - 1] == b[n - 1])
			n--;
		return n == 0;
	}
	differ = bytes_differ(a, b) | bytes_differ(a + n - 8, b + n - 8);
	if (n <= 32) {
		uint32_t second = n < 16 ? n - 8 : 8, third = n < 16 ? 0 : n - 16;

		differ |= bytes_differ(a + second, b + second);
		return (differ | bytes_differ(a + third, b + third)) == 0;
	}
	for (uint32_t i = 8; i + 8 < n; i += 8)
		differ |= bytes_differ(a + i, b + i);
	return differ == 0;
}

/* Up to eight bytes as one number, the first in the lowest byte, zeros behind. */
static inline uint64_t bytes_load(const char *p, uint32_t n)
{
	uint32_t low, high;
	uint64_t word = 0;

	if (n >= 4) {
		__builtin_memcpy(&low, p, 4);
		__builtin_memcpy(&high, p + n - 4, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		low = __builtin_bswap32(low);
		high = __builtin_bswap32(high);
#endif
		return low | (uint64_t)high << (n - 4) * 8;
	}
	for (uint32_t i = n; i-- > 0;)
		word = word << 8 | (unsigned char)p[i];
	return word;
}

/* Copies n bytes; for short texts, likewise. */
static inline void bytes_copy(char *to, const char *from, uint32_t n)
{
	uint64_t x, y;

	if (n < 8) {
		for (uint32_t i = 0; i < n; i++)
			to[i] = from[i];
		return;
	}
	__builtin_memcpy(&y, from + n - 8, 8);
	for (uint32_t i = 0; i + 8 < n; i += 8) {
		__builtin_memcpy(&x, from + i, 8);
		__builtin_memcpy(to + i, &x, 8);
	}
	__builtin_memcpy(to + n - 8, &y, 8);
}

/* Position of the first byte c, or -1. */
int64_t str_chr(struct str s, char c);

/* Position of the first occurrence of needle, or -1; the empty needle is at 0. */
int64_t str_find(struct str s, struct str needle);

/* The part from byte `from` (clipped) of at most n bytes. */
struct str str_sub(struct str s, size_t from, size_t n);
