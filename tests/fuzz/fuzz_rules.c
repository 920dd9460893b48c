/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_rules.c - any bytes as a rule file; what stands behind a zero byte is the CSV of every
 * list and table it names. Nothing may crash, hang or leak, and both printers must cope.
 */
#include <string.h>

#include "lib/rule/ruleset.h"

static bool load(void *ctx, const char *path, struct buf *out, struct err *e)
{
	const struct str *csv = ctx;

	(void)path;
	if (csv->n == 0)
		return err_set(e, ERR_WORLD, "no file");
	buf_addstr(out, *csv);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size > 0 ? memchr(data, 0, size) : NULL;
	size_t n = cut != NULL ? (size_t)(cut - data) : size;
	struct str csv = str_make((const char *)data + n, cut != NULL ? size - n - 1 : 0);
	struct rule_text text = { "f.rules", str_make((const char *)data, n) };
	struct loader loader = { load, &csv };
	struct diag_list d;
	struct buf out;

	if (cut != NULL)
		csv.p++;
	diag_init(&d, size % 2 == 0);
	ruleset_free(ruleset_compile(&text, 1, &loader, NULL, &d));
	buf_init(&out, 0);
	diag_print(&d, &out);
	diag_json(&d, &out);
	buf_fini(&out);
	diag_fini(&d);
	return 0;
}
