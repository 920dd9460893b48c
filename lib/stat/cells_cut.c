/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_cut.c - cells as bytes that stand alone, cut by bin of their keys, and added up again.
 *
 *   piece    n | part ...   n | text ...   source + 1 | n | cell ...   0
 *   part     node, type and kind, its number; its text
 *   cell     parts of the key, sure, given, sums
 *
 * Numbers take as many bytes as they need. Parts and texts are numbered anew by first use in
 * each piece. Nothing is believed of the bytes: what does not hold together is refused.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"
#include "lib/stat/cell.h"

enum { LONGEST = 10 };
enum kind { KIND_MISSING, KIND_TEXT, KIND_WHOLE, KIND_FRACTION, KIND_BITS = 2 };

/* ---- bins ---- */

/* What is compared must share all keys but the subject's, so only those say which bin. */
static uint8_t *bin_keys(const struct plan *p, uint32_t source)
{
	uint32_t n = p->source[source].n_key;
	uint8_t *of = xcalloc(n + 1u, 1);

	memset(of, 1, n);
	for (uint32_t i = 0; i < p->n_rule; i++)
		if (p->rule[i]->source == source && p->rule[i]->rule->form == FORM_COMPARE &&
		    p->rule[i]->subject_key < n)
			of[p->rule[i]->subject_key] = 0;
	return of;
}

static uint32_t bin_of(const struct cells *c, struct cell_at at, const uint8_t *of,
		       const uint64_t *hash, uint32_t bins)
{
	const struct table *t = &c->table[at.source];
	const struct cell *x = cell_at(t, at.cell);
	uint64_t h = at.source;

	for (uint32_t i = 0; i < t->n_key; i++)
		if (of[i])
			h = hash_join(h, hash[x->key[i]]);
	return (uint32_t)((h >> 32) * bins >> 32);
}

/* ---- writing ---- */

struct cutting {
	const struct cells *c;
	uint32_t now;                        /* the piece at hand, from 1 */
	uint32_t *part, *part_piece;         /* [n_part] its number there, and in which piece */
	uint32_t *code, *code_piece;         /* the same of codes */
	uint32_t n_part, n_text;
	struct buf parts, texts, body, piece;
};

static void put_u64(struct buf *b, uint64_t v)
{
	uint8_t bytes[LONGEST];
	unsigned n = 0;

	for (; v > 0x7F; v >>= 7)
		bytes[n++] = (uint8_t)(v | 0x80);
	bytes[n++] = (uint8_t)v;
	buf_add(b, bytes, n);
}

