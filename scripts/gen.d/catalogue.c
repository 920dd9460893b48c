/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loading the catalogue and the knowledge tables, and the pools items are
 * drawn from. Pools put ordinary items first and items that take part in
 * pairs last, so that the background is plain and the traps are rare.
 */
#include "catalogue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_in.h"

static int64_t fen_of(const char *text)
{
	return (int64_t)llround(strtod(text, NULL) * 100.0);
}

static void *grown(void *array, int n, size_t size)
{
	/* powers of two: grow only when n reaches one */
	if (n & (n - 1))
		return array;
	array = realloc(array, (n ? (size_t)n * 2 : 1) * size);
	if (!array)
		abort();
	return array;
}

int catalogue_find(const struct catalogue *c, const char *code)
{
	for (int i = 0; i < c->nitems; i++)
		if (strcmp(c->items[i].code, code) == 0)
			return i;
	return -1;
}

static void add_to_group(struct catalogue *c, int item)
{
	struct item *it = &c->items[item];
	int slot = 0;

	if (it->group >= c->ngroups) {
		c->ngroups = it->group + 1;
		for (int k = 0; k < 4; k++)
			c->group_items[it->group][k] = -1;
	}
	while (slot < 3 && c->group_items[it->group][slot] >= 0)
		slot++;
	c->group_items[it->group][slot] = item;
	if (it->flags & ITEM_DEAR)
		c->group_dear[it->group] = item;
}

static bool load_items(struct catalogue *c, const char *folder)
{
	struct csv_in in;

	if (!csv_open(&in, folder, "catalogue.csv"))
		return false;
	while (csv_next(&in)) {
		const char *group = csv_get(&in, "subst_group");
		struct item *it;
		c->items = grown(c->items, c->nitems, sizeof *c->items);
		it = &c->items[c->nitems];
		memset(it, 0, sizeof *it);
		snprintf(it->code, sizeof it->code, "%s",
			csv_get(&in, "med_list_codg"));
		snprintf(it->name, sizeof it->name, "%s", csv_get(&in, "name"));
		snprintf(it->generic, sizeof it->generic, "%s",
			csv_get(&in, "generic_name"));
		it->list_type = atoi(csv_get(&in, "list_type"));
		it->chrg_type = atoi(csv_get(&in, "med_chrgitm_type"));
		it->price = fen_of(csv_get(&in, "pric"));
		it->group = *group ? atoi(group + 1) - 1 : -1;
		it->cap = 1;
		it->selfpay = c->nitems % 10 < 6 ? 0 : 100;
		if (atoi(csv_get(&in, "is_dear")))
			it->flags |= ITEM_DEAR;
		if (it->group >= 0)
			add_to_group(c, c->nitems);
		c->nitems++;
	}
	csv_close(&in);
	return c->nitems > 0;
}

static bool load_limits(struct catalogue *c, const char *folder)
{
	static const char *const files[] = { "daily_cap.csv",
		"test_interval.csv", "repeatable_items.csv" };
	struct csv_in in;

	for (int f = 0; f < 3; f++) {
		if (!csv_open(&in, folder, files[f]))
			return false;
		while (csv_next(&in)) {
			int i = catalogue_find(c, csv_get(&in, "项目"));
			if (i < 0)
				continue;
			if (f == 0)
				c->items[i].cap = atoi(csv_get(&in, "次数"));
			else if (f == 1)
				c->items[i].interval = atoi(csv_get(&in, "天数"));
			else
				c->items[i].flags |= ITEM_REPEATABLE;
		}
		csv_close(&in);
	}
	return true;
}

static enum pair_window window_of(const char *word)
{
	if (strcmp(word, "单日") == 0)
		return WINDOW_DAY;
	if (strcmp(word, "6小时") == 0)
		return WINDOW_SIX_HOURS;
	if (strcmp(word, "同一小时") == 0)
		return WINDOW_HOUR;
	return WINDOW_VISIT;
}

