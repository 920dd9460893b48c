/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_file.c - declarations of lists and tables: where, by which keys, with which columns.
 */
#include "lib/rule/check_file.h"

#include "lib/base/mem.h"
#include "lib/base/near.h"
#include "lib/rule/marks.h"
#include "lib/rule/csv_text.h"

static const struct {
	const char *zh, *en;
	enum type type;
	enum column_kind kind;
} types[] = {
	{ "笔数", "count", TYPE_COUNT, COLUMN_NUMBER },
	{ "次数", "count", TYPE_COUNT, COLUMN_NUMBER },
	{ "数量", "quantity", TYPE_QTY, COLUMN_NUMBER },
	{ "金额", "money", TYPE_MONEY, COLUMN_NUMBER },
	{ "比例", "ratio", TYPE_RATIO, COLUMN_NUMBER },
	{ "天数", "days", TYPE_DURATION, COLUMN_NUMBER },
	{ "日期", "date", TYPE_DATE, COLUMN_DATE },
	{ "文本", "text", TYPE_TEXT, COLUMN_TEXT },
	{ "代码", "code", TYPE_CODE, COLUMN_TEXT },
	{ "编码", "code", TYPE_CODE, COLUMN_TEXT },
	{ "窗口", "window", TYPE_NONE, COLUMN_WINDOW },
};

static bool column_type(struct checker *c, const struct syn_item *x, struct knowledge_column *col)
{
	struct near near;
	struct diag *d;

	col->type = TYPE_TEXT;
	col->kind = COLUMN_TEXT;
	if (x->extra.n == 0)
		return true;
	near_init(&near, x->extra);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		near_offer(&near, str_of(types[i].zh));
		near_offer(&near, str_of(types[i].en));
		if (!str_eq(x->extra, str_of(types[i].zh)) &&
		    !str_eq(x->extra, str_of(types[i].en)))
			continue;
		col->type = types[i].type;
		col->kind = types[i].kind;
		i -= i > 0 && str_eq(str_of(types[i - 1].en), str_of(types[i].en));
		mark_term(c->d, x->extra_at, types[i].zh, types[i].en);
		return true;
	}
	col->type = TYPE_ERROR;
	d = diag_add(c->d, x->extra_at, DIAG_UNKNOWN_TYPE, check_cstr(c, x->extra));
	check_near(c, d, x->extra_at, &near, check_words(c, "种类", "type"));
	return false;
}

static enum field any_field(struct str name)
{
	enum field f = field_find(STREAM_FEE, name);

	for (unsigned s = 0; s < STREAM_COUNT && f == FIELD_NONE; s++)
		f = field_find((enum stream)s, name);
	return f;
}

/* The field a key is about; 项目甲 and 项目乙 are about 项目. */
static enum field key_field(struct str name)
{
	static const char *const sides[] = { "甲", "乙", "_a", "_b" };
	enum field f = any_field(name);

	for (size_t i = 0; i < sizeof sides / sizeof *sides && f == FIELD_NONE; i++) {
		struct str side = str_of(sides[i]);

		if (str_ends(name, side))
			f = any_field(str_sub(name, 0, name.n - side.n));
	}
	return f;
}

static bool too_many(struct checker *c, const struct syn_clause *x, uint32_t most)
{
	if (x == NULL || x->n_item <= most)
		return false;
	diag_add(c->d, x->item[most].at, DIAG_TRAILING, check_cstr(c, x->item[most].name));
	return true;
}

static bool read_keys(struct checker *c, const struct syn_clause *x, struct knowledge *k)
{
	if (too_many(c, x, KNOWLEDGE_MAX_KEY))
		return false;
	k->n_key = x->n_item;
	k->key = arena_array(c->a, x->n_item + (size_t)1, sizeof *k->key);
	for (uint32_t i = 0; i < x->n_item; i++) {
		const struct syn_item *item = &x->item[i];

		k->key[i] = (struct knowledge_key){
			.name = arena_str(c->a, item->name), .field = key_field(item->name),
			.kind = keyword_is(item->extra, KW_PREFIX) ? KEY_PREFIX
			      : keyword_is(item->extra, KW_REGEX) ? KEY_REGEX : KEY_EXACT,
		};
	}
	return true;
}

static bool read_columns(struct checker *c, const struct syn_clause *x, struct knowledge *k)
{
	bool ok = true;

	if (x == NULL)
		return true;
	if (too_many(c, x, KNOWLEDGE_MAX_COL))
		return false;
	k->n_col = x->n_item;
	k->col = arena_array(c->a, x->n_item + (size_t)1, sizeof *k->col);
	for (uint32_t i = 0; i < x->n_item; i++) {
		k->col[i].name = arena_str(c->a, x->item[i].name);
		ok &= column_type(c, &x->item[i], &k->col[i]);
	}
	return ok;
}

bool check_load(struct checker *c, const struct syn_block *b, const struct syn_clause *from,
		struct buf *out, const char **path)
{
	struct err e = { .code = ERR_NONE };

