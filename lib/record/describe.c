/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * describe.c - walks over fields.def and codes.def that write text.
 */
#include "lib/record/describe.h"

#include <string.h>

static const char *origin(enum stream s, const struct field_info *f)
{
	if (f->index >= stream_stored_width(s))
		return "推算";
	return f->req == REQ_REQUIRED ? "必填" : "";
}

static void manual_stream(struct buf *out, enum stream s)
{
	buf_addf(out, "## %s（%s，`%s`）\n\n", stream_title(s), stream_name(s), stream_table(s));
	buf_adds(out, "| 字段 | 名称 | 简称 | 类型 | 来源 | 试例缺省 |\n|---|---|---|---|---|---|\n");
	unsigned width = stream_width(s);
	for (unsigned i = 0; i < width; i++) {
		const struct field_info *f = field_get(stream_first(s) + i);
		buf_addf(out, "| `%s` | %s | %s | %s | %s | %s |\n", f->name, f->title, f->alias,
			 type_name(f->type, false), origin(s, f), f->dflt);
	}
	buf_addc(out, '\n');
}

/* Whether an earlier field already had this name, so that its codes are told. */
static bool is_told(unsigned id)
{
	for (unsigned i = 0; i < id; i++)
		if (strcmp(field_get((enum field)i)->name, field_get((enum field)id)->name) == 0)
			return true;
	return false;
}

static void manual_codes(struct buf *out, const struct field_info *f)
{
	struct str code, name;
	buf_addf(out, "### %s（`%s`）\n\n| 代码 | 名称 |\n|---|---|\n", f->title, f->name);
	for (unsigned i = 0; code_entry(f->name, i, &code, &name); i++)
		buf_addf(out, "| `" STR_FMT "` | " STR_FMT " |\n", STR_ARG(code), STR_ARG(name));
	buf_addc(out, '\n');
}

void field_manual(struct buf *out)
{
	buf_adds(out, "# 字段\n\n由 `lib/record/fields.def` 与 `codes.def` 生成，请勿手改：`test_field --write`。\n"
		      "规则里可写字段代码、名称或简称；「推算」的字段不从文件读入。\n\n");
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		manual_stream(out, (enum stream)s);
	buf_adds(out, "# 代码表\n\n");
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		const struct field_info *f = field_get((enum field)i);
		if (code_table(f->name) && !is_told(i))
			manual_codes(out, f);
	}
}