static void put_i64(struct buf *b, int64_t v)
{
	put_u64(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static void put_text(struct buf *b, struct str s)
{
	put_u64(b, s.n);
	buf_addstr(b, s);
}

static bool is_whole(const struct rat *r)
{
	return r->den == 1 && r->num >= INT64_MIN && r->num <= INT64_MAX;
}

static void put_part(struct buf *b, const struct part *p)
{
	const struct value *v = &p->value;
	enum kind kind = !v->known ? KIND_MISSING : type_is_text(v->type) ? KIND_TEXT
		       : is_whole(&v->rat) ? KIND_WHOLE : KIND_FRACTION;

	put_u64(b, p->node);
	put_u64(b, (uint64_t)v->type << KIND_BITS | kind);
	if (kind == KIND_WHOLE)
		put_i64(b, (int64_t)v->rat.num);
	if (kind == KIND_FRACTION)
		buf_add(b, &v->rat, sizeof v->rat);
	put_text(b, p->text);
}

static void put_part_number(struct cutting *x, struct buf *to, uint64_t part)
{
	if (x->part_piece[part] != x->now) {
		x->part_piece[part] = x->now;
		x->part[part] = x->n_part++;
		put_part(&x->parts, &x->c->part[part]);
	}
	put_u64(to, x->part[part]);
}

static void put_kept(struct cutting *x, uint64_t code, uint64_t times)
{
	if (x->code_piece[code] != x->now) {
		x->code_piece[code] = x->now;
		x->code[code] = x->n_text++;
		put_text(&x->texts, dict_text(x->c->dict, (uint32_t)code));
	}
	put_u64(&x->body, x->code[code]);
	put_u64(&x->body, times);
}

static void put_values(struct cutting *x, const struct sum *s, const struct rest *r)
{
	uint64_t code, times, more = r ? map64_count(&r->seen) : 0;
	size_t at = 0;

	put_u64(&x->body, s->count);
	put_u64(&x->body, s->unknown);
	put_u64(&x->body, more + (s->total != 0));
	if (s->total)
		put_kept(x, KEPT_CODE(s->total), KEPT_TIMES(s->total));
	while (r && map64_next(&r->seen, &at, &code, &times))
		put_kept(x, code, times);
}

static void put_peers(struct cutting *x, const struct sum *s, const struct rest *r)
{
	uint64_t part, times, more = r ? map64_count(&r->seen) : 0;
	size_t at = 0;

	put_u64(&x->body, more + (s->count != 0));
	if (s->count) {
		put_part_number(x, &x->body, (uint64_t)s->total);
		put_u64(&x->body, s->count);
	}
	while (r && map64_next(&r->seen, &at, &part, &times)) {
		put_part_number(x, &x->body, part);
		put_u64(&x->body, times);
	}
}

static void put_total(struct cutting *x, const struct sum *s, const struct rest *r)
{
	put_u64(&x->body, s->count);
	put_u64(&x->body, (uint64_t)s->unknown << 1 | (r != NULL));
	put_i64(&x->body, s->total);
	if (!r)
		return;
	put_i64(&x->body, r->carry);
	put_u64(&x->body, r->overflow);
	buf_add(&x->body, &r->more, sizeof r->more);
}

static void put_cell(struct cutting *x, struct cell_at at)
{
	const struct cell_source *s = &x->c->p->source[at.source];
	const struct table *t = &x->c->table[at.source];
	const struct cell *cell = cell_at(t, at.cell);
	const struct sum *sum = cell_sums(t, at.cell);

	for (uint32_t i = 0; i < t->n_key; i++)
		put_part_number(x, &x->body, cell->key[i]);
	put_u64(&x->body, cell->sure);
	put_u64(&x->body, cell_given(cell));
	for (uint32_t i = 0; i < t->n_sum; i++) {
		const struct rest *r = cell_rest(x->c, at.source, at.cell, i);

		if (i >= s->n_agg)
			put_peers(x, &sum[i], r);
		else if (agg_keeps_values(cell_agg(s, i)))
			put_values(x, &sum[i], r);
		else
			put_total(x, &sum[i], r);
	}
}

/* Cells of one bin, source by source. */
static struct str make_piece(struct cutting *x, const struct cell_at *at, uint32_t n)
{
	x->now++;
	x->n_part = x->n_text = 0;
	buf_reset(&x->parts);
	buf_reset(&x->texts);
	buf_reset(&x->body);
	buf_reset(&x->piece);
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && at[end].source == at[i].source; end++)
			;
		put_u64(&x->body, at[i].source + 1);
		put_u64(&x->body, end - i);
		for (uint32_t k = i; k < end; k++)
			put_cell(x, at[k]);
	}
	put_u64(&x->body, 0);
	put_u64(&x->piece, x->n_part);
	buf_addstr(&x->piece, buf_str(&x->parts));
	put_u64(&x->piece, x->n_text);
	buf_addstr(&x->piece, buf_str(&x->texts));
	buf_addstr(&x->piece, buf_str(&x->body));
	if (x->parts.failed || x->texts.failed || x->body.failed || x->piece.failed)
		mem_give_up("a piece of cells beyond 4 GiB");
	return buf_str(&x->piece);
}

static void cutting_init(struct cutting *x, const struct cells *c)
{
	size_t codes = (size_t)dict_count(c->dict) + 1;

	*x = (struct cutting){ .c = c };
	x->part = xcalloc(c->n_part + 1u, sizeof *x->part);
	x->part_piece = xcalloc(c->n_part + 1u, sizeof *x->part_piece);
	x->code = xcalloc(codes, sizeof *x->code);
	x->code_piece = xcalloc(codes, sizeof *x->code_piece);
	buf_init(&x->parts, 0);
	buf_init(&x->texts, 0);
	buf_init(&x->body, 0);
	buf_init(&x->piece, 0);
}

static void cutting_fini(struct cutting *x)
{
	xfree(x->part);
	xfree(x->part_piece);
	xfree(x->code);
	xfree(x->code_piece);
	buf_fini(&x->parts);
	buf_fini(&x->texts);
	buf_fini(&x->body);
	buf_fini(&x->piece);
}

/* ---- cells by bin ---- */

