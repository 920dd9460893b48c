/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake.c - what a call of timeline_add knows of its chunk before the first row: where the
 * columns are, and what the chunk's codes are in the shard.
 *
 * Codes are translated once per distinct value, all together and before the rows.
 */
#include "lib/timeline/intake.h"

#include <string.h>

#include "lib/base/mem.h"

enum { EIGHT = 8 };

void intake_free(struct intake *in)
{
	if (!in)
		return;
	xfree(in->code_of);
	xfree(in->fresh);
	xfree(in->fresh_code);
	for (unsigned i = 0; i < FAMILIES; i++)
		xfree(in->family[i].code);
	xfree(in->mover);
	xfree(in->run);
	xfree(in->run_src);
	buf_fini(&in->scratch);
	xfree(in);
}

static const void *column_of(const struct chunk *c, enum field f)
{
	if (f == FIELD_NONE)
		return NULL;
	return c->table[field_get(f)->stream].col[field_get(f)->index];
}

static inline void collect_each(struct intake *in, const uint32_t *col, uint32_t n)
{
	uint32_t *mark = in->code_of;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t code = col[i];

		if (mark[code])
			continue;
		mark[code] = UINT32_MAX;
		GROW(in->fresh, in->cap_fresh, in->n_fresh + 1);
		in->fresh[in->n_fresh++] = code;
	}
}

static inline bool all_marked(const uint32_t *mark, const uint32_t *col)
{
	unsigned missing = 0;

	for (unsigned i = 0; i < EIGHT; i++)
		missing += mark[col[i]] == 0;
	return missing == 0;
}

/* The codes of n neighbours, of which most have been met. */
static inline void collect(struct intake *in, const uint32_t *col, uint32_t n)
{
	for (; n >= EIGHT; n -= EIGHT, col += EIGHT)
		if (!all_marked(in->code_of, col))
			collect_each(in, col, EIGHT);
	collect_each(in, col, n);
}

static void collect_codes(struct intake *in, const uint32_t *col, const uint32_t *row, uint32_t n)
{
	if (!col)
		return;
	if (!row)
		collect(in, col, n);
	else if (in->stream == STREAM_FEE && row != in->run_src)
		for (uint32_t i = 0; i < in->n_run; i++)
			collect(in, col + in->run[i].src, in->run[i].n);
	else
		for (uint32_t i = 0; i < n; i++)
			collect(in, col + row[i], 1);
}

/* Grows an array by code; all of it stays zero. */
static void room_for_codes(uint32_t **array, uint32_t *cap, uint32_t n)
{
	uint32_t before = *cap;

	GROW(*array, *cap, n);
	memset(*array + before, 0, (*cap - before) * sizeof **array);
}

/* The chunk's family; of many decoders at work the one that came first is forgotten. */
static struct family *family_of(struct intake *in, uint64_t family)
{
	struct family *f;

	for (unsigned i = 0; i < FAMILIES; i++)
		if (in->family[i].family == family)
			return &in->family[i];
	f = &in->family[in->next_family];
	in->next_family = (in->next_family + 1) % FAMILIES;
	f->family = family;
	if (f->cap)
		memset(f->code, 0, f->cap * sizeof *f->code);
	return f;
}

/* Codes that chunks of the family had before; all others are forgotten. */
static void begin_known(struct intake *in)
{
	const struct chunk *c = in->c;
	uint32_t most = in->below = dict_below(c->dict), others = in->below + 1;

	if (others < in->n_code)
		memset(in->code_of + others, 0, (in->n_code - others) * sizeof *in->code_of);
	in->known = NULL;
	for (uint32_t i = 0; i < c->n_known; i++)
		if (c->known[i].number > most)
			most = c->known[i].number;
	if (!most)
		return;
	in->known = family_of(in, c->family);
	room_for_codes(&in->known->code, &in->known->cap, most + 1);
	memcpy(in->code_of, in->known->code, (in->below + 1) * sizeof *in->code_of);
	for (uint32_t i = 0; i < c->n_known; i++) /* chunks may come in any order */
		in->code_of[c->known[i].code] = in->known->code[c->known[i].number];
}

/* What has been translated now. */
static void keep_known(struct intake *in)
{
	const struct chunk *c = in->c;

	for (uint32_t i = 0; i < in->n_fresh; i++)
		if (in->fresh[i] <= in->below)
			in->known->code[in->fresh[i]] = in->fresh_code[i];
	for (uint32_t i = 0; i < c->n_known; i++)
		in->known->code[c->known[i].number] = in->code_of[c->known[i].code];
}

/* What chunks of a family know comes again and again; it is given its codes first. */
static void add_common(struct intake *in)
{
	const struct chunk *c = in->c;

	for (uint32_t i = 0; i < in->n_fresh; i++)
		if (in->fresh[i] <= in->below)
			dict_code_common(in->t->dict, dict_text(c->dict, in->fresh[i]));
	for (uint32_t i = 0; i < c->n_known; i++)
		if (in->code_of[c->known[i].code] == UINT32_MAX)
			dict_code_common(in->t->dict, dict_text(c->dict, c->known[i].code));
}

