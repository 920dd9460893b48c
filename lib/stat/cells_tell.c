/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_tell.c - what changed since the last round: cells told anew, or taken back.
 *
 * Cells that fire by themselves are told one by one. Of comparisons, a changed cell touches its
 * group of peers, before and now; a touched group is compared again as a whole, since the median
 * has moved for all of it. Groups are compared by all threads, and told by one. Everything else
 * stands as told.
 */
#include <string.h>

#include "lib/stat/joined.h"

enum { AHEAD = 8 };

static const uint32_t *cell_of(const struct judging *j, cell_ref ref)
{
	return joint_cell(j->j, &j->j->partition[ref >> 32].joint[j->rp->source], (uint32_t)ref);
}

static uint64_t hit_id(const struct judging *j, cell_ref ref)
{
	return (uint64_t)(j->told - j->j->told) << 48 | ref;
}

static void take_back(struct judging *j, cell_ref ref)
{
	uint64_t state;

	if (!map64_get(&j->told->state, ref, &state))
		return;
	map64_del(&j->told->state, ref);
	state_count(&j->told->account, (enum cell_state)state, -1);
	if (state == CELL_HIT || state == CELL_EXCEPTED)
		j->sink->gone(j->sink->ctx, hit_id(j, ref));
}

static void note(struct judging *j, cell_ref ref, enum cell_state state)
{
	map64_put(&j->told->state, ref, state);
	state_count(&j->told->account, state, 1);
	arena_reset(&j->e->scratch);
}

/* ---- cells by themselves ---- */

static void tell_cell(struct judging *j, cell_ref ref, bool found)
{
	struct frame f;

	take_back(j, ref);
	if (!found)
		return;
	cell_frame(j, &f, cell_of(j, ref));
	note(j, ref, cell_give(j, &f, cell_of(j, ref), hit_id(j, ref)));
}

/* ---- groups of peers ---- */

static void touch(struct told *t, uint32_t group)
{
	if (t->group[group].touched)
		return;
	t->group[group].touched = true;
	GROW(t->touched, t->cap_touched, t->n_touched + 1);
	t->touched[t->n_touched++] = group;
}

static struct outcome *outcome_of(const struct judging *j, uint32_t partition)
{
	return &j->j->partition[partition].outcome[j->told - j->j->told];
}

static struct compared *compared_of(const struct judging *j, const struct peer *p)
{
	return &outcome_of(j, (uint32_t)(p->ref >> 32))->compared[p->at];
}

/* A hit told before is so no more. */
static void peer_gone(struct judging *j, const struct peer *p, enum cell_state before)
{
	if (before != CELL_HIT && before != CELL_EXCEPTED)
		return;
	state_count(&j->told->account, before, -1);
	j->sink->gone(j->sink->ctx, hit_id(j, p->ref));
}

static bool is_quiet(enum cell_state state)
{
	return state < CELL_FOUND;
}

static void leave_group(struct judging *j, cell_ref ref, uint32_t at)
{
	struct outcome *out = outcome_of(j, (uint32_t)(ref >> 32));
	struct compared *c = &out->compared[at];
	struct told *t = j->told;
	struct peer_group *g;
	struct peer *p;

	if (c->group == NO_INDEX)
		return;
	g = &t->group[c->group];
	p = &g->member[c->place];
	if (is_quiet((enum cell_state)p->state))
		state_count(&out->account, (enum cell_state)p->state, -1);
	peer_gone(j, p, (enum cell_state)p->state);
	*p = g->member[--g->n];
	compared_of(j, p)->place = c->place;
	touch(t, c->group);
	c->group = NO_INDEX;
}

/* The text of a code is looked at once. */
static uint32_t group_number(struct told *t, const struct dict *alike, uint32_t partition,
			     uint32_t code)
{
	struct group_codes *k = &t->codes[partition];
	uint32_t old = k->n;

	GROW(k->group, k->n, code + 1);
	if (k->n > old)
		memset(k->group + old, 0, (k->n - old) * sizeof *k->group);
	if (!k->group[code])
		k->group[code] = dict_code(t->alike, dict_text(alike, code)) + 1;
	return k->group[code] - 1;
}