struct binning {
	struct cell_at *at;
	uint32_t *bin, n, cap, cap_bin;
	uint32_t *from;          /* [bins + 1] */
};

static void bin_source(struct binning *b, const struct cells *c, uint32_t source,
		       const uint64_t *hash, uint32_t bins)
{
	uint8_t *of = bin_keys(c->p, source);

	for (uint32_t i = 0; i < c->table[source].n; i++) {
		struct cell_at at = { source, i };

		if (!cell_given(cell_at(&c->table[source], i)))
			continue;
		GROW(b->at, b->cap, b->n + 1);
		GROW(b->bin, b->cap_bin, b->n + 1);
		b->at[b->n] = at;
		b->bin[b->n++] = bin_of(c, at, of, hash, bins);
	}
	xfree(of);
}

/* A counting sort: within a bin the sources stay in order. */
static void sort_bins(struct binning *b, uint32_t bins)
{
	struct cell_at *sorted = xcalloc(b->n + 1u, sizeof *sorted);

	b->from = xcalloc(bins + 2u, sizeof *b->from);
	for (uint32_t i = 0; i < b->n; i++)
		b->from[b->bin[i] + 2]++;
	for (uint32_t i = 2; i < bins + 2; i++)
		b->from[i] += b->from[i - 1];
	for (uint32_t i = 0; i < b->n; i++)
		sorted[b->from[b->bin[i] + 1]++] = b->at[i];
	xfree(b->at);
	b->at = sorted;
}

void cells_cut(const struct cells *c, uint32_t bins, cells_piece_fn *fn, void *ctx)
{
	uint64_t *hash = xcalloc(c->n_part + 1u, sizeof *hash);
	struct binning b = { .n = 0 };
	struct cutting x;

	for (uint32_t i = 0; i < c->n_part; i++)
		hash[i] = hash_join(hash_str(c->part[i].text), c->part[i].value.known);
	for (uint32_t s = 0; s < c->p->n_source; s++)
		bin_source(&b, c, s, hash, bins);
	xfree(hash);
	sort_bins(&b, bins);
	cutting_init(&x, c);
	for (uint32_t i = 0; i < bins; i++)
		if (b.from[i + 1] > b.from[i])
			fn(ctx, i, make_piece(&x, b.at + b.from[i], b.from[i + 1] - b.from[i]));
	cutting_fini(&x);
	xfree(b.at);
	xfree(b.bin);
	xfree(b.from);
}

/* ---- reading ---- */

struct taking {
	const uint8_t *p, *end;
	bool bad;                /* from then on everything is 0 */
	struct cells *into;
	uint32_t *part;          /* [n_part] numbers in `into` */
	struct str *text;        /* [n_text] */
	uint32_t n_part, n_text;
};

static uint64_t take_u64(struct taking *t)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64 && t->p < t->end; shift += 7) {
		v |= (uint64_t)(*t->p & 0x7F) << shift;
		if (!(*t->p++ & 0x80))
			return v;
	}
	t->bad = true;
	t->p = t->end;
	return 0;
}

static int64_t take_i64(struct taking *t)
{
	uint64_t z = take_u64(t);

	return (int64_t)(z >> 1 ^ (~(z & 1) + 1));
}

static const uint8_t *take_bytes(struct taking *t, uint64_t n)
{
	const uint8_t *p = t->p;

	t->bad |= n > (uint64_t)(t->end - t->p);
	t->p = t->bad ? t->end : t->p + n;
	return t->bad ? NULL : p;
}

/* How many follow; each takes a byte or more. */
static uint32_t take_count(struct taking *t)
{
	uint64_t n = take_u64(t);

	t->bad |= n > (uint64_t)(t->end - t->p);
	return t->bad ? 0 : (uint32_t)n;
}

static struct str take_text(struct taking *t)
{
	uint32_t n = take_count(t);

	return (struct str){ (const char *)take_bytes(t, n), n };
}

static struct rat take_rat(struct taking *t)
{
	struct rat r = { 0, 1 };
	const uint8_t *p = take_bytes(t, sizeof r);

	if (p)
		memcpy(&r, p, sizeof r);
	t->bad |= r.den <= 0;
	return r;
}