static unsigned sex_flag(const char *word)
{
	return strcmp(word, "男") == 0 ? ITEM_MALE
		: strcmp(word, "女") == 0 ? ITEM_FEMALE : 0;
}

/* What is for some people only does not belong in anybody's background. */
static bool load_limited(struct catalogue *c, const char *folder)
{
	static const char *const file[] = { "item_sex.csv", "item_age.csv",
		"item_age_band.csv", "item_course.csv", "item_visit_kind.csv",
		"item_dept.csv", "item_diagnosis.csv", "tcm_unpaid.csv" };

	for (size_t f = 0; f < sizeof file / sizeof file[0]; f++) {
		struct csv_in in;

		if (!csv_open(&in, folder, file[f]))
			return false;
		while (csv_next(&in)) {
			const char *prefix = csv_get(&in, "项目");
			unsigned flags = ITEM_LIMITED | (f ? 0
				: sex_flag(csv_get(&in, "限定")));

			for (int i = 0; i < c->nitems; i++)
				if (strncmp(c->items[i].code, prefix,
						strlen(prefix)) == 0)
					c->items[i].flags |= flags;
		}
		csv_close(&in);
	}
	return true;
}

static bool load_pairs(struct catalogue *c, const char *folder)
{
	struct csv_in in;

	if (!csv_open(&in, folder, "duplicate_pairs.csv"))
		return false;
	while (csv_next(&in)) {
		struct pair p = { catalogue_find(c, csv_get(&in, "项目甲")),
			catalogue_find(c, csv_get(&in, "项目乙")),
			window_of(csv_get(&in, "窗口")) };
		if (p.a < 0 || p.b < 0)
			continue;
		c->items[p.a].flags |= ITEM_PAIRED;
		c->items[p.b].flags |= ITEM_PAIRED;
		c->pairs = grown(c->pairs, c->npairs, sizeof *c->pairs);
		c->pairs[c->npairs++] = p;
	}
	csv_close(&in);
	return true;
}

static bool load_panels(struct catalogue *c, const char *folder)
{
	struct csv_in in;

	if (!csv_open(&in, folder, "panel_components.csv"))
		return false;
	while (csv_next(&in)) {
		struct pair p = { catalogue_find(c, csv_get(&in, "组合")),
			catalogue_find(c, csv_get(&in, "组分")), WINDOW_DAY };
		if (p.a < 0 || p.b < 0)
			continue;
		c->items[p.a].flags |= ITEM_PANEL;
		c->items[p.b].flags |= ITEM_PANEL;
		c->panels = grown(c->panels, c->npanels, sizeof *c->panels);
		c->panels[c->npanels++] = p;
	}
	csv_close(&in);
	return true;
}

static bool load_brands(struct catalogue *c, const char *folder)
{
	struct csv_in in;

	if (!csv_open(&in, folder, "drug_names.csv"))
		return false;
	while (csv_next(&in) && c->nbrands < 128) {
		struct brand *b = &c->brands[c->nbrands];
		const char *generic = csv_get(&in, "通用名");
		if (strcmp(csv_get(&in, "药名"), generic) == 0)
			continue;
		snprintf(b->name, sizeof b->name, "%s", csv_get(&in, "药名"));
		b->group = -1;
		for (int g = 0; g < c->ngroups; g++)
			if (strcmp(c->items[c->group_dear[g]].generic,
					generic) == 0)
				b->group = g;
		if (b->group >= 0)
			c->nbrands++;
	}
	csv_close(&in);
	return true;
}

/* Diagnoses of one sex or of some ages. */
static bool load_limited_diagnoses(struct catalogue *c, const char *knowledge)
{
	static const char *const file[] = { "diag_sex.csv", "diag_age.csv" };

	for (size_t f = 0; f < sizeof file / sizeof file[0]; f++) {
		struct csv_in in;

		if (!csv_open(&in, knowledge, file[f]))
			return false;
		while (csv_next(&in)) {
			const char *prefix = csv_get(&in, "诊断");

			for (int i = 0; i < c->ndiags; i++)
				if (strncmp(c->diags[i].code, prefix,
						strlen(prefix)) == 0)
					c->diags[i].limited = true;
		}
		csv_close(&in);
	}
	return true;
}