static void join_group(struct judging *j, uint32_t partition, const struct mention *m)
{
	const struct partition *part = &j->j->partition[partition];
	struct compared *c = &outcome_of(j, partition)->compared[m->at];
	struct told *t = j->told;
	struct peer_group *g;

	c->group = group_number(t, part->alike, partition, c->alike);
	GROW(t->group, t->cap_group, c->group + 1);
	while (t->n_group <= c->group)
		t->group[t->n_group++] = (struct peer_group){ .n = 0 };
	g = &t->group[c->group];
	GROW(g->member, g->cap, g->n + 1);
	c->place = g->n;
	g->member[g->n++] = (struct peer){ (cell_ref)partition << 32 | m->cell, m->at,
					   CELL_ABSENT, CELL_ABSENT };
	touch(t, c->group);
}

static bool compares(const struct judging *j)
{
	return j->rp->rule->form == FORM_COMPARE;
}

static bool judging_told(struct judging *j, uint32_t rule)
{
	j->told = &j->j->told[rule];
	return judging_rule(j, j->j->p->rule[rule]);
}

static void group_changed(struct judging *j, uint32_t partition)
{
	const struct outcome *out = outcome_of(j, partition);

	for (uint32_t i = 0; i < out->n_mention; i++) {
		const struct mention *m = &out->mention[i];

		leave_group(j, (cell_ref)partition << 32 | m->cell, m->at);
		if (out->state[m->cell] == CELL_FOUND)
			join_group(j, partition, m);
	}
}

bool joined_group(struct joined *joined, const struct cell_sink *sink)
{
	struct dict *none = dict_new();
	struct judging j;
	bool touched = false;

	judging_init(&j, joined, none);
	j.sink = sink;
	for (uint32_t i = 0; i < joined->p->n_rule; i++) {
		if (!judging_told(&j, i) || !compares(&j))
			continue;
		for (uint32_t p = 0; p < joined->n; p++)
			group_changed(&j, p);
		touched |= j.told->n_touched > 0;
	}
	judging_fini(&j);
	dict_free(none);
	return touched;
}

/* ---- comparing, group by group on any thread ---- */

static void peer_frame(struct judging *j, struct frame *f, const struct peer *p,
		       const struct peers *peers)
{
	cell_frame(j, f, cell_of(j, p->ref));
	f->indicator = compared_of(j, p)->x;
	f->has_indicator = true;
	f->peers = peers;
}

static enum cell_state compare_cell(struct judging *j, const struct peer *p,
				    const struct peers *peers)
{
	enum cell_state state;
	struct frame f;

	if (peers->n < j->rp->rule->peers_min)
		return CELL_UNKNOWN;
	peer_frame(j, &f, p, peers);
	state = cell_fires(j, &f, cell_of(j, p->ref));
	arena_reset(&j->e->scratch);
	return state;
}

static void sort_peers(const struct judging *j, struct peer_group *g, struct arena *a)
{
	g->sorted = xcalloc(g->n + 1u, sizeof *g->sorted);
	for (uint32_t i = 0; i < g->n; i++)
		g->sorted[i] = compared_of(j, &g->member[i])->x;
	value_sort(g->sorted, g->n);
	g->peers = (struct peers){ .v = g->sorted, .n = g->n };
	if (g->n)
		peers_prepare(&g->peers, g->sorted[0].type,
			      arena_array(a, g->n, sizeof *g->sorted));
	arena_reset(a);
}

static void group_done(struct peer_group *g)
{
	xfree(g->sorted);
	g->sorted = NULL;
	g->tells = g->touched = false;
}

/* Members lie anywhere: where their cells are, then these. Always in line, as joined_fetch. */
static inline __attribute__((always_inline)) void
fetch_member(const struct judging *j, const struct peer_group *g, uint32_t i)
{
	if (i + 2 * AHEAD < g->n) {
		__builtin_prefetch(cell_of(j, g->member[i + 2 * AHEAD].ref));
		__builtin_prefetch(compared_of(j, &g->member[i + 2 * AHEAD]));
	}
	if (i + AHEAD < g->n)
		joined_fetch(j, cell_of(j, g->member[i + AHEAD].ref));
}

