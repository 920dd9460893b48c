/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_text.c - kept texts of overridden rules: made, and held against what the rules say now.
 *
 * Clauses are compared by their words; blanks and line ends do not count, examples are not
 * kept. Of a rule with several versions each is compared with its own number, a new one with
 * the last that was kept.
 */
#include "lib/rule/base_text.h"

#include "lib/rule/check_file.h"

static struct str span_text(const struct diag_list *d, struct span at)
{
	return str_make(d->file[at.file].text.p + at.start, at.end - at.start);
}

/* A clause and its repetitions, blanks made one. */
static void add_words(const struct diag_list *d, const struct syn_clause *x, struct buf *out)
{
	for (; x != NULL; x = x->next) {
		struct str s = span_text(d, x->at);
		bool blank = true;

		buf_addc(out, '\n');
		for (size_t i = x->key.end - x->key.start; i < s.n; i++) {
			bool b = s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r');

			if (b && !blank)
				buf_addc(out, ' ');
			if (!b)
				buf_addc(out, s.p[i]);
			blank = b;
		}
	}
}

/* ---- what changed ---- */

struct comparing {
	struct checker *c;
	const struct syn_block *over; /* the override */
	const struct diag_list *old;  /* sources of what was kept */
};

static void tell(struct comparing *x, enum keyword k, const struct syn_clause *now,
		 const char *how, struct str was)
{
	const struct syn_clause *own = x->over->clause[k];
	struct checker *c = x->c;
	struct diag *d;

	if (was.n > 0)
		how = arena_printf(&c->d->arena, "%s" STR_FMT, how, STR_ARG(was));
	d = diag_add(c->d, own != NULL ? own->key : x->over->id_at, DIAG_OVERRIDE_BASE,
		     check_cstr(c, x->over->id), keyword_word(k, c->d->english), how);
	d->near = check_words(c, "看过之后运行 fundwatch check --accept",
			      "once you have looked, run fundwatch check --accept");
	if (now == NULL)
		return;
	d->also = now->key;
	d->also_text = check_words(c, "现在写的", "what it says now");
}

/* The words without the leading line end, those of repetitions joined. */
static struct str shown(struct checker *c, const struct buf *b)
{
	struct buf line;
	struct str s;

	buf_init(&line, 0);
	for (size_t i = 1; i < b->n; i++)
		buf_adds(&line, b->p[i] == '\n' ? check_words(c, "；", "; ")
						: (const char[]){ b->p[i], '\0' });
	s = arena_str(&c->d->arena, buf_str(&line));
	buf_fini(&line);
	return s;
}

static void compare_clause(struct comparing *x, enum keyword k, const struct syn_block *was,
			   const struct syn_block *now)
{
	struct str none = { NULL, 0 };
	struct buf a, b;

	buf_init(&a, 0);
	buf_init(&b, 0);
	add_words(x->old, was->clause[k], &a);
	add_words(x->c->d, now->clause[k], &b);
	if (a.n == 0 && b.n > 0)
		tell(x, k, now->clause[k], check_words(x->c, "这一行是新加的", "the line is new"), none);
	else if (b.n == 0 && a.n > 0)
		tell(x, k, NULL, check_words(x->c, "这一行没有了，原来是 ", "the line is gone, it was "),
		     shown(x->c, &a));
	else if (!str_eq(buf_str(&a), buf_str(&b)))
		tell(x, k, now->clause[k], check_words(x->c, "原来是 ", "it was "), shown(x->c, &a));
	buf_fini(&a);
	buf_fini(&b);
}

static int64_t version_of(const struct syn_block *b)
{
	return b->clause[KW_VERSION] != NULL ? b->clause[KW_VERSION]->number : 0;
}

/* The kept block of the same version, else the last kept one. */
static const struct syn_block *kept_twin(const struct syn_block *kept, const struct syn_block *now)
{
	const struct syn_block *last = NULL;

	for (; kept != NULL; kept = kept->next) {
		if (kept->keyword != KW_RULE || !str_eq(kept->id, now->id))
			continue;
		last = kept;
		if (version_of(kept) == version_of(now))
			break;
	}
	return last;
}