static void take_part(struct taking *t, uint32_t i)
{
	struct part p = { .node = (uint32_t)take_u64(t) };
	uint64_t head = take_u64(t);
	enum kind kind = head & ((1u << KIND_BITS) - 1);

	p.value = value_missing((enum type)(head >> KIND_BITS));
	p.value.known = kind != KIND_MISSING;
	if (kind == KIND_WHOLE)
		p.value.rat.num = take_i64(t);
	if (kind == KIND_FRACTION)
		p.value.rat = take_rat(t);
	p.text = take_text(t);
	if (kind == KIND_TEXT)
		p.value.text = p.text;
	t->part[i] = t->bad ? 0 : cells_part(t->into, &p);
}

static void take_parts(struct taking *t)
{
	t->n_part = take_count(t);
	t->part = xcalloc(t->n_part + 1u, sizeof *t->part);
	for (uint32_t i = 0; i < t->n_part && !t->bad; i++)
		take_part(t, i);
	t->n_text = take_count(t);
	t->text = xcalloc(t->n_text + 1u, sizeof *t->text);
	for (uint32_t i = 0; i < t->n_text && !t->bad; i++)
		t->text[i] = take_text(t);
}

static uint32_t take_part_number(struct taking *t)
{
	uint64_t i = take_u64(t);

	t->bad |= i >= t->n_part;
	return t->bad ? 0 : t->part[i];
}

static void take_counts(struct taking *t, const struct adding *a, unsigned shift, bool *rest)
{
	uint32_t count = (uint32_t)take_u64(t);
	uint64_t unknown = take_u64(t);

	*rest = unknown & 1;
	cell_add_counts(a, count, (uint32_t)(unknown >> shift));
}

static void take_values(struct taking *t, const struct adding *a)
{
	bool rest;
	uint32_t n;

	take_counts(t, a, 0, &rest);
	n = take_count(t);
	for (uint32_t i = 0; i < n && !t->bad; i++) {
		uint64_t at = take_u64(t), times = take_u64(t);

		t->bad |= at >= t->n_text;
		if (!t->bad)
			cell_add_value(a, t->text[at], times);
	}
}

static void take_peers(struct taking *t, const struct adding *a)
{
	uint32_t n = take_count(t);

	for (uint32_t i = 0; i < n && !t->bad; i++) {
		uint32_t part = take_part_number(t);

		cell_add_peer(a, part, take_u64(t));
	}
}

static void take_total(struct taking *t, const struct adding *a)
{
	struct rest r = { .overflow = false };
	bool rest;

	take_counts(t, a, 1, &rest);
	cell_add_total(a, take_i64(t));
	if (!rest)
		return;
	r.carry = take_i64(t);
	r.overflow = take_u64(t);
	r.more = take_rat(t);
	cell_add_rest(a, &r);
}

static void take_cell(struct taking *t, struct adding *a, uint32_t *key)
{
	const struct cell_source *s = &t->into->p->source[a->to.source];
	struct table *table = &t->into->table[a->to.source];
	uint32_t sure;

	for (uint32_t i = 0; i < table->n_key; i++)
		key[i] = take_part_number(t);
	if (t->bad)
		return;
	a->to.cell = table_cell(table, key);
	sure = (uint32_t)take_u64(t);
	cell_add(a, sure, (uint32_t)take_u64(t));
	for (a->sum = 0; a->sum < table->n_sum && !t->bad; a->sum++) {
		if (a->sum >= s->n_agg)
			take_peers(t, a);
		else if (agg_keeps_values(cell_agg(s, a->sum)))
			take_values(t, a);
		else
			take_total(t, a);
	}
}

static void take_source(struct taking *t, uint64_t source, int sign)
{
	struct adding a = { .into = t->into, .sign = sign };
	uint32_t n = take_count(t), *key;

	t->bad |= source >= t->into->p->n_source;
	if (t->bad)
		return;
	a.to.source = (uint32_t)source;
	key = xcalloc(t->into->table[source].n_key + 1u, sizeof *key);
	for (uint32_t i = 0; i < n && !t->bad; i++)
		take_cell(t, &a, key);
	xfree(key);
}

bool cells_join(struct cells *into, struct str piece, int sign, struct err *e)
{
	struct taking t = { .p = (const uint8_t *)piece.p, .into = into };
	uint64_t source;

	t.end = t.p + piece.n;
	take_parts(&t);
	while (!t.bad && (source = take_u64(&t)) > 0)
		take_source(&t, source - 1, sign);
	xfree(t.part);
	xfree(t.text);
	return (!t.bad && t.p == t.end) || err_set(e, ERR_INPUT, "a piece of cells is damaged");
}
