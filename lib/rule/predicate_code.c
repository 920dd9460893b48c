/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * predicate_code.c - tests that depend on one code: the rows of a batch by classes of codes.
 *
 * A hundred rules ask for lists and tables by the same few columns of codes, and most codes are in
 * none. Codes that all tests of a column say the same of are one class. The rows of a batch are
 * sorted by class once; a test then writes only the rows of classes for which it says another thing
 * than for the largest. A test that is asked for the first time splits classes.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/rule/frame.h"

enum { MOST_TRUTHS = 4, FEW_TESTS = 2, FEW_CLASSES = MOST_TRUTHS * MOST_TRUTHS };

static uint8_t code_truth(struct eval *e, const struct node *n, uint32_t dense)
{
	struct frame f;

	if (!codes_steady(e, n, n, &dense))
		return TRUTH_VARIES;
	frame_init(&f, e);
	f.code_field = n->domain;
	f.code = dense ? e->domain[n->domain].code_of[dense] : 0;
	return (uint8_t)node_truth(&f, n);
}

uint8_t dict_truth_on(struct eval *e, const struct node *n, uint32_t row, int32_t day)
{
	uint32_t dense = domain_rows(e, n->domain)[row];
	struct spell *spell = spell_at(&e->slot[n->id], dense);
	struct frame f;

	if (day >= spell->from && day <= spell->to)
		return (uint8_t)spell->value;
	frame_init(&f, e);
	f.code_field = n->domain;
	f.code = dense ? e->domain[n->domain].code_of[dense] : 0;
	f.day = day;
	if (day == MISSING_I32)
		return (uint8_t)node_truth(&f, n);
	*spell = (struct spell){ INT32_MIN + 1, INT32_MAX, node_truth(&f, n) };
	code_spell(e, n, dense, day, spell);
	return (uint8_t)spell->value;
}

static uint8_t *truths(const struct classes *c, uint32_t class)
{
	return c->truth + (size_t)class * c->cap_node;
}

static uint32_t class_new(struct classes *c, const uint8_t *truth)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 16;
		c->truth = xreallocarray(c->truth, c->cap, c->cap_node);
	}
	memcpy(truths(c, c->n), truth, c->n_node);
	return c->n++;
}

/* ---- a code that is new ---- */

static uint64_t hash_of(const struct classes *c, const uint8_t *truth)
{
	return hash_bytes(truth, c->n_node) | 1;
}

static void index_classes(struct classes *c)
{
	map64_clear(&c->by_truth);
	for (uint32_t i = 0; i < c->n; i++) {
		uint64_t h = hash_of(c, truths(c, i));

		while (map64_get(&c->by_truth, h, NULL))
			h++;
		map64_put(&c->by_truth, h, i);
	}
	c->indexed = true;
}

static uint32_t find_class(struct classes *c, const uint8_t *truth)
{
	uint64_t at, h = hash_of(c, truth);

	if (!c->indexed)
		index_classes(c);
	for (; map64_get(&c->by_truth, h, &at); h++)
		if (!memcmp(truths(c, (uint32_t)at), truth, c->n_node))
			return (uint32_t)at;
	map64_put(&c->by_truth, h, c->n);
	return class_new(c, truth);
}

static void class_codes(struct eval *e, enum field f)
{
	struct classes *c = &e->classes[f];
	uint32_t known = e->domain[f].n;

	GROW(c->of, c->cap_of, known);
	for (; c->n_of < known; c->n_of++) {
		for (uint32_t i = 0; i < c->n_node; i++)
			c->room[i] = code_truth(e, c->node[i], c->n_of);
		c->of[c->n_of] = find_class(c, c->room);
	}
}

/* ---- a test that is new ---- */

static void reach_node(struct classes *c)
{
	uint32_t cap = c->cap_node ? 2 * c->cap_node : 8;
	uint8_t *wider;

	if (c->n_node < c->cap_node)
		return;
	wider = xcalloc(c->cap, cap);
	for (uint32_t i = 0; i < c->n; i++)
		memcpy(wider + (size_t)i * cap, truths(c, i), c->n_node);
	xfree(c->truth);
	c->truth = wider;
	c->node = xreallocarray(c->node, cap, sizeof *c->node);
	c->room = xreallocarray(c->room, cap, 1);
	c->cap_node = cap;
}

static unsigned truth_number(uint8_t t)
{
	return t == TRUTH_VARIES ? MOST_TRUTHS - 1 : t;
}

