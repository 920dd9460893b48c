/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * complete.c - what may stand at the cursor: by the words before it, in the language of the
 * block.
 *
 * Sources of words, each its own function; which of them are asked is decided from the
 * scene. The editor filters by what was typed.
 */
#include <string.h>

#include "daemon/lsp/scene.h"
#include "daemon/lsp/server.h"
#include "daemon/lsp/text.h"
#include "lib/rule/check.h"
#include "lib/rule/parse.h"
#include "lib/rule/window.h"

#define ITEMS_MAX 600u

/* CompletionItemKind */
enum kind { KIND_FUNCTION = 3, KIND_FIELD = 5, KIND_VARIABLE = 6, KIND_CLASS = 7, KIND_FILE = 17,
	    KIND_KEYWORD = 14, KIND_VALUE = 20 };

struct completing {
	const struct project *project;
	const struct scene *s;
	struct json_object *items;
};

static void add(struct completing *c, struct str label, enum kind kind, const char *detail)
{
	struct json_object *o, *edit;

	if (label.n == 0 || json_object_array_length(c->items) >= ITEMS_MAX)
		return;
	o = json_object_new_object();
	edit = json_object_new_object();
	json_object_object_add(edit, "range", text_range(c->s->text, c->s->word_at, c->s->at));
	json_object_object_add(edit, "newText", json_str(label));
	json_object_object_add(o, "label", json_str(label));
	json_object_object_add(o, "kind", json_object_new_int(kind));
	if (detail != NULL && detail[0] != '\0')
		json_object_object_add(o, "detail", json_object_new_string(detail));
	json_object_object_add(o, "textEdit", edit);
	json_object_array_add(c->items, o);
}

static void add_word(struct completing *c, const char *zh, const char *en, enum kind kind)
{
	add(c, str_of(c->s->english ? en : zh), kind, c->s->english ? zh : en);
}

/* ---- sources of words ---- */

static void blocks(struct completing *c)
{
	for (unsigned k = 0; k < KW_COUNT; k++)
		if (keyword_kind((enum keyword)k) == KEYWORD_BLOCK) {
			add(c, str_of(keyword_word((enum keyword)k, false)), KIND_KEYWORD, NULL);
			add(c, str_of(keyword_word((enum keyword)k, true)), KIND_KEYWORD, NULL);
		}
}

static void clauses(struct completing *c)
{
	const struct clause_kind *row;

	for (unsigned i = 0; (row = parse_clause_row(i)) != NULL; i++)
		if ((row->blocks & (1u << c->s->block)) != 0)
			add_word(c, keyword_word(row->keyword, false), keyword_word(row->keyword,
					true),
				 KIND_KEYWORD);
}

static void operators(struct completing *c)
{
	for (unsigned k = 0; k < KW_COUNT; k++)
		if (keyword_kind((enum keyword)k) == KEYWORD_OP)
			add_word(c, keyword_word((enum keyword)k, false),
				 keyword_word((enum keyword)k, true), KIND_KEYWORD);
}

static void functions(struct completing *c)
{
	const char *zh;

	for (unsigned i = 0; (zh = check_function_word(i, false)) != NULL; i++)
		add_word(c, zh, check_function_word(i, true), KIND_FUNCTION);
}

static void periods(struct completing *c)
{
	for (unsigned b = BUCKET_VISIT; b <= BUCKET_HOUR; b++)
		add_word(c, bucket_name((enum bucket)b, false), bucket_name((enum bucket)b, true),
			 KIND_KEYWORD);
}

static void streams(struct completing *c)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		add_word(c, stream_title((enum stream)s), stream_name((enum stream)s), KIND_CLASS);
}

/* Fields of a stream, each behind what is written already (甲.). */
static void fields(struct completing *c, enum stream s, struct str before)
{
	for (unsigned i = 0; i < stream_width(s); i++) {
		const struct field_info *f = field_get((enum field)((unsigned)stream_first(s) + i));
		const char *name = c->s->english ? f->name : f->alias[0] != '\0' ? f->alias
				: f->title;
		struct buf b;

		buf_init(&b, 0);
		buf_addf(&b, STR_FMT "%s", STR_ARG(before), name);
		add(c, buf_str(&b), KIND_FIELD, c->s->english ? f->title : f->name);
		buf_fini(&b);
	}
}

static void all_fields(struct completing *c)
{
	const struct scene *s = c->s;
	int64_t dot = str_chr(s->word, '.');

	for (unsigned i = 0; i < s->n_role; i++) {
		if (dot >= 0 && str_eq(s->role[i], str_sub(s->word, 0, (size_t)dot)))
			fields(c, s->stream[i], str_sub(s->word, 0, (size_t)dot + 1));
		else if (dot < 0 && s->n_role == 1)
			fields(c, s->stream[i], (struct str){ NULL, 0 });
		else if (dot < 0)
			add(c, s->role[i], KIND_VARIABLE, stream_title(s->stream[i]));
	}
	for (unsigned i = 0; i < s->n_related; i++) {
		if (dot < 0)
			add(c, s->related[i], KIND_VARIABLE, stream_title(s->related_stream[i]));
		else if (str_eq(s->related[i], str_sub(s->word, 0, (size_t)dot)))
			fields(c, s->related_stream[i], str_sub(s->word, 0, (size_t)dot + 1));
	}
	if (dot < 0 && s->n_role > 1 && s->clause != KW_WHERE && s->clause != KW_WHEN)
		fields(c, s->stream[0], (struct str){ NULL, 0 });
}

