/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_tools.c - any bytes to the tools that rewrite rule files: formatting twice is
 * formatting once, a translation means the same, repairs end.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/utf8.h"
#include "lib/rule/fix.h"
#include "lib/rule/format.h"
#include "lib/rule/format_parts.h"
#include "lib/rule/marks.h"
#include "lib/rule/ruleset.h"
#include "lib/rule/translate.h"

static bool load(void *ctx, const char *path, struct buf *out, struct err *e)
{
	(void)ctx;
	(void)path;
	(void)e;
	buf_adds(out, "项目,次数\n001,3\n");
	return true;
}

static struct ruleset *compile(struct str text, struct diag_list *d, struct marks *marks)
{
	static const struct loader loader = { load, NULL };
	struct rule_text one = { "f.rules", text };
	struct ruleset *rs;

	diag_init(d, false);
	marks_init(marks);
	d->marks = marks;
	rs = ruleset_compile(&one, 1, &loader, NULL, d);
	marks_sort(marks);
	return rs;
}

static void format_twice(struct str text)
{
	struct buf once, twice;

	buf_init(&once, 0);
	buf_init(&twice, 0);
	if (format_draft(text, &once) &&
	    (!format_same(text, buf_str(&once)) || !format_draft(buf_str(&once), &twice) ||
	     !str_eq(buf_str(&once), buf_str(&twice))))
		abort();
	buf_fini(&once);
	buf_fini(&twice);
}

static void translate(const struct diag_list *d, const struct ruleset *rs, bool english)
{
	struct diag_list again;
	struct marks marks;
	struct ruleset *same;
	struct buf b;

	buf_init(&b, 0);
	if (translate_source(d, 0, english, &b)) {
		same = compile(buf_str(&b), &again, &marks);
		if (same != NULL && strcmp(same->digest, rs->digest) != 0 &&
		    getenv("STRICT") != NULL)
			abort(); /* a name may hide a field; the command refuses then */
		ruleset_free(same);
		marks_fini(&marks);
		diag_fini(&again);
	}
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	struct diag_list d;
	struct marks marks;
	struct ruleset *rs;
	struct buf b;

	format_twice(text);
	rs = compile(text, &d, &marks);
	buf_init(&b, 0);
	fix_source(&d, 0, &b, NULL, NULL);
	buf_fini(&b);
	if (rs != NULL && utf8_valid(text.p, text.n))
		for (int english = 0; english < 2; english++)
			translate(&d, rs, english != 0);
	ruleset_free(rs);
	marks_fini(&marks);
	diag_fini(&d);
	return 0;
}