static bool load_diagnoses(struct catalogue *c, const char *folder,
	const char *knowledge)
{
	struct csv_in in;

	if (!csv_open(&in, folder, "diagnoses.csv"))
		return false;
	while (csv_next(&in)) {
		struct diagnosis *d;
		c->diags = grown(c->diags, c->ndiags, sizeof *c->diags);
		d = &c->diags[c->ndiags++];
		memset(d, 0, sizeof *d);
		snprintf(d->code, sizeof d->code, "%s", csv_get(&in, "code"));
		snprintf(d->name, sizeof d->name, "%s", csv_get(&in, "name"));
	}
	csv_close(&in);
	if (!csv_open(&in, knowledge, "planned_readmission.csv"))
		return false;
	while (csv_next(&in)) {
		const char *prefix = csv_get(&in, "诊断");
		for (int i = 0; i < c->ndiags; i++)
			if (strncmp(c->diags[i].code, prefix,
					strlen(prefix)) == 0)
				c->diags[i].planned = true;
	}
	csv_close(&in);
	return load_limited_diagnoses(c, knowledge);
}

static uint64_t pair_key(int a, int b)
{
	return a < b ? (uint64_t)a << 32 | (uint32_t)b
		: (uint64_t)b << 32 | (uint32_t)a;
}

static unsigned pair_slot(const struct catalogue *c, uint64_t key)
{
	unsigned at = (unsigned)((key * 0x9e3779b97f4a7c15u) >> 40)
		& c->adjacent_mask;

	while (c->adjacent[at] && c->adjacent[at] != key + 1)
		at = (at + 1) & c->adjacent_mask;
	return at;
}

static void make_adjacent(struct catalogue *c)
{
	c->adjacent_mask = 8191;
	c->adjacent = calloc(c->adjacent_mask + 1, sizeof *c->adjacent);
	if (!c->adjacent)
		abort();
	for (int i = 0; i < c->npairs + c->npanels; i++) {
		const struct pair *p = i < c->npairs ? &c->pairs[i]
			: &c->panels[i - c->npairs];
		uint64_t key = pair_key(p->a, p->b);
		c->adjacent[pair_slot(c, key)] = key + 1;
	}
}

bool catalogue_exclusive(const struct catalogue *c, int a, int b)
{
	return c->adjacent[pair_slot(c, pair_key(a, b))] != 0;
}

/* ---- pools */

/* A service that no table speaks of: the ordinary thing to bill twice. */
static bool is_plain(const struct item *it)
{
	return it->list_type == 201 && it->cap == 1 && !it->interval
		&& !(it->flags & (ITEM_REPEATABLE | ITEM_PAIRED | ITEM_PANEL))
		&& it->chrg_type != 1 && it->chrg_type != 2
		&& it->chrg_type != 6 && it->chrg_type != 7;
}

/* 加收: billed only beside its main item, which a drawn line cannot promise. */
static bool is_addon(const struct item *it)
{
	return strlen(it->code) == 15 && it->code[14] != '0';
}