static void compare_group(struct judging *j, struct peer_group *g, struct account *account,
			  struct arena *a)
{
	bool hits = false;

	sort_peers(j, g, a);
	g->tells = false;
	for (uint32_t i = 0; i < g->n; i++) {
		struct peer *p = &g->member[i];

		fetch_member(j, g, i);
		p->before = p->state;
		p->state = (uint8_t)compare_cell(j, p, &g->peers);
		if (is_quiet((enum cell_state)p->before))
			state_count(account, (enum cell_state)p->before, -1);
		if (is_quiet((enum cell_state)p->state))
			state_count(account, (enum cell_state)p->state, 1);
		hits |= p->state == CELL_FOUND;
		g->tells |= !is_quiet((enum cell_state)p->before);
	}
	g->tells |= hits;
	if (!hits) {
		xfree(g->sorted);
		g->sorted = NULL;
	}
}

void joined_compare(struct joined *joined, uint32_t partition)
{
	struct dict *none = dict_new();
	struct judging j;
	struct arena a;

	arena_init(&a);
	judging_init(&j, joined, none);
	for (uint32_t i = 0; i < joined->p->n_rule; i++) {
		if (!judging_told(&j, i) || !compares(&j))
			continue;
		for (uint32_t k = partition; k < j.told->n_touched; k += joined->n)
			compare_group(&j, &j.told->group[j.told->touched[k]],
				      &outcome_of(&j, partition)->account, &a);
	}
	judging_fini(&j);
	dict_free(none);
	arena_fini(&a);
}

static void tell_group(struct judging *j, struct peer_group *g)
{
	for (uint32_t i = 0; g->tells && i < g->n; i++) {
		struct peer *p = &g->member[i];
		struct frame f;

		peer_gone(j, p, (enum cell_state)p->before);
		if (p->state != CELL_FOUND)
			continue;
		peer_frame(j, &f, p, &g->peers);
		p->state = (uint8_t)cell_give(j, &f, cell_of(j, p->ref), hit_id(j, p->ref));
		state_count(&j->told->account, (enum cell_state)p->state, 1);
		arena_reset(&j->e->scratch);
	}
	group_done(g);
}

/* ---- a rule ---- */

static void tell_groups(struct judging *j)
{
	for (uint32_t i = 0; i < j->told->n_touched; i++)
		tell_group(j, &j->told->group[j->told->touched[i]]);
	j->told->n_touched = 0;
}

static void tell_changed(struct judging *j, uint32_t partition)
{
	const struct outcome *out = outcome_of(j, partition);

	for (uint32_t i = 0; i < out->n_mention; i++) {
		uint32_t at = out->mention[i].cell;

		tell_cell(j, (cell_ref)partition << 32 | at, out->state[at] == CELL_FOUND);
	}
}

void joined_tell(struct joined *joined, const struct cell_sink *sink)
{
	struct dict *none = dict_new();
	struct judging j;

	judging_init(&j, joined, none);
	j.sink = sink;
	for (uint32_t i = 0; i < joined->p->n_rule; i++) {
		if (!judging_told(&j, i))
			continue;
		if (compares(&j))
			tell_groups(&j);
		for (uint32_t p = 0; !compares(&j) && p < joined->n; p++)
			tell_changed(&j, p);
	}
	judging_fini(&j);
	dict_free(none);
}

static void add_account(struct account *to, const struct account *a)
{
	if (to->unknown == 0)
		to->unknown_field = FIELD_NONE;
	to->records += a->records;
	to->scope_out += a->scope_out;
	to->unknown += a->unknown;
	to->no_hit += a->no_hit;
	to->hit += a->hit;
	to->hits += a->hits;
	to->excepted += a->excepted;
	to->excepted_hits += a->excepted_hits;
}

void joined_accounts(const struct joined *j, struct account *account)
{
	for (uint32_t i = 0; i < j->p->n_rule; i++) {
		if (j->p->rule[i]->source == NO_INDEX || j->p->rule[i]->is_held)
			continue;
		add_account(&account[j->p->rule[i]->index], &j->told[i].account);
		for (uint32_t p = 0; p < j->n; p++)
			add_account(&account[j->p->rule[i]->index],
				    &j->partition[p].outcome[i].account);
	}
}