/* Parameters and lets of the block: what stands before = on their lines. */
static void locals(struct completing *c)
{
	struct str rest = c->s->body, line;
	uint32_t indent, skip;

	while (scene_line(&rest, &line)) {
		struct str word = scene_first_word(line, &indent);

		if (!keyword_is(word, KW_PARAM) && !keyword_is(word, KW_LET))
			continue;
		line = str_sub(line, indent + word.n, line.n);
		add(c, scene_first_word(line, &skip), KIND_VARIABLE, NULL);
	}
}

static bool header_words(struct completing *c)
{
	enum keyword clause;
	const char *zh, *en;
	bool any = false;

	for (unsigned i = 0; check_header_word(i, &clause, &zh, &en); i++)
		if (clause == c->s->clause) {
			add_word(c, zh, en, KIND_VALUE);
			any = true;
		}
	return any;
}

/* The name between 「 and 」, with them unless the first is written already. */
static struct str named(const struct completing *c, struct str line, size_t from, size_t to)
{
	size_t n = strlen("「");

	return c->s->in_name ? str_make(line.p + from + n, to - from - n)
			     : str_make(line.p + from, to - from + n);
}

/* Names of lists, tables or indicators of all files. */
static void names(struct completing *c, unsigned kinds)
{
	const struct diag_list *d = &c->project->diag;

	for (uint32_t f = 0; c->project->compiled && f < d->n_files; f++) {
		struct str rest = d->file[f].text, line;
		uint32_t indent;

		while (str_ends(str_of(d->file[f].name), STR(".rules")) && scene_line(&rest,
				&line)) {
			enum keyword k = keyword_find(scene_first_word(line, &indent),
					KEYWORD_BLOCK);
			int64_t from = str_find(line, STR("「")), to = str_find(line, STR("」"));

			if (indent == 0 && k != KW_NONE && (kinds & (1u << k)) != 0 && from >= 0 &&
			    to > from)
				add(c, named(c, line, (size_t)from, (size_t)to), KIND_FILE,
				    keyword_word(k, c->s->english));
		}
	}
}

/* ---- values behind 是 and 在 ---- */

static bool takes_value(struct str word)
{
	static const enum keyword ops[] = {
		KW_IS, KW_IS_NOT, KW_BELONGS, KW_BELONGS_NOT, KW_IN, KW_IN_NOT,
	};

	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (keyword_is(word, ops[i]))
			return true;
	return false;
}

static enum field field_of(const struct scene *s, struct str word)
{
	int64_t dot = str_chr(word, '.');
	struct str role = dot > 0 ? str_sub(word, 0, (size_t)dot) : (struct str){ NULL, 0 };
	enum field f = FIELD_NONE;

	for (unsigned i = 0; i < s->n_role && f == FIELD_NONE; i++)
		if (dot <= 0 || str_eq(role, s->role[i]))
			f = field_find(s->stream[i], dot <= 0 ? word
				       : str_sub(word, (size_t)dot + 1, word.n));
	for (unsigned i = 0; i < s->n_related && f == FIELD_NONE; i++)
		if (dot > 0 && str_eq(role, s->related[i]))
			f = field_find(s->related_stream[i],
				       str_sub(word, (size_t)dot + 1, word.n));
	return f;
}

static bool values(struct completing *c)
{
	enum field f = takes_value(c->s->before[0]) ? field_of(c->s, c->s->before[1]) : FIELD_NONE;
	struct str code, name;

	if (f == FIELD_NONE || !code_table(field_get(f)->name))
		return false;
	for (unsigned i = 0; code_entry(field_get(f)->name, i, &code, &name); i++) {
		struct buf b;

		if (c->s->english && !str_eq(code_name(field_get(f)->name, code), name))
			continue; /* another name of a code that was offered */
		buf_init(&b, 0);
		buf_addstr(&b, c->s->english ? name : code);
		add(c, c->s->english ? code : name, KIND_VALUE, buf_cstr(&b));
		buf_fini(&b);
	}
	return true;
}

/* ---- which of them ---- */

static void in_name(struct completing *c)
{
	const struct scene *s = c->s;

	if (keyword_is(s->before[0], KW_INLIST) || keyword_is(s->before[0], KW_INLIST_NOT))
		names(c, 1u << KW_LIST);
	else if (s->clause == KW_COMPARE)
		names(c, 1u << KW_INDICATOR);
	else
		names(c, 1u << KW_TABLE);
}

static void expression(struct completing *c)
{
	if (values(c))
		return;
	if (keyword_is(c->s->before[0], KW_INLIST) || keyword_is(c->s->before[0], KW_INLIST_NOT)) {
		names(c, 1u << KW_LIST);
		return;
	}
	all_fields(c);
	locals(c);
	if (c->s->clause == KW_GROUP || c->s->clause == KW_SAME || c->s->clause == KW_BY ||
	    c->s->clause == KW_WINDOW || c->s->clause == KW_RELATED) {
		if (c->s->clause == KW_RELATED)
			streams(c);
		periods(c);
		return;
	}
	functions(c);
	operators(c);
}

static void complete(struct completing *c)
{
	const struct scene *s = c->s;

	if (s->in_name)
		in_name(c);
	else if (s->margin || s->block == KW_NONE)
		blocks(c);
	else if (s->start && s->clause == KW_NONE)
		clauses(c);
	else if (s->start) {
		clauses(c);
		operators(c);
	} else if (s->clause == KW_ON)
		streams(c);
	else if (!header_words(c))
		expression(c);
}

struct json_object *complete_at(struct project *p, const struct document *d, uint32_t at)
{
	struct json_object *o = json_object_new_object();
	struct completing c = { .project = p, .items = json_object_new_array() };
	struct scene s;

	scene_read(&s, buf_str(&d->text), at);
	c.s = &s;
	complete(&c);
	json_object_object_add(o, "isIncomplete", json_object_new_boolean(false));
	json_object_object_add(o, "items", c.items);
	return o;
}
