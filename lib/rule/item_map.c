/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * item_map.c - local item codes put in order, once a batch, before anything judges it.
 *
 * Lines of one item lie near each other and mostly on near days, so the last answer of each
 * of a few codes is kept; the table is asked by hash otherwise.
 */
#include "lib/rule/item_map.h"

#include "lib/base/civil.h"

#define KEPT 256u                /* a power of two */

struct answer {
	uint32_t code, national;
	int32_t day;
};

struct mapping {
	const struct knowledge *k;
	uint32_t column;
	struct timeline *t;
	struct answer kept[KEPT];
};

bool item_map_is(const struct knowledge *k)
{
	return !k->list && str_eq(k->name, STR(ITEM_MAP_NAME));
}

bool item_map_column(const struct knowledge *k, uint32_t *column)
{
	for (uint32_t i = 0; i < k->n_col; i++) {
		*column = i;
		if (str_eq(k->col[i].name, STR(ITEM_MAP_COLUMN)))
			return true;
	}
	return false;
}

static uint32_t national(struct mapping *m, uint32_t code, int32_t day)
{
	struct answer *a = &m->kept[code & (KEPT - 1)];
	struct str text;
	uint32_t row;

	if (a->code == code && a->day == day)
		return a->national;
	text = dict_text(timeline_dict(m->t), code);
	row = knowledge_find(m->k, &text, day);
	*a = (struct answer){ code, code, day };
	if (row != KNOWLEDGE_NONE && m->k->cell[(size_t)row * m->k->n_col + m->column].n)
		a->national = timeline_code(m->t,
					    m->k->cell[(size_t)row * m->k->n_col + m->column]);
	return a->national;
}

static void apply(struct mapping *m, struct batch *b, enum field item, enum field time)
{
	enum stream s = field_get(item)->stream;
	uint32_t *code = b->rows[s].col ? b->rows[s].col[field_get(item)->index] : NULL;
	const int64_t *at = m->k->from ? batch_i64(b, time) : NULL;

	for (uint32_t i = 0; code && i < b->rows[s].n; i++) {
		int32_t day = at && at[i] != MISSING_I64 ? civil_day_of(at[i]) : MISSING_I32;

		if (code[i])
			code[i] = national(m, code[i], day);
	}
}

void item_map_apply(const struct knowledge *k, struct timeline *t, struct batch *b)
{
	struct mapping m = { .k = k, .t = t };

	if (!item_map_column(k, &m.column))
		return;
	apply(&m, b, FIELD_fee_med_list_codg, FIELD_fee_fee_ocur_time);
	apply(&m, b, FIELD_trace_med_list_codg, FIELD_trace_trac_time);
	apply(&m, b, FIELD_report_med_list_codg, FIELD_report_rpt_date);
	apply(&m, b, FIELD_stock_med_list_codg, FIELD_stock_inv_chg_time);
}
