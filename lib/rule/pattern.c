/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern.c - PCRE2 with its limits in front of the pattern.
 */
#include "lib/rule/pattern.h"

#include <pcre2.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"

#define LIMITS "(*LIMIT_MATCH=100000)(*LIMIT_DEPTH=1000)(*LIMIT_HEAP=4096)"
#define MAX_PATTERN 4096

void *pattern_compile(struct str text, char why[128])
{
	pcre2_code *code;
	struct buf b;
	size_t at;
	int error;

	buf_init(&b, MAX_PATTERN);
	buf_adds(&b, LIMITS);
	buf_addstr(&b, text);
	if (b.failed) {
		snprintf(why, 128, "too long");
		buf_fini(&b);
		return NULL;
	}
	code = pcre2_compile((PCRE2_SPTR)b.p, b.n, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &at,
			     NULL);
	if (code == NULL)
		pcre2_get_error_message(error, (PCRE2_UCHAR *)why, 128);
	buf_fini(&b);
	return code;
}

void pattern_free(void *code)
{
	pcre2_code_free(code);
}

struct pattern_hint pattern_hint(const void *code, struct str pattern)
{
	struct pattern_hint h = { { NULL, 0 }, -1 };
	uint32_t kind = 0, unit = 0;
	uint32_t n = 0;

	while (n < pattern.n && !strchr("\\^$.[]|()?*+{}", pattern.p[n]))
		n++;
	if (n == pattern.n)
		h.literal = pattern;
	if (pcre2_pattern_info(code, PCRE2_INFO_LASTCODETYPE, &kind) == 0 && kind == 1 &&
	    pcre2_pattern_info(code, PCRE2_INFO_LASTCODEUNIT, &unit) == 0 && unit <= 0xFF)
		h.must = (int)unit;
	return h;
}

bool pattern_fits(const void *code, const struct pattern_hint *hint, struct str text)
{
	pcre2_match_data *md;
	int rc;

	if (hint->literal.n)
		return str_find(text, hint->literal) >= 0; /* no character begins inside another */
	if (hint->must >= 0 && !(text.n && memchr(text.p, hint->must, text.n)))
		return false;
	md = pcre2_match_data_create(1, NULL);
	if (md == NULL)
		return false;
	rc = pcre2_match(code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, PCRE2_NO_UTF_CHECK,
			 md, NULL);
	pcre2_match_data_free(md);
	return rc >= 0;
}