/* The first truth a class meets is its own; for every other it gets a child. */
static void split_classes(struct eval *e, struct classes *c, uint32_t node)
{
	uint32_t n = c->n, *child = xcalloc((size_t)n * MOST_TRUTHS + 1, sizeof *child);
	bool *met = xcalloc(n + 1u, sizeof *met);

	for (uint32_t d = 0; d < c->n_of; d++) {
		uint32_t class = c->of[d], *to;
		uint8_t t = code_truth(e, c->node[node], d);

		if (!met[class])
			truths(c, class)[node] = t;
		met[class] = true;
		if (truths(c, class)[node] == t)
			continue;
		to = &child[class * MOST_TRUTHS + truth_number(t)];
		if (!*to) {
			memcpy(c->room, truths(c, class), c->n_node);
			c->room[node] = t;
			*to = class_new(c, c->room);
		}
		c->of[d] = *to;
	}
	xfree(child);
	xfree(met);
}

static uint32_t take_node(struct eval *e, const struct node *n)
{
	struct classes *c = &e->classes[n->domain];

	reach_node(c);
	c->node[c->n_node++] = n;
	split_classes(e, c, c->n_node - 1);
	c->indexed = false;
	c->stamp = 0;
	return c->n_node;
}

/* ---- the batch ---- */

static void count_rows(struct classes *c, const uint32_t *dense, uint32_t rows, bool constant)
{
	memset(c->start, 0, (c->n + 2) * sizeof *c->start);
	if (constant && rows)
		c->start[c->of[dense[0]] + 2] = rows;
	for (uint32_t i = 0; !constant && i < rows; i++)
		c->start[c->of[dense[i]] + 2]++;
}

/* start[i] .. start[i + 1]: the rows of class i; those of the largest are not told, nor asked. */
static void sort_rows(struct eval *e, enum field f)
{
	struct classes *c = &e->classes[f];
	const uint32_t *dense = domain_rows(e, f);
	uint32_t rows = e->b->rows[field_get(f)->stream].n, most = 0;

	class_codes(e, f);
	c->stamp = e->stamp;
	GROW(c->start, c->cap_start, c->n + 2);
	GROW(c->row, c->cap_row, rows + 1);
	count_rows(c, dense, rows, e->domain[f].constant);
	c->largest = 0;
	for (uint32_t i = 0; i < c->n; i++) {
		if (c->start[i + 2] > most) {
			most = c->start[i + 2];
			c->largest = i;
		}
		c->start[i + 2] += c->start[i + 1];
	}
	for (uint32_t i = 0; most < rows && i < rows; i++) {
		uint32_t class = c->of[dense[i]];

		c->row[c->start[class + 1]] = i;
		c->start[class + 1] += class != c->largest;
	}
	c->start[c->largest + 1] += most;
}

static uint8_t as_byte(uint8_t t)
{
	return t == TRUTH_VARIES ? TRUTH_UNSET : t;
}

/* Row by row, where tests are so few that sorting rows for them does not pay. */
static void test_rows(struct eval *e, const struct node *n, uint8_t *out)
{
	struct classes *c = &e->classes[n->domain];
	const uint32_t *dense = domain_rows(e, n->domain), *of;
	uint32_t rows = e->b->rows[n->stream].n;
	uint8_t by_class[FEW_CLASSES];

	class_codes(e, n->domain);
	of = c->of;
	for (uint32_t i = 0; i < c->n; i++)
		by_class[i] = as_byte(truths(c, i)[e->slot[n->id].n_code - 1]);
	if (e->domain[n->domain].constant && rows)
		memset(out, by_class[of[dense[0]]], rows);
	else
		for (uint32_t i = 0; i < rows; i++)
			out[i] = by_class[of[dense[i]]];
}

void test_dict(struct eval *e, const struct node *n, uint8_t *out)
{
	struct classes *c = &e->classes[n->domain];
	struct slot *s = &e->slot[n->id];
	uint8_t usual;

	if (!s->n_code)
		s->n_code = take_node(e, n);
	if (c->n_node <= FEW_TESTS) {
		test_rows(e, n, out);
		return;
	}
	if (c->stamp != e->stamp)
		sort_rows(e, n->domain);
	usual = truths(c, c->largest)[s->n_code - 1];
	memset(out, as_byte(usual), e->b->rows[n->stream].n);
	for (uint32_t i = 0; i < c->n; i++) {
		uint8_t t = truths(c, i)[s->n_code - 1];

		for (uint32_t k = c->start[i]; t != usual && k < c->start[i + 1]; k++)
			out[c->row[k]] = as_byte(t);
	}
}

void classes_free(struct eval *e)
{
	for (uint32_t i = 0; e->classes && i < FIELD_COUNT; i++) {
		struct classes *c = &e->classes[i];

		map64_fini(&c->by_truth);
		xfree(c->of);
		xfree(c->truth);
		xfree(c->node);
		xfree(c->room);
		xfree(c->start);
		xfree(c->row);
	}
	xfree(e->classes);
}
