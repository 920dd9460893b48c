/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ruleset.c - all rule files of a set: parsed, declarations first, rules after them, all or
 * nothing.
 */
#include "lib/rule/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/hash.h"
#include "lib/base/map.h"
#include "lib/rule/check_file.h"
#include "lib/rule/check_rule.h"
#include "lib/rule/pattern.h"
#include "lib/rule/item_map.h"
#include "lib/rule/rule_digest.h"

#define WANTED_BYTES ((FIELD_COUNT + 7) / 8)

static uint32_t count_blocks(const struct syn_block *b, unsigned keywords)
{
	uint32_t n = 0;

	for (; b != NULL; b = b->next)
		n += (keywords & (1u << b->keyword)) != 0;
	return n;
}

static void make_room(struct checker *c)
{
	struct ruleset *rs = c->rs;
	uint32_t files = count_blocks(c->blocks, 1u << KW_LIST | 1u << KW_TABLE);
	uint32_t rules = count_blocks(c->blocks, 1u << KW_RULE);
	uint32_t indicators = count_blocks(c->blocks, 1u << KW_INDICATOR);

	rs->rule = arena_array(c->a, rules + (size_t)1, sizeof *rs->rule);
	rs->indicator = arena_array(c->a, indicators + (size_t)1, sizeof *rs->indicator);
	rs->knowledge = arena_array(c->a, files + (size_t)1, sizeof *rs->knowledge);
	rs->wanted = arena_array(c->a, WANTED_BYTES, 1);
	c->override = arena_array(c->a, count_blocks(c->blocks, 1u << KW_OVERRIDE) + (size_t)1,
				  sizeof(struct syn_block *));
	for (struct syn_block *b = c->blocks; b != NULL; b = b->next)
		if (b->keyword == KW_OVERRIDE)
			c->override[c->n_override++] = b;
	c->knowledge_used = arena_array(c->a, files + (size_t)1, 1);
	c->indicator_used = arena_array(c->a, indicators + (size_t)1, 1);
}

static void indicator_told_twice(struct checker *c, const struct indicator *x)
{
	for (const struct indicator *y = c->rs->indicator; y < x; y++) {
		struct diag *d;

		if (!str_eq(x->name, y->name))
			continue;
		d = diag_add(c->d, x->at, DIAG_DUPLICATE_NAME, check_cstr(c, x->name));
		d->also = y->at;
		d->also_text = check_words(c, "第一次写在这里", "first written here");
		return;
	}
}

static void check_rules(struct checker *c, struct rule_check *k)
{
	struct ruleset *rs = c->rs;

	for (struct syn_block *b = c->blocks; b != NULL; b = b->next) {
		if (b->keyword != KW_RULE || b->id.n == 0)
			continue;
		check_rule(&k[rs->n_rule], c, b, &rs->rule[rs->n_rule]);
		rs->n_rule++;
	}
}

/* The table of local items is used by judging itself. */
static void take_item_map(struct checker *c)
{
	struct ruleset *rs = c->rs;
	uint32_t column;

	for (uint32_t i = 0; i < rs->n_knowledge; i++) {
		const struct knowledge *k = rs->knowledge[i];

		if (!item_map_is(k))
			continue;
		c->knowledge_used[i] = true;
		if (k->n_key != 1)
			diag_add(c->d, k->at, DIAG_BAD_KEY);
		else if (!item_map_column(k, &column))
			diag_add(c->d, k->at, DIAG_UNKNOWN_COLUMN, ITEM_MAP_NAME, ITEM_MAP_COLUMN);
		rs->item_map = k;
	}
}

static void check_blocks(struct checker *c, struct rule_check *k)
{
	struct ruleset *rs = c->rs;

	for (struct syn_block *b = c->blocks; b != NULL; b = b->next)
		if (b->keyword == KW_LIST || b->keyword == KW_TABLE)
			check_file(c, b);
	for (struct syn_block *b = c->blocks; b != NULL; b = b->next)
		if (b->keyword == KW_EXTEND)
			check_extension(c, b);
	take_item_map(c);
	for (struct syn_block *b = c->blocks; b != NULL; b = b->next) {
		if (b->keyword != KW_INDICATOR || b->title.n == 0)
			continue;
		check_indicator(c, b, &rs->indicator[rs->n_indicator]);
		indicator_told_twice(c, &rs->indicator[rs->n_indicator]);
		indicator_digest(&rs->indicator[rs->n_indicator], &rs->settings);
		digest_with(rs->indicator[rs->n_indicator++].digest, rs->item_map);
	}
	check_rules(c, k);
	check_overrides(c);
	check_bases(c);
	for (struct syn_block *b = c->blocks; b != NULL; b = b->next)
		if (b->keyword == KW_EXCEPTION)
			check_exceptions(c, b);
}

/* ---- the set as a whole ---- */

static int by_id_and_version(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;
	int c = str_cmp(x->id, y->id);

	if (c != 0)
		return c;
	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	return x->at.file != y->at.file ? (x->at.file < y->at.file ? -1 : 1)
	     : x->at.start < y->at.start ? -1 : x->at.start > y->at.start;
}