	*path = arena_printf(&c->d->arena, "%s" STR_FMT, b->folder, STR_ARG(from->text));
	if (c->loader != NULL && c->loader->load(c->loader->ctx, *path, out, &e) && !out->failed) {
		if (csv_decode(out))
			diag_add(c->d, from->text_at, DIAG_CSV_GB18030, *path);
		return true;
	}
	diag_add(c->d, from->text_at, DIAG_FILE_UNREADABLE, e.text[0] != '\0' ? e.text : *path);
	return false;
}

static bool complete(struct checker *c, const struct syn_block *b)
{
	static const enum keyword needed[] = { KW_FROM, KW_KEY };
	bool ok = true;

	for (size_t i = 0; i < 2; i++) {
		const struct syn_clause *x = b->clause[needed[i]];

		if (x == NULL && !b->broken)
			diag_add(c->d, b->title_at, DIAG_CLAUSE_MISSING,
				 check_keyword(c, needed[i]));
		ok &= x != NULL && !x->broken;
	}
	for (size_t i = 0; i < KW_COUNT; i++)
		ok &= b->clause[i] == NULL || !b->clause[i]->broken;
	return ok;
}

/* Whether `x` adds rows to the list or table `b` declares. */
static bool extends(const struct syn_block *x, const struct syn_block *b)
{
	return x->keyword == KW_EXTEND && x->extends == b->keyword && str_eq(x->title, b->title) &&
	       x->clause[KW_FROM] != NULL && !x->clause[KW_FROM]->broken;
}

struct texts {
	uint32_t n;
	struct buf *buf;
	struct knowledge_text *text;
};

static bool read_text(struct checker *c, const struct syn_block *b, struct texts *t)
{
	struct buf *buf = &t->buf[t->n];

	buf_init(buf, UINT32_MAX);
	if (!check_load(c, b, b->clause[KW_FROM], buf, &t->text[t->n].path)) {
		buf_fini(buf);
		return false;
	}
	t->text[t->n++].csv = buf_str(buf);
	return true;
}

/* The declaration's own text and those that add to it; false when one was reported. */
static bool read_texts(struct checker *c, const struct syn_block *b, struct texts *t)
{
	bool ok;
	uint32_t n = 1;

	for (const struct syn_block *x = c->blocks; x != NULL; x = x->next)
		n += extends(x, b);
	t->buf = xcalloc(n, sizeof *t->buf);
	t->text = xcalloc(n, sizeof *t->text);
	ok = read_text(c, b, t);
	for (const struct syn_block *x = c->blocks; x != NULL; x = x->next)
		if (extends(x, b))
			ok &= read_text(c, x, t);
	return ok;
}

static void load(struct checker *c, const struct syn_block *b, struct knowledge *k)
{
	const struct syn_clause *valid = b->clause[KW_VALID];
	struct knowledge_dates dates = { { NULL, 0 }, { NULL, 0 } };
	struct texts t = { 0 };

	if (valid != NULL && valid->n_item > 0)
		dates.from = valid->item[0].name;
	if (valid != NULL && valid->n_item > 1)
		dates.until = valid->item[1].name;
	if (read_texts(c, b, &t))
		knowledge_load(k, t.text, t.n, &dates, c->a, c->d);
	for (uint32_t i = 0; i < t.n; i++)
		buf_fini(&t.buf[i]);
	xfree(t.buf);
	xfree(t.text);
}

void check_extension(struct checker *c, const struct syn_block *b)
{
	if (b->title.n == 0 || b->extends == KW_NONE)
		return;
	if (b->clause[KW_FROM] == NULL && !b->broken)
		diag_add(c->d, b->title_at, DIAG_CLAUSE_MISSING, check_keyword(c, KW_FROM));
	check_name_file(c, b->title, b->extends == KW_LIST, b->title_at);
}

static void told_twice(struct checker *c, const struct knowledge *k)
{
	for (uint32_t i = 0; i < c->rs->n_knowledge; i++) {
		struct diag *d;

		if (!str_eq(c->rs->knowledge[i]->name, k->name))
			continue;
		d = diag_add(c->d, k->at, DIAG_DUPLICATE_NAME, check_cstr(c, k->name));
		d->also = c->rs->knowledge[i]->at;
		d->also_text = check_words(c, "第一次写在这里", "first written here");
		return;
	}
}

void check_file(struct checker *c, struct syn_block *b)
{
	struct knowledge *k = arena_new(c->a, struct knowledge);

	k->name = arena_str(c->a, b->title);
	k->list = b->keyword == KW_LIST;
	k->at = b->title_at;
	if (k->name.n == 0)
		return;
	told_twice(c, k);
	if (complete(c, b)) { /* both are read, so that the faults of both are told */
		bool keys = read_keys(c, b->clause[KW_KEY], k);
		bool columns = read_columns(c, b->clause[KW_COLUMNS], k);
		if (keys && columns)
			load(c, b, k);
	}
	c->rs->knowledge[c->rs->n_knowledge++] = k;
}