static bool belongs(const struct item *it, enum pool_id id)
{
	bool service = it->list_type == 201 && !is_addon(it);
	bool lone = !(it->flags & (ITEM_PAIRED | ITEM_PANEL));

	/* beds and nursing are drawn for inpatients only */
	if (it->flags & ITEM_LIMITED && id != POOL_BED && id != POOL_NURSING)
		return false;
	switch (id) {
	case POOL_DRUG: return it->list_type == 101 && it->group < 0;
	case POOL_HERB: return it->list_type == 102;
	case POOL_LAB: return service && it->chrg_type == 4
		&& !(it->flags & ITEM_PANEL);
	case POOL_EXAM: return service && it->chrg_type == 3;
	case POOL_TREAT: return service && it->chrg_type == 5;
	case POOL_SURGERY: return service && it->chrg_type == 6;
	case POOL_MATERIAL: return it->list_type == 301;
	case POOL_BED: return it->chrg_type == 1 && it->cap == 1
		&& strncmp(it->code, "00110900001", 11) == 0;
	case POOL_NURSING: return it->chrg_type == 7 && it->cap == 1
		&& strstr(it->name, "级护理");
	case POOL_VISIT_FEE: return it->chrg_type == 2
		&& strstr(it->name, "门诊");
	case POOL_PLAIN: return is_plain(it);
	case POOL_REPEATABLE: return lone && (it->flags & ITEM_REPEATABLE);
	case POOL_CAP2: return lone && it->cap == 2;
	case POOL_CAP24: return lone && it->cap == 24;
	case POOL_INTERVAL: return it->interval > 0;
	default: return false;
	}
}

static void weigh(struct pool *p, double exponent)
{
	double sum = 0;

	p->upto = malloc(sizeof *p->upto * (size_t)(p->n ? p->n : 1));
	if (!p->upto)
		abort();
	for (int i = 0; i < p->n; i++)
		p->upto[i] = sum += 1.0 / pow(i + 1, exponent);
	for (int i = 0; i < p->n; i++)
		p->upto[i] /= sum;
}

static bool fill_pool(struct catalogue *c, enum pool_id id)
{
	struct pool *p = &c->pools[id];
	bool flat = id >= POOL_BED;

	/* two rounds: plain items first, those in pairs after them */
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < c->nitems; i++) {
			bool paired = c->items[i].flags & ITEM_PAIRED;
			if (paired != (round == 1)
					|| !belongs(&c->items[i], id))
				continue;
			p->items = grown(p->items, p->n, sizeof *p->items);
			p->items[p->n++] = i;
		}
	weigh(p, flat ? 0.0 : 0.8);
	if (!p->n)
		fprintf(stderr, "fundwatch-gen: item pool %d is empty\n", id);
	return p->n > 0;
}

static bool make_pools(struct catalogue *c)
{
	struct pool *p = &c->pools[POOL_GROUP];

	for (int g = 0; g < c->ngroups; g++) {
		p->items = grown(p->items, p->n, sizeof *p->items);
		p->items[p->n++] = g;
	}
	weigh(p, 1.1);
	for (enum pool_id id = POOL_DRUG; id < POOL_COUNT; id++)
		if (!fill_pool(c, id))
			return false;
	return p->n > 0;
}

int pool_draw(const struct pool *p, double uniform)
{
	int lo = 0, hi = p->n - 1;

	while (lo < hi) {
		int mid = (lo + hi) / 2;
		if (p->upto[mid] < uniform)
			lo = mid + 1;
		else
			hi = mid;
	}
	return p->items[lo];
}

bool catalogue_load(struct catalogue *c, const char *folder,
	const char *knowledge)
{
	memset(c, 0, sizeof *c);
	if (!load_items(c, folder) || !load_limits(c, knowledge)
			|| !load_pairs(c, knowledge)
			|| !load_limited(c, knowledge)
			|| !load_panels(c, knowledge)
			|| !load_brands(c, knowledge)
			|| !load_diagnoses(c, folder, knowledge))
		return false;
	make_adjacent(c);
	c->ward_fee = catalogue_find(c, "001102000050000");
	return make_pools(c);
}

void catalogue_free(struct catalogue *c)
{
	for (int i = 0; i < POOL_COUNT; i++) {
		free(c->pools[i].items);
		free(c->pools[i].upto);
	}
	free(c->items);
	free(c->pairs);
	free(c->panels);
	free(c->adjacent);
	free(c->diags);
}
