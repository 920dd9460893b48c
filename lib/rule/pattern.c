/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern.c - PCRE2 with its limits in front of the pattern.
 */
#include "lib/rule/pattern.h"

#include <pcre2.h>
#include <stdio.h>

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

bool pattern_fits(const void *code, struct str text)
{
	pcre2_match_data *md = pcre2_match_data_create(1, NULL);
	int rc;

	if (md == NULL)
		return false;
	rc = pcre2_match(code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, PCRE2_NO_UTF_CHECK,
			 md, NULL);
	pcre2_match_data_free(md);
	return rc >= 0;
}
