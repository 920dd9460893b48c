/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * str.c - comparing and cutting borrowed text.
 */
#include "lib/base/str.h"

#include <string.h>

#include "lib/base/mem.h"

struct str str_of(const char *cstr)
{
	return cstr ? str_make(cstr, strlen(cstr)) : (struct str){ NULL, 0 };
}

struct str str_make(const char *p, size_t n)
{
	if (n > UINT32_MAX)
		mem_give_up("a text is longer than 4 GiB");
	return (struct str){ p, (uint32_t)n };
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int str_cmp(struct str a, struct str b)
{
	uint32_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

int64_t str_chr(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

int64_t str_find(struct str s, struct str needle)
{
	if (needle.n == 0)
		return 0;
	for (uint32_t at = 0; at + (size_t)needle.n <= s.n; at++) {
		int64_t hop = str_chr(str_sub(s, at, s.n), needle.p[0]);

		if (hop < 0)
			return -1;
		at += (uint32_t)hop;
		if (str_eq(str_sub(s, at, needle.n), needle))
			return at;
	}
	return -1;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){ s.p ? s.p + from : NULL, (uint32_t)n };
}