static void compare_blocks(struct comparing *x, const struct syn_block *kept)
{
	for (const struct syn_block *b = x->c->blocks; b != NULL; b = b->next) {
		const struct syn_block *was;

		if (b->keyword != KW_RULE || !str_eq(b->id, x->over->id))
			continue;
		was = kept_twin(kept, b);
		for (unsigned k = 0; was != NULL && k < KW_COUNT; k++)
			if (k != KW_EXAMPLE)
				compare_clause(x, (enum keyword)k, was, b);
	}
}

static const char *kept_path(struct arena *a, const struct syn_block *over)
{
	return arena_printf(a, "%s.base/" STR_FMT ".rule", over->folder, STR_ARG(over->id));
}

/* What was never kept is not compared. */
static void check_base(struct checker *c, const struct syn_block *over)
{
	struct err e = { .code = ERR_NONE };
	struct syn_block *kept = NULL, **tail = &kept;
	struct diag_list old;
	struct comparing x = { .c = c, .over = over, .old = &old };
	struct arena a;
	struct buf text;

	arena_init(&a);
	buf_init(&text, 4u << 20);
	if (c->loader->load(c->loader->ctx, kept_path(&a, over), &text, &e) && !text.failed) {
		diag_init(&old, c->d->english);
		syntax_parse(diag_source(&old, "", buf_str(&text)), &a, &old, &tail);
		compare_blocks(&x, kept);
		diag_fini(&old);
	}
	buf_fini(&text);
	arena_fini(&a);
}

void check_bases(struct checker *c)
{
	for (uint32_t i = 0; c->loader != NULL && i < c->n_override && c->d->n <= DIAG_MAX; i++)
		if (c->override[i]->id.n > 0 && ruleset_find(c->rs, c->override[i]->id) != NULL)
			check_base(c, c->override[i]);
}

/* ---- what to keep ---- */

/* From the block's first word to the end of its last clause. */
static void add_block(const struct diag_list *d, const struct syn_block *b, struct buf *out)
{
	struct span all = b->key;

	all.end = b->at.end;
	buf_addf(out, STR_FMT "\n", STR_ARG(span_text(d, all)));
	for (unsigned k = 0; k < KW_COUNT; k++)
		for (const struct syn_clause *x = b->clause[k]; x != NULL; x = x->next)
			if (k != KW_EXAMPLE)
				buf_addf(out, "  " STR_FMT "\n", STR_ARG(span_text(d, x->at)));
}

static bool keep_one(const struct diag_list *d, const struct syn_block *blocks,
		     const struct syn_block *over, base_text_fn *fn, void *ctx, struct err *e)
{
	struct arena a;
	struct buf b;
	bool ok = true;

	arena_init(&a);
	buf_init(&b, 0);
	for (const struct syn_block *x = blocks; x != NULL; x = x->next)
		if (x->keyword == KW_RULE && str_eq(x->id, over->id))
			add_block(d, x, &b);
	if (b.n > 0)
		ok = fn(ctx, kept_path(&a, over), buf_str(&b), e);
	buf_fini(&b);
	arena_fini(&a);
	return ok;
}

bool base_texts(const struct rule_text *text, uint32_t n, base_text_fn *fn, void *ctx,
		struct err *e)
{
	struct syn_block *blocks = NULL, **tail = &blocks;
	struct diag_list d;
	struct arena a;
	bool ok = true;

	diag_init(&d, false);
	arena_init(&a);
	for (uint32_t i = 0; i < n; i++)
		syntax_parse(diag_source(&d, text[i].name, text[i].text), &a, &d, &tail);
	for (const struct syn_block *b = blocks; ok && b != NULL; b = b->next)
		if (b->keyword == KW_OVERRIDE && b->id.n > 0)
			ok = keep_one(&d, blocks, b, fn, ctx, e);
	arena_fini(&a);
	diag_fini(&d);
	return ok;
}
