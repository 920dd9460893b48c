/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ruletext.c - a loader over memory, and the header every rule needs.
 */
#include "tests/support/ruletext.h"

#include <string.h>

static bool load(void *ctx, const char *path, struct buf *out, struct err *e)
{
	for (const struct memory_file *f = ctx; f != NULL && f->path != NULL; f++) {
		if (strcmp(f->path, path) != 0)
			continue;
		buf_adds(out, f->text);
		return true;
	}
	return err_set(e, ERR_WORLD, "%s: no such file", path);
}

void compiled_open_all(struct compiled *c, const struct rule_text *text, uint32_t n,
		       const struct memory_file *file, const struct rule_settings *settings)
{
	struct memory_file *borrowed = xcalloc(64, sizeof *borrowed);
	struct loader loader = { load, borrowed };

	for (int i = 0; file != NULL && file[i].path != NULL && i < 63; i++)
		borrowed[i] = file[i];
	memset(c, 0, sizeof *c);
	diag_init(&c->d, true);
	buf_init(&c->words, 0);
	buf_init(&c->shown, 0);
	c->rs = ruleset_compile(text, n, &loader, settings, &c->d);
	xfree(borrowed);
}

void compiled_open(struct compiled *c, const char *text, const struct memory_file *file)
{
	struct rule_text one = { "t.rules", str_of(text) };

	compiled_open_all(c, &one, 1, file, NULL);
}

void compiled_close(struct compiled *c)
{
	ruleset_free(c->rs);
	diag_fini(&c->d);
	buf_fini(&c->words);
	buf_fini(&c->shown);
}

const char *compiled_words(struct compiled *c, bool warnings)
{
	buf_reset(&c->words);
	for (uint32_t i = 0; i < c->d.n; i++) {
		if (!warnings && diag_severity(c->d.diag[i].code) != SEVERITY_ERROR)
			continue;
		buf_addf(&c->words, "%s%s", c->words.n > 0 ? " " : "",
			 diag_word(c->d.diag[i].code));
	}
	return buf_cstr(&c->words);
}

const char *compiled_shown(struct compiled *c)
{
	buf_reset(&c->shown);
	diag_print(&c->d, &c->shown);
	return buf_cstr(&c->shown);
}

char *ruletext_rule(const char *id, const char *clauses)
{
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "规则 %s 「%s」\n", id, id);
	buf_adds(&b, "  版本 1\n  依据 条例\n  类别 政策类\n  性质 违规\n  环节 事后\n  级别 高\n"
		     "  状态 启用\n");
	for (const char *line = clauses; *line != '\0'; ) {
		const char *end = strchrnul(line, '\n');

		buf_adds(&b, "  ");
		buf_add(&b, line, (size_t)(end - line));
		buf_addc(&b, '\n');
		line = *end == '\n' ? end + 1 : end;
	}
	return buf_take(&b, NULL);
}