static bool overlap(const struct rule *a, const struct rule *b)
{
	bool a_first = a->until == MISSING_I32 || b->from == MISSING_I32 || b->from <= a->until;
	bool b_first = b->until == MISSING_I32 || a->from == MISSING_I32 || a->from <= b->until;

	return a_first && b_first;
}

static void check_versions(struct checker *c, const struct rule *a, const struct rule *b)
{
	bool same = a->version == b->version;
	struct diag *d;

	if (!same && !overlap(a, b))
		return;
	d = diag_add(c->d, b->at, same ? DIAG_DUPLICATE_RULE : DIAG_VERSIONS_OVERLAP,
		     check_cstr(c, b->id));
	d->also = a->at;
	d->also_text = check_words(c, "另一个版本", "the other version");
}

static int by_rule(const void *a, const void *b)
{
	const struct rule_check *x = a, *y = b;

	return by_id_and_version(x->r, y->r);
}

/* Into order, the rules' checks beside them; versions of one id are then neighbours. */
static void sort_rules(struct checker *c, struct rule_check *k)
{
	struct ruleset *rs = c->rs;

	if (rs->n_rule > 1) {
		qsort(k, rs->n_rule, sizeof *k, by_rule);
		qsort(rs->rule, rs->n_rule, sizeof *rs->rule, by_id_and_version);
	}
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		k[i].r = &rs->rule[i];
		for (uint32_t j = i + 1; j < rs->n_rule && c->d->n <= DIAG_MAX &&
		     str_eq(rs->rule[i].id, rs->rule[j].id); j++)
			check_versions(c, &rs->rule[i], &rs->rule[j]);
	}
}

/* Doubts are told when nothing is wrong: they would only stand between the errors. */
static void check_set(struct checker *c)
{
	struct rule_check *k =
		xcalloc(count_blocks(c->blocks, 1u << KW_RULE) + (size_t)1, sizeof *k);

	check_blocks(c, k);
	sort_rules(c, k);
	for (uint32_t i = 0; i < c->rs->n_rule && c->d->errors == 0; i++)
		check_doubts(&k[i]);
	xfree(k);
}

static void tell_same(struct checker *c, const struct rule *a, const struct rule *b)
{
	struct diag *d = diag_add(c->d, b->at, DIAG_SAME_RULE, check_cstr(c, b->id),
				  check_cstr(c, a->id));

	d->also = a->at;
	d->also_text = check_words(c, "另一条规则", "the other rule");
}

/* Rules that judge alike, found by digest so that a set of thousands stays quick. */
static void tell_same_rules(struct checker *c)
{
	const struct ruleset *rs = c->rs;
	struct map64 seen;

	map64_init(&seen);
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		char judged[33];
		uint64_t *first;
		bool fresh;

		rule_judgement(&rs->rule[i], judged);
		first = map64_at(&seen, hash_bytes(judged, 32), &fresh);
		if (fresh)
			*first = i;
		else if (!str_eq(rs->rule[*first].id, rs->rule[i].id))
			tell_same(c, &rs->rule[*first], &rs->rule[i]);
	}
	map64_fini(&seen);
}

static void tell_one_unused(struct checker *c, enum keyword kind, struct str name, struct span at)
{
	diag_add(c->d, at, DIAG_UNUSED_LIST,
		 arena_printf(&c->d->arena, c->d->english ? "%s 「" STR_FMT "」" : "%s「" STR_FMT "」",
			      keyword_word(kind, c->d->english), STR_ARG(name)));
}

static void tell_unused(struct checker *c)
{
	const struct ruleset *rs = c->rs;

	for (uint32_t i = 0; i < rs->n_knowledge; i++)
		if (!c->knowledge_used[i])
			tell_one_unused(c, rs->knowledge[i]->list ? KW_LIST : KW_TABLE,
					rs->knowledge[i]->name, rs->knowledge[i]->at);
	for (uint32_t i = 0; i < rs->n_indicator; i++)
		if (!c->indicator_used[i])
			tell_one_unused(c, KW_INDICATOR, rs->indicator[i].name,
					rs->indicator[i].at);
}

/* A table whose last row has ended is a table nobody kept. */
static void tell_stale(struct checker *c, const struct knowledge *k)
{
	int32_t today = c->d->today, last = MISSING_I32;
	struct buf day;

	if (today == 0 || k->until == NULL || k->n_row == 0)
		return;
	for (uint32_t r = 0; r < k->n_row; r++) {
		if (k->until[r] == MISSING_I32)
			return;
		last = k->until[r] > last ? k->until[r] : last;
	}
	if (last >= today)
		return;
	buf_init(&day, 20);
	civil_add_date(&day, last);
	diag_add(c->d, k->at, DIAG_LIST_STALE, check_cstr(c, k->name), buf_cstr(&day));
	buf_fini(&day);
}