/* Every code the rows will ask for, translated together. */
void intake_translate(struct intake *in, const uint32_t *row, uint32_t n)
{
	const uint32_t *who[] = { in->col_a, in->col_b, in->col_key };
	const uint32_t *beside[] = { in->col_link, in->col_batch, in->col_stand[0],
				     in->col_stand[1] };
	bool runs = in->stream == STREAM_FEE; /* one visit each */

	in->n_fresh = 0;
	in->code_of[MISSING_CODE] = UINT32_MAX; /* as if collected: it has no text */
	for (size_t i = 0; i < sizeof who / sizeof who[0]; i++)
		collect_codes(in, who[i], runs ? in->run_src : row, runs ? in->n_run : n);
	for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++)
		collect_codes(in, beside[i], row, n);
	for (uint32_t i = 0; i < in->n_mover; i++) {
		if (in->mover[i].cell.pack == PACK_CODE)
			collect_codes(in, in->mover[i].col, row, n);
	}
	in->code_of[MISSING_CODE] = MISSING_CODE;
	add_common(in);
	GROW(in->fresh_code, in->cap_fresh_code, in->n_fresh);
	dict_translate(in->t->dict, in->c->dict, in->fresh, in->n_fresh, in->fresh_code);
	for (uint32_t i = 0; i < in->n_fresh; i++)
		in->code_of[in->fresh[i]] = in->fresh_code[i];
	keep_known(in);
}

static void begin_columns(struct intake *in)
{
	const struct chunk *c = in->c;
	bool fee = in->stream == STREAM_FEE, setl = in->stream == STREAM_SETTLEMENT;

	in->col_a = column_of(c, in->plan->a);
	in->col_b = column_of(c, in->plan->b);
	in->col_key = column_of(c, in->plan->subject_key);
	in->col_own = column_of(c, in->plan->own[0]);
	in->col_valid = column_of(c, in->plan->valid);
	in->col_link = column_of(c, in->plan->link);
	in->col_refund = setl ? column_of(c, FIELD_settlement_refd_setl_flag) : NULL;
	in->col_refused = fee ? column_of(c, FIELD_fee_hosp_appr_flag) : NULL;
	in->col_batch = fee ? column_of(c, FIELD_fee_chrg_bchno) : NULL;
	in->col_message = fee ? column_of(c, FIELD_fee_inf_time) :
			  setl ? column_of(c, FIELD_settlement_inf_time) :
			  intake_overlaid(in) ? column_of(c, FIELD_encounter_inf_time) : NULL;
	in->col_update = fee ? column_of(c, FIELD_fee_updt_time) :
			 setl ? column_of(c, FIELD_settlement_updt_time) :
			 intake_overlaid(in) ? column_of(c, FIELD_encounter_updt_time) : NULL;
	in->col_item = fee ? column_of(c, FIELD_fee_med_list_codg) : NULL;
	in->col_stand[0] = fee ? column_of(c, FIELD_fee_hilist_code) : NULL;
	in->col_stand[1] = fee ? column_of(c, FIELD_fee_medins_list_codg) : NULL;
	in->col_negative[0] = setl ? column_of(c, FIELD_settlement_medfee_sumamt) :
			      fee ? column_of(c, FIELD_fee_cnt) : NULL;
	in->col_negative[1] = setl ? column_of(c, FIELD_settlement_fund_pay_sumamt) :
			      fee ? column_of(c, FIELD_fee_det_item_fee_sumamt) : NULL;
	in->zero = dict_find(c->dict, STR("0"));
	in->one = dict_find(c->dict, STR("1"));
	in->two = dict_find(c->dict, STR("2"));
	in->plain = !in->col_link && !in->col_message && !(in->col_valid && in->zero);
}

static void begin_movers(struct intake *in)
{
	const struct layout *l = &in->st->layout;

	in->n_mover = 0;
	GROW(in->mover, in->cap_mover, l->n_kept + l->n_blank + 1);
	for (uint32_t i = 0; i < l->n_blank; i++)
		in->mover[in->n_mover++] = (struct mover){ l->blank[i], NULL };
	for (uint32_t i = 0; i < l->n_kept; i++) {
		struct mover *m = &in->mover[in->n_mover++];

		m->cell = layout_cell(l, l->kept[i]);
		m->col = column_of(in->c, l->kept[i]);
	}
}

static bool chunk_has(const void *ctx, enum field f)
{
	return column_of(ctx, f) != NULL;
}

/* What was planned for other places is planned anew. */
static void begin_cells(struct intake *in)
{
	if (!store_fit(in->st, chunk_has, in->c))
		return;
	gather_free(in->t->gather);
	in->t->gather = NULL;
}

static void begin_codes(struct intake *in, const struct chunk *c)
{
	uint32_t codes = dict_count(c->dict) + 1;

	room_for_codes(&in->code_of, &in->cap_code, codes);
	if (in->name != c->name)
		begin_known(in);
	in->name = c->name;
	in->n_code = codes;
}

void intake_begin(struct intake *in, const struct chunk *c, enum stream s, uint32_t ref)
{
	in->c = c;
	in->stream = s;
	in->plan = stream_plan(s);
	in->st = &in->t->store[s];
	in->ref = ref;
	in->last_place = UINT32_MAX;
	begin_codes(in, c);
	begin_columns(in);
	begin_cells(in);
	begin_movers(in);
}
