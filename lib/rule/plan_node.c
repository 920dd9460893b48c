/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan_node.c - expressions into nodes, each distinct node of the rule set once.
 *
 * Arguments are made first, so two nodes are the same when their own words and their
 * arguments' addresses are. Lets are replaced by what they stand for; a key named in a
 * group's expression becomes the key's own node (in a cell: a place in the cell's key).
 * Knows expressions; how nodes are computed is plan_way.c.
 */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/rule/plan.h"

static uint64_t hash_rat(uint64_t h, struct rat r)
{
	r = rat_reduce(r);
	h = hash_join(h, (uint64_t)r.num);
	h = hash_join(h, (uint64_t)(r.num >> 64));
	return hash_join(h, (uint64_t)r.den);
}

static uint64_t node_hash(const struct node *n)
{
	uint64_t h = hash_join(n->op, n->type);

	h = hash_join(h, (uint64_t)n->role << 32 | n->field);
	h = hash_join(h, (uint64_t)n->bucket << 32 | (uint64_t)n->agg << 16 | n->func);
	h = hash_join(h, n->index);
	h = hash_rat(h, n->rat);
	h = hash_join(h, hash_str(n->text));
	h = hash_join(h, (uintptr_t)n->table);
	h = hash_join(h, (uintptr_t)n->cond);
	for (uint32_t i = 0; i < n->n_arg; i++)
		h = hash_join(h, (uintptr_t)n->arg[i]);
	return h;
}

static bool node_same(const struct node *a, const struct node *b)
{
	if (a->op != b->op || a->type != b->type || a->role != b->role ||
	    a->field != b->field || a->bucket != b->bucket || a->agg != b->agg ||
	    a->func != b->func || a->index != b->index || a->n_arg != b->n_arg ||
	    a->table != b->table || a->cond != b->cond)
		return false;
	if (a->n_arg && memcmp(a->arg, b->arg, a->n_arg * sizeof *a->arg) != 0)
		return false;
	return num_cmp(a->rat, b->rat) == 0 && str_eq(a->text, b->text);
}

/* The kept twin of `n`, or n itself, copied and numbered. Hashes that meet are told apart by
 * stepping on. */
static struct node *keep(struct plan *p, const struct node *n)
{
	for (uint64_t h = node_hash(n);; h++) {
		bool fresh;
		uint64_t *at = map64_at(&p->seen, h, &fresh);

		if (!fresh && node_same(p->node[*at], n))
			return p->node[*at];
		if (!fresh)
			continue;
		struct node *kept = arena_dup(&p->arena, n, sizeof *n);

		*at = kept->id = p->n_node;
		GROW(p->node, p->cap_node, p->n_node + 1);
		p->node[p->n_node++] = kept;
		plan_way(p, kept);
		return kept;
	}
}

void plan_want(struct plan *p, enum field f)
{
	if (f < FIELD_COUNT)
		p->wanted[f / 8] |= (uint8_t)(1u << (f % 8));
}

void plan_want_visit(struct plan *p, enum stream s)
{
	static const char *const names[] = { "mdtrt_id", "fixmedins_code" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		enum field f = field_find(s, str_of(names[i]));

		if (f != FIELD_NONE)
			plan_want(p, f);
	}
}

uint32_t plan_memo(struct plan *p, const struct knowledge *t, enum field f, uint32_t key)
{
	uint32_t i = 0;

	while (i < p->n_memo && (p->memo[i].table != t || p->memo[i].field != f ||
				 p->memo[i].key != key))
		i++;
	if (i == p->n_memo) {
		GROW(p->memo, p->cap_memo, p->n_memo + 1);
		p->memo[p->n_memo++] = (struct table_memo){ t, f, key };
	}
	p->domain[f] = true;
	return i;
}

const struct rat *plan_numbers(struct plan *p, const struct knowledge *t, uint32_t col)
{
	struct rat *v;

	if (t->col[col].kind == COLUMN_TEXT || t->col[col].kind == COLUMN_WINDOW)
		return NULL;
	for (uint32_t i = 0; i < p->n_numbers; i++)
		if (p->numbers[i].table == t && p->numbers[i].col == col)
			return p->numbers[i].number;
	v = arena_array(&p->arena, t->n_row, sizeof *v);
	for (uint32_t r = 0; r < t->n_row; r++)
		if (!knowledge_number(t, r, col, &v[r]))
			v[r] = (struct rat){ 0, 0 };
	GROW(p->numbers, p->cap_numbers, p->n_numbers + 1);
	p->numbers[p->n_numbers++] = (struct table_numbers){ t, col, v };
	return v;
}

/* Streams agree, or there are several. */
static enum stream join_stream(enum stream a, enum stream b)
{
	return a == STREAM_COUNT ? b : b == STREAM_COUNT || a == b ? a : STREAM_COUNT;
}

static void take_arg(struct node *n, const struct node *arg)
{
	n->roles |= arg->roles;
	n->group |= arg->group;
	n->dated |= arg->dated;
	n->stream = join_stream(n->stream, arg->stream);
}

static bool is_dated(const struct knowledge *k)
{
	return k && (k->from || k->until);
}

static void set_leaf(struct plan *p, struct node *n, const struct expr *e, const struct scope *sc)
{
	switch (e->op) {
	case EXPR_FIELD:
		n->field = e->field;
		n->role = sc->flat ? 0 : e->role;
		n->stream = field_get(e->field)->stream;
		n->roles = (uint8_t)(1u << n->role);
		plan_want(p, e->field);
		break;
	case EXPR_BUCKET:
		n->bucket = e->bucket;
		n->role = sc->flat ? 0 : e->role;
		n->roles = (uint8_t)(1u << n->role);
		break;
	case EXPR_LOOKUP:
	case EXPR_INLIST:
		n->dated = is_dated(e->table);
		break;
	case EXPR_KEY:
	case EXPR_ROWCOL:
	case EXPR_AMOUNT:
	case EXPR_INDICATOR:
	case EXPR_PEER:
		n->group = true;
		break;
	case EXPR_OVER:
		n->group = true;
		n->bucket = e->bucket;
		n->field = e->field;
		n->role = e->role;
		plan_want(p, e->field);
		break;
	default:
		break;
	}
}

static struct node blank(const struct expr *e)
{
	return (struct node){
		.op = e->op, .type = e->type, .stream = STREAM_COUNT, .field = FIELD_NONE,
		.agg = e->agg, .func = e->func, .index = e->index, .rat = e->rat,
		.text = e->text, .table = e->table, .regex = e->regex, .memo = NO_INDEX,
	};
}

/* The key that an expression over one record is, in scopes with keys; NULL when none. */
static struct node *as_key(struct plan *p, const struct node *n, const struct scope *sc)
{
	for (uint32_t i = 0; i < sc->n_key; i++) {
		if (sc->key[i] != n)
			continue;
		struct node k = { .op = EXPR_KEY, .type = n->type, .stream = STREAM_COUNT,
				  .field = FIELD_NONE, .index = i, .group = true,
				  .memo = NO_INDEX, .rat = { 0, 1 } };
		return keep(p, &k);
	}
	return NULL;
}

static struct node *named(struct plan *p, const struct expr *e, const struct scope *sc)
{
	if (e->op == EXPR_LET)
		return plan_node(p, sc->rule->let[e->index].expr, sc);
	if (e->op == EXPR_KEY && !sc->cell && sc->key)
		return sc->key[e->index];
	return NULL;
}

/* A related record alone may be read as vectors; beside the record in hand it is one of several. */
static struct scope related_scope(const struct expr *e, const struct scope *sc)
{
	struct scope inner = *sc;
	bool alone = e->cond == NULL || plan_reads_only(e->cond, e->role);

	for (uint32_t i = 0; i < e->n_arg; i++)
		alone &= plan_reads_only(e->arg[i], e->role);
	inner.flat = alone;
	for (unsigned i = 0; alone && i < RULE_ROLES; i++)
		inner.stream[i] = sc->stream[e->role];
	return inner;
}

static void set_aggregate(struct plan *p, struct node *n, const struct expr *e,
			  const struct scope *sc)
{
	struct scope inner = { .rule = sc->rule, .flat = true,
			       .stream = { sc->stream[e->role], sc->stream[e->role] } };

	if (e->role >= ROLE_RELATED)
		inner = related_scope(e, sc);
	n->mixed = !inner.flat;

	n->role = e->role;
	n->arg = arena_array(&p->arena, e->n_arg, sizeof *n->arg);
	n->n_arg = e->n_arg;
	for (uint32_t i = 0; i < e->n_arg; i++)
		n->arg[i] = plan_node(p, e->arg[i], &inner);
	n->cond = e->cond ? plan_node(p, e->cond, &inner) : NULL;
	n->roles = (uint8_t)(1u << e->role);
	n->group = true;
}

static void set_args(struct plan *p, struct node *n, const struct expr *e, const struct scope *sc)
{
	n->n_arg = e->n_arg;
	n->arg = arena_array(&p->arena, e->n_arg, sizeof *n->arg);
	for (uint32_t i = 0; i < e->n_arg; i++) {
		n->arg[i] = plan_node(p, e->arg[i], sc);
		take_arg(n, n->arg[i]);
	}
}

struct node *plan_node(struct plan *p, const struct expr *e, const struct scope *sc)
{
	struct node *other = named(p, e, sc);
	struct node n;

	if (other)
		return other;
	n = blank(e);
	if (n.rat.den == 0)
		n.rat = (struct rat){ 0, 1 };
	if (e->op == EXPR_AGG) {
		set_aggregate(p, &n, e, sc);
		return keep(p, &n);
	}
	set_leaf(p, &n, e, sc);
	if (e->op == EXPR_BUCKET) {
		n.stream = sc->stream[e->role];
		n.field = stream_time(n.stream);
		plan_want(p, n.field);
		if (n.bucket == BUCKET_VISIT || n.bucket == BUCKET_STAY)
			plan_want_visit(p, n.stream);
	}
	set_args(p, &n, e, sc);
	other = keep(p, &n);
	struct node *key = sc->cell ? as_key(p, other, sc) : NULL;

	return key ? key : other;
}

struct node *plan_node_not(struct plan *p, struct node *a)
{
	struct node n = { .op = EXPR_NOT, .type = TYPE_FLAG, .stream = STREAM_COUNT,
			  .field = FIELD_NONE, .n_arg = 1, .rat = { 0, 1 }, .memo = NO_INDEX };

	n.arg = arena_array(&p->arena, 1, sizeof *n.arg);
	n.arg[0] = a;
	take_arg(&n, a);
	return keep(p, &n);
}

struct node *plan_node_bucket(struct plan *p, enum bucket bucket, enum stream s)
{
	struct expr e = { .op = EXPR_BUCKET, .type = TYPE_CODE, .bucket = bucket,
			  .rat = { 0, 1 } };
	struct scope sc = { .flat = true, .stream = { s, s } };

	return plan_node(p, &e, &sc);
}

struct keyset *plan_keyset(struct plan *p, enum stream s, struct node **node, uint32_t n)
{
	struct keyset *k;

	for (uint32_t i = 0; i < p->n_keyset; i++)
		if (p->keyset[i]->n == n && p->keyset[i]->stream == s &&
		    (!n || !memcmp(p->keyset[i]->node, node, n * sizeof *node))) {
			p->keyset[i]->n_user++;
			return p->keyset[i];
		}
	k = arena_new(&p->arena, struct keyset);
	k->id = p->n_keyset;
	k->n_user = 1;
	k->stream = s;
	k->n = n;
	k->node = arena_dup(&p->arena, node, n * sizeof *node);
	GROW(p->keyset, p->cap_keyset, p->n_keyset + 1);
	p->keyset[p->n_keyset++] = k;
	return k;
}
