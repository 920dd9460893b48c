/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hover.c - what the word under the cursor means, and where it was declared.
 */
#include <string.h>

#include "daemon/lsp/server.h"
#include "daemon/lsp/text.h"

#define CODES_SHOWN 12u

static const struct {
	const char *zh, *help[2], *example;
} functions[] = {
#define FUNC(id, zh, en, signature, help_zh, help_en, example) \
	{ zh, { help_zh, help_en }, example },
#include "lib/rule/func.def"
#undef FUNC
};

static void add_codes(struct buf *b, const char *field)
{
	struct str code, name;
	unsigned i;

	for (i = 0; i < CODES_SHOWN && code_entry(field, i, &code, &name); i++)
		buf_addf(b, "\n- `" STR_FMT "` " STR_FMT, STR_ARG(code), STR_ARG(name));
	if (code_entry(field, i, &code, &name))
		buf_adds(b, "\n- …");
}

static void add_field(struct buf *b, const struct mark *m, bool english)
{
	const struct field_info *f = field_get(m->field);

	buf_addf(b, "**%s**", f->title);
	if (f->alias[0] != '\0')
		buf_addf(b, english ? " (alias %s)" : "（简称 %s）", f->alias);
	buf_addf(b, "\n\n`%s` · %s · %s", f->name, type_name(f->type, english),
		 english ? stream_name(f->stream) : stream_title(f->stream));
	add_codes(b, f->name);
}

static void add_values(struct buf *b, const struct mark *m)
{
	const char *field = field_get(m->field)->name;

	buf_addf(b, "**%s** `%s`", field_get(m->field)->title, field);
	for (uint32_t i = 0; i < m->n_code; i++) {
		struct str name = code_name(field, m->code[i]);

		buf_addf(b, "\n- `" STR_FMT "` " STR_FMT, STR_ARG(m->code[i]), STR_ARG(name));
	}
}

static void add_function(struct buf *b, const struct mark *m, bool english)
{
	buf_addf(b, "**%s** · `%s`", m->zh, m->en);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (strcmp(functions[i].zh, m->zh) == 0)
			buf_addf(b, "\n\n%s\n\n`%s`", functions[i].help[english],
					functions[i].example);
}

static void add_pair(struct buf *b, const struct mark *m)
{
	buf_addf(b, "**%s** · `%s`", m->zh, m->en);
	if (m->kind == MARK_STREAM)
		buf_addf(b, "\n\n`%s`", stream_table(m->stream) != NULL ? stream_table(m->stream)
				: "");
}

static void add_mark(struct buf *b, const struct mark *m, bool english)
{
	if (m->kind == MARK_FIELD)
		add_field(b, m, english);
	else if (m->kind == MARK_VALUES)
		add_values(b, m);
	else if (m->kind == MARK_FUNCTION)
		add_function(b, m, english);
	else if (m->note != NULL)
		buf_adds(b, m->note);
	else if (m->zh != NULL)
		add_pair(b, m);
}

/* The rule whose id or title stands there. */
static const struct rule *rule_at(const struct project *p, uint32_t file, uint32_t at)
{
	for (uint32_t i = 0; p->set != NULL && i < p->set->n_rule; i++) {
		const struct rule *r = &p->set->rule[i];

		if (r->at.file == file && r->at.start <= at && at <= r->at.end)
			return r;
	}
	return NULL;
}

static void add_rule(struct buf *b, const struct rule *r, bool english)
{
	buf_addf(b, "**" STR_FMT "** " STR_FMT, STR_ARG(r->id), STR_ARG(r->title));
	buf_addf(b, english ? "\n\ndigest `%s`, %u examples" : "\n\n含义摘要 `%s`，%u 个试例", r->digest,
		 r->n_example);
}

/* A mark that says something; operators inside MARK_VALUES say their values. */
static const struct mark *mark_at(const struct project *p, uint32_t file, uint32_t at)
{
	return file != UINT32_MAX ? marks_at(&p->marks, file, at) : NULL;
}

struct json_object *hover_at(struct project *p, const struct document *d, uint32_t at)
{
	uint32_t file = project_source(p, d->path);
	const struct mark *m = mark_at(p, file, at);
	const struct rule *r = rule_at(p, file, at);
	struct json_object *o, *what;
	struct buf b;

	buf_init(&b, 0);
	if (r != NULL)
		add_rule(&b, r, p->english);
	else if (m != NULL)
		add_mark(&b, m, p->english);
	if (b.n == 0) {
		buf_fini(&b);
		return NULL;
	}
	o = json_object_new_object();
	what = json_object_new_object();
	json_object_object_add(what, "kind", json_object_new_string("markdown"));
	json_object_object_add(what, "value", json_str(buf_str(&b)));
	json_object_object_add(o, "contents", what);
	if (r == NULL)
		json_object_object_add(o, "range",
				       text_range(buf_str(&d->text), m->at.start, m->at.end));
	buf_fini(&b);
	return o;
}

struct json_object *definition_at(struct project *p, const struct document *d, uint32_t at)
{
	const struct mark *m = mark_at(p, project_source(p, d->path), at);
	struct json_object *o;
	struct buf uri;

	if (m == NULL || m->decl.end == 0 || m->decl.file >= p->diag.n_files)
		return NULL;
	o = json_object_new_object();
	buf_init(&uri, 0);
	uri_add(&uri, p->diag.file[m->decl.file].name);
	json_object_object_add(o, "uri", json_str(buf_str(&uri)));
	json_object_object_add(o, "range", text_range(p->diag.file[m->decl.file].text,
			m->decl.start,
						      m->decl.end));
	buf_fini(&uri);
	return o;
}
