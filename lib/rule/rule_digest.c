/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule_digest.c - canonical text of a rule's parts, fed to a digest.
 */
#include "lib/rule/rule_digest.h"

#include "lib/base/digest.h"

static void add_expr(struct digest *d, const struct expr *e)
{
	struct buf b;

	if (e == NULL) {
		digest_u64(d, 0);
		return;
	}
	buf_init(&b, 0);
	expr_canon(e, &b);
	digest_addstr(d, buf_str(&b));
	buf_fini(&b);
}

static void add_exprs(struct digest *d, struct expr *const *e, uint32_t n)
{
	digest_u64(d, n);
	for (uint32_t i = 0; i < n; i++)
		add_expr(d, e[i]);
}

static void add_i64(struct digest *d, int64_t v)
{
	digest_u64(d, (uint64_t)v);
}

static void add_settings(struct digest *d, const struct rule_settings *s)
{
	add_i64(d, s->insurance_year_month);
	add_i64(d, s->insurance_year_day);
}

static void add_window(struct digest *d, const struct window *w)
{
	digest_u64(d, w->kind);
	add_i64(d, w->n);
	digest_u64(d, w->bucket);
	digest_u64(d, w->index);
}

/* Nothing for rules without, so that their digests stay. */
static void add_related(struct digest *d, const struct rule *r)
{
	for (uint32_t i = 0; i < r->n_related; i++) {
		digest_u64(d, r->related[i].stream);
		add_exprs(d, r->related[i].key, r->related[i].n_key);
		add_window(d, &r->related[i].window);
	}
}

static void add_shape(struct digest *d, const struct rule *r)
{
	digest_u64(d, r->form);
	digest_u64(d, r->n_role);
	for (unsigned i = 0; i < r->n_role; i++)
		digest_u64(d, r->stream[i]);
	digest_u64(d, r->scope);
	digest_addstr(d, str_of(r->table != NULL ? r->table->digest : ""));
	add_exprs(d, r->key, r->n_key);
	add_window(d, &r->window);
	digest_u64(d, r->ordered);
	add_i64(d, r->gap_min);
	add_i64(d, r->gap_max);
	digest_u64(d, r->gap_days);
	digest_u64(d, r->pick);
	digest_addstr(d, str_of(r->indicator != NULL ? r->indicator->digest : ""));
	add_exprs(d, r->peer_key, r->n_peer_key);
	add_i64(d, r->peers_min);
	digest_u64(d, r->subject);
	add_i64(d, r->subject_key);
	add_related(d, r);
}

static void add_judgement(struct digest *d, const struct rule *r)
{
	add_shape(d, r);
	add_expr(d, r->where);
	digest_u64(d, r->n_let);
	for (uint32_t i = 0; i < r->n_let; i++)
		add_expr(d, r->let[i].expr);
	add_expr(d, r->when);
}

static void add_exceptions(struct digest *d, const struct rule *r)
{
	digest_u64(d, r->n_except);
	for (uint32_t i = 0; i < r->n_except; i++)
		digest_addstr(d, str_of(field_get(r->except[i])->name));
	digest_u64(d, r->n_exception);
	for (uint32_t i = 0; i < r->n_exception; i++) {
		for (uint32_t j = 0; j < r->n_except; j++)
			digest_addstr(d, r->exception[i].cell[j]);
		add_i64(d, r->exception[i].from);
		add_i64(d, r->exception[i].until);
	}
}

static void add_words(struct digest *d, const struct rule *r)
{
	digest_addstr(d, r->id);
	add_i64(d, r->version);
	digest_addstr(d, r->title);
	digest_addstr(d, r->basis);
	digest_u64(d, r->category);
	digest_u64(d, r->nature);
	digest_u64(d, r->stages);
	digest_u64(d, r->severity);
	digest_u64(d, r->state);
	add_i64(d, r->from);
	add_i64(d, r->until);
	digest_u64(d, r->n_say);
	for (uint32_t i = 0; i < r->n_say; i++) {
		digest_addstr(d, r->say[i].text);
		add_expr(d, r->say[i].expr);
	}
}

void rule_judgement(const struct rule *r, char out[33])
{
	struct digest d;

	digest_init(&d);
	add_judgement(&d, r);
	digest_hex(&d, out);
}

void rule_digest(struct rule *r, const struct rule_settings *settings)
{
	struct digest d;

	digest_init(&d);
	add_settings(&d, settings);
	add_words(&d, r);
	add_judgement(&d, r);
	add_expr(&d, r->amount);
	add_exceptions(&d, r);
	digest_hex(&d, r->digest);
}

void digest_with(char digest[33], const struct knowledge *items)
{
	struct digest d;

	if (items == NULL)
		return;
	digest_init(&d);
	digest_addstr(&d, str_of(digest));
	digest_addstr(&d, str_of(items->digest));
	digest_hex(&d, digest);
}

void indicator_digest(struct indicator *x, const struct rule_settings *settings)
{
	struct digest d;

	digest_init(&d);
	add_settings(&d, settings);
	digest_u64(&d, x->stream);
	digest_u64(&d, x->scope);
	add_expr(&d, x->where);
	add_exprs(&d, x->key, x->n_key);
	add_expr(&d, x->value);
	add_expr(&d, x->enough);
	digest_hex(&d, x->digest);
}

void ruleset_digest(struct ruleset *rs)
{
	struct digest d;

	digest_init(&d);
	digest_u64(&d, rs->n_rule);
	for (uint32_t i = 0; i < rs->n_rule; i++)
		digest_addstr(&d, str_of(rs->rule[i].digest));
	digest_hex(&d, rs->digest);
}
