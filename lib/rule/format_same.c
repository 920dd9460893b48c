/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_same.c - everything the parser found in a source, as text: what the formatter
 * must leave as it is.
 */
#include "lib/rule/format_parts.h"
#include "lib/rule/syntax.h"

static void put_str(struct buf *b, struct str s)
{
	buf_json(b, s);
	buf_addc(b, ' ');
}

static void put_syn(struct buf *b, const struct syn *s)
{
	if (s == NULL) {
		buf_adds(b, "- ");
		return;
	}
	buf_addf(b, "(%u %u %d%d%d %u %d ", s->kind, s->op, s->negated, s->bracketed, s->number_ok,
		 s->n_arg, s->day);
	put_str(b, s->text);
	put_str(b, s->part);
	put_str(b, s->unit);
	for (uint32_t i = 0; i < s->n_arg; i++)
		put_syn(b, s->arg[i]);
	put_syn(b, s->cond);
	buf_addc(b, ')');
}

static void put_item(struct buf *b, const struct syn_item *x)
{
	put_str(b, x->name);
	put_str(b, x->extra);
	put_syn(b, x->expr);
}

static void put_clause(struct buf *b, const struct syn_clause *c)
{
	buf_addf(b, "\n  %u %d %d %d %u ", c->keyword, c->broken, c->from, c->until, c->n_item);
	buf_addi(b, c->number);
	put_str(b, c->text);
	put_str(b, c->var);
	for (uint32_t i = 0; i < c->n_item; i++)
		put_item(b, &c->item[i]);
	put_syn(b, c->expr);
	put_syn(b, c->expr2);
	if (c->window != NULL)
		put_str(b, c->window->text);
}

static void put_row(struct buf *b, const struct syn_row *r)
{
	buf_addf(b, "\n    %u ", r->n_cell);
	for (uint32_t i = 0; i < r->n_cell; i++)
		put_str(b, r->cell[i]);
}

static void put_example(struct buf *b, const struct syn_example *x)
{
	buf_adds(b, "\n  example ");
	put_str(b, x->name);
	put_str(b, x->amount);
	buf_addf(b, "%d%d%d ", x->expects, x->expects_amount, x->expects_unknown);
	buf_addi(b, x->hits);
	buf_addc(b, ' ');
	buf_addi(b, x->unknown);
	for (uint32_t t = 0; t < x->n_table; t++) {
		buf_addf(b, "\n   %u ", x->table[t].n_row);
		put_str(b, x->table[t].stream);
		put_row(b, &x->table[t].head);
		for (uint32_t r = 0; r < x->table[t].n_row; r++)
			put_row(b, &x->table[t].row[r]);
	}
}

static void put_block(struct buf *b, const struct syn_block *x)
{
	buf_addf(b, "%u %u ", x->keyword, x->extends);
	put_str(b, x->id);
	put_str(b, x->title);
	for (unsigned k = 0; k < KW_COUNT; k++)
		for (const struct syn_clause *c = x->clause[k]; c != NULL; c = c->next)
			put_clause(b, c);
	for (uint32_t i = 0; i < x->n_example; i++)
		put_example(b, &x->example[i]);
	buf_addc(b, '\n');
}

void format_canon(struct diag_list *d, uint32_t file, struct buf *out)
{
	struct syn_block *blocks = NULL, **tail = &blocks;
	struct arena a;

	arena_init(&a);
	syntax_parse(file, &a, d, &tail);
	for (const struct syn_block *b = blocks; b != NULL; b = b->next)
		put_block(out, b);
	arena_fini(&a);
}