static void finish(struct checker *c)
{
	struct ruleset *rs = c->rs;

	for (uint32_t i = 0; i < rs->n_rule; i++) {
		rule_digest(&rs->rule[i], &rs->settings);
		digest_with(rs->rule[i].digest, rs->item_map);
		rule_fields(&rs->rule[i], rs->wanted);
	}
	for (uint32_t i = 0; i < rs->n_knowledge; i++)
		tell_stale(c, rs->knowledge[i]);
	tell_same_rules(c);
	tell_unused(c);
	ruleset_digest(rs);
}

struct ruleset *ruleset_compile(const struct rule_text *text, uint32_t n,
				const struct loader *loader, const struct rule_settings *settings,
				struct diag_list *d)
{
	struct ruleset *rs = xcalloc(1, sizeof *rs);
	struct arena syntax;
	struct checker c = { .rs = rs, .a = &rs->arena, .d = d, .loader = loader };
	struct syn_block **tail = &c.blocks;

	arena_init(&rs->arena);
	arena_init(&syntax);
	rs->settings = settings != NULL ? *settings : (struct rule_settings){ 1, 1 };
	for (uint32_t i = 0; i < n; i++)
		syntax_parse(diag_source(d, text[i].name, text[i].text), &syntax, d, &tail);
	make_room(&c);
	check_set(&c);
	if (d->errors == 0)
		finish(&c);
	arena_fini(&syntax);
	diag_sort(d);
	if (d->errors == 0)
		return rs;
	ruleset_free(rs);
	return NULL;
}

void ruleset_free(struct ruleset *rs)
{
	if (rs == NULL)
		return;
	for (uint32_t i = 0; i < rs->n_regex; i++)
		pattern_free(rs->regex[i]);
	xfree(rs->regex);
	for (uint32_t i = 0; i < rs->n_knowledge; i++)
		knowledge_fini(rs->knowledge[i]);
	arena_fini(&rs->arena);
	xfree(rs);
}

void ruleset_own_regex(struct ruleset *rs, void *take_regex)
{
	GROW(rs->regex, rs->cap_regex, rs->n_regex + 1);
	rs->regex[rs->n_regex++] = take_regex;
}

void ruleset_keep_own_exceptions(struct ruleset *rs)
{
	for (uint32_t i = 0; i < rs->n_rule; i++) {
		struct rule *r = &rs->rule[i];
		uint32_t n = 0;

		for (uint32_t j = 0; j < r->n_exception; j++)
			if (r->exception[j].declared == r->at.file)
				r->exception[n++] = r->exception[j];
		r->n_exception = n;
	}
}

const struct rule *ruleset_find(const struct ruleset *rs, struct str id)
{
	for (uint32_t i = 0; i < rs->n_rule; i++)
		if (str_eq(rs->rule[i].id, id))
			return &rs->rule[i];
	return NULL;
}

bool rule_active(const struct rule *r)
{
	return r->state != STATE_OFF;
}

/* ---- fields a rule reads ---- */

static void want(uint8_t *wanted, enum field f)
{
	if (f < FIELD_COUNT)
		field_want(wanted, f);
}

static void want_expr(const struct expr *e, const struct rule *r, uint8_t *wanted)
{
	if (e == NULL)
		return;
	if (e->op == EXPR_FIELD)
		want(wanted, e->field);
	if (e->op == EXPR_BUCKET && r != NULL)
		want(wanted, stream_time(r->stream[e->role]));
	for (uint32_t i = 0; i < e->n_arg; i++)
		want_expr(e->arg[i], r, wanted);
	want_expr(e->cond, r, wanted);
}

static void want_all(struct expr *const *e, uint32_t n, const struct rule *r, uint8_t *wanted)
{
	for (uint32_t i = 0; e != NULL && i < n; i++)
		want_expr(e[i], r, wanted);
}

void rule_fields(const struct rule *r, uint8_t *wanted)
{
	const struct indicator *x = r->indicator;

	for (unsigned i = 0; i < r->n_role; i++)
		want(wanted, stream_time(r->stream[i]));
	want_all(r->key, r->n_key, r, wanted);
	want_all(r->key_twin, r->n_key, r, wanted);
	want_all(r->peer_key, r->n_peer_key, r, wanted);
	for (uint32_t i = 0; i < r->n_related; i++) {
		want(wanted, stream_time(r->related[i].stream));
		want_all(r->related[i].key, r->related[i].n_key, r, wanted);
		want_all(r->related[i].twin, r->related[i].n_key, r, wanted);
	}
	want_expr(r->where, r, wanted);
	for (uint32_t i = 0; i < r->n_let; i++)
		want_expr(r->let[i].expr, r, wanted);
	want_expr(r->when, r, wanted);
	want_expr(r->amount, r, wanted);
	for (uint32_t i = 0; i < r->n_say; i++)
		want_expr(r->say[i].expr, r, wanted);
	for (uint32_t i = 0; i < r->n_except; i++)
		want(wanted, r->except[i]);
	if (x == NULL)
		return;
	want_expr(x->where, r, wanted);
	want_expr(x->value, r, wanted);
	want_expr(x->enough, r, wanted);
}
