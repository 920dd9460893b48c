/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cells_tell.c - what changed since the last round: cells told anew, or taken back.
 *
 * Cells that fire by themselves are told one by one. Of comparisons, a changed cell touches its
 * group of peers, before and now; a touched group is compared again as a whole, since the median
 * has moved for all of it. Everything else stands as told.
 */
#include <stdlib.h>

#include "lib/stat/joined.h"

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

static void leave_group(struct judging *j, cell_ref ref)
{
	struct told *t = j->told;
	struct peer_group *g;
	uint64_t at;
	uint32_t i = 0;

	if (!map64_get(&t->group_of, ref, &at))
		return;
	map64_del(&t->group_of, ref);
	g = &t->group[at];
	while (g->member[i] != ref)
		i++;
	g->member[i] = g->member[--g->n];
	touch(t, (uint32_t)at);
	take_back(j, ref);
}

static const struct compared *compared_of(const struct judging *j, cell_ref ref)
{
	const struct outcome *out =
		&j->j->partition[ref >> 32].outcome[j->told - j->j->told];
	uint64_t at = 0;

	map64_get(&out->value, (uint32_t)ref, &at);
	return &out->compared[at];
}

static void join_group(struct judging *j, cell_ref ref)
{
	struct told *t = j->told;
	struct str text = dict_text(j->j->partition[ref >> 32].alike, compared_of(j, ref)->alike);
	uint32_t at = dict_code(t->alike, text);
	struct peer_group *g;

	GROW(t->group, t->cap_group, at + 1);
	while (t->n_group <= at)
		t->group[t->n_group++] = (struct peer_group){ .n = 0 };
	g = &t->group[at];
	GROW(g->member, g->cap, g->n + 1);
	g->member[g->n++] = ref;
	map64_put(&t->group_of, ref, at);
	touch(t, at);
}

static enum cell_state compare_cell(struct judging *j, cell_ref ref, struct peers *peers)
{
	const uint32_t *cell = cell_of(j, ref);
	enum cell_state state;
	struct frame f;

	if (peers->n < j->rp->rule->peers_min)
		return CELL_UNKNOWN;
	cell_frame(j, &f, cell);
	f.indicator = compared_of(j, ref)->x;
	f.has_indicator = true;
	f.peers = peers;
	state = cell_fires(j, &f, cell);
	return state == CELL_FOUND ? cell_give(j, &f, cell, hit_id(j, ref)) : state;
}

static void compare_group(struct judging *j, struct peer_group *g, struct arena *a)
{
	struct value *x = arena_array(a, g->n, sizeof *x), *room = arena_array(a, g->n, sizeof *x);
	struct peers peers = { .v = x, .n = g->n };

	for (uint32_t i = 0; i < g->n; i++)
		x[i] = compared_of(j, g->member[i])->x;
	value_sort(x, g->n);
	if (g->n)
		peers_prepare(&peers, x[0].type, room);
	for (uint32_t i = 0; i < g->n; i++) {
		take_back(j, g->member[i]);
		note(j, g->member[i], compare_cell(j, g->member[i], &peers));
	}
	g->touched = false;
	arena_reset(a);
}

static void compare_groups(struct judging *j)
{
	struct arena a;

	arena_init(&a);
	for (uint32_t i = 0; i < j->told->n_touched; i++)
		compare_group(j, &j->told->group[j->told->touched[i]], &a);
	j->told->n_touched = 0;
	arena_fini(&a);
}

/* ---- a rule ---- */

static void tell_changed(struct judging *j, uint32_t partition)
{
	const struct partition *part = &j->j->partition[partition];
	const struct joint *joint = &part->joint[j->rp->source];
	const struct outcome *out = &part->outcome[j->told - j->j->told];
	uint32_t n = joint->all ? joint->n : joint->n_changed;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = joint->all ? i : joint->changed[i];
		cell_ref ref = (cell_ref)partition << 32 | at;
		bool found = out->state[at] == CELL_FOUND;

		if (j->rp->rule->form != FORM_COMPARE) {
			tell_cell(j, ref, found);
			continue;
		}
		leave_group(j, ref);
		if (found)
			join_group(j, ref);
	}
}

void joined_tell(struct joined *joined, const struct cell_sink *sink)
{
	struct dict *none = dict_new();
	struct judging j;

	judging_init(&j, joined, none);
	j.sink = sink;
	for (uint32_t i = 0; i < joined->p->n_rule; i++) {
		if (!judging_rule(&j, joined->p->rule[i]))
			continue;
		j.told = &joined->told[i];
		for (uint32_t p = 0; p < joined->n; p++)
			tell_changed(&j, p);
		compare_groups(&j);
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
