/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * layout.c - cells by type, and the table of fields that need none.
 */
#include "lib/timeline/layout.h"

#include <string.h>

#include "lib/base/mem.h"
#include "lib/batch/batch.h"

static const struct {
	enum field field;
	enum pack pack;
} implied[] = {
	{ FIELD_encounter_fixmedins_code, PACK_PLACE_A },
	{ FIELD_encounter_mdtrt_id, PACK_PLACE_B },
	{ FIELD_encounter_psn_no, PACK_OWNER },
	{ FIELD_settlement_fixmedins_code, PACK_PLACE_A },
	{ FIELD_settlement_mdtrt_id, PACK_PLACE_B },
	{ FIELD_settlement_psn_no, PACK_OWNER },
	{ FIELD_settlement_init_setl_id, PACK_LINK },
	{ FIELD_fee_fixmedins_code, PACK_PLACE_A },
	{ FIELD_fee_mdtrt_id, PACK_PLACE_B },
	{ FIELD_fee_psn_no, PACK_OWNER },
	{ FIELD_fee_feedetl_sn, PACK_SERIAL },
	{ FIELD_fee_init_feedetl_sn, PACK_LINK },
	{ FIELD_diagnosis_mdtrt_id, PACK_PLACE_B },
	{ FIELD_diagnosis_psn_no, PACK_OWNER },
	{ FIELD_diagnosis_setl_list_diag_id, PACK_SERIAL },
	{ FIELD_operation_mdtrt_id, PACK_PLACE_B },
	{ FIELD_operation_psn_no, PACK_OWNER },
	{ FIELD_operation_setl_list_oprn_id, PACK_SERIAL },
	{ FIELD_trace_fixmedins_code, PACK_PLACE_A },
	{ FIELD_trace_mdtrt_id, PACK_PLACE_B },
	{ FIELD_trace_psn_no, PACK_OWNER },
	{ FIELD_report_fixmedins_code, PACK_PLACE_A },
	{ FIELD_report_mdtrt_id, PACK_PLACE_B },
	{ FIELD_report_psn_no, PACK_OWNER },
	{ FIELD_stock_fixmedins_code, PACK_PLACE_A },
	{ FIELD_stock_mdtrt_id, PACK_PLACE_B },
	{ FIELD_person_psn_no, PACK_OWNER },
	{ FIELD_facility_fixmedins_code, PACK_PLACE_A },
	{ FIELD_practitioner_dr_code, PACK_PLACE_A },
	{ FIELD_practitioner_fixmedins_code, PACK_PLACE_B },
	{ FIELD_item_med_list_codg, PACK_PLACE_A },
	{ FIELD_item_fixmedins_code, PACK_PLACE_B },
};

static enum pack pack_of(enum field f)
{
	for (size_t i = 0; i < sizeof implied / sizeof implied[0]; i++) {
		if (implied[i].field == f)
			return implied[i].pack;
	}
	switch (field_get(f)->type) {
	case TYPE_CODE:
	case TYPE_TEXT:
		return PACK_CODE;
	case TYPE_DATE:
		return PACK_DATE;
	case TYPE_TIME:
		return PACK_TIME;
	default:
		return PACK_DEC;
	}
}

void layout_init(struct layout *l, enum stream s, uint32_t header, const uint8_t *keep)
{
	unsigned width = stream_stored_width(s);

	memset(l, 0, sizeof *l);
	l->size = header;
	l->cell = xcalloc(width, sizeof *l->cell);
	l->kept = xcalloc(width, sizeof *l->kept);
	for (unsigned i = 0; i < width; i++) {
		enum field f = (enum field)((unsigned)stream_first(s) + i);
		enum pack pack = pack_of(f);

		if (pack <= PACK_STORED && !field_wanted(keep, f))
			continue;
		l->cell[i].pack = (uint8_t)pack;
		if (pack > PACK_STORED)
			continue;
		l->cell[i].off = (uint16_t)l->size;
		l->kept[l->n_kept++] = f;
		l->size += 4;
	}
}

/* Of fields whose missing value is the same word. */
static unsigned kind_of(unsigned pack)
{
	return pack == PACK_DATE ? 1 : pack == PACK_DEC ? 2 : 0;
}

static void give(struct layout *l, struct cell *cell, enum field f)
{
	cell->off = (uint16_t)l->size;
	cell->shared = false;
	l->size += 4;
	l->kept[l->n_kept++] = f;
}

static struct cell new_blank(struct layout *l, uint8_t pack)
{
	struct cell cell = { (uint16_t)l->size, pack, true };

	l->size += 4;
	l->blank[l->n_blank++] = cell;
	return cell;
}

void layout_share(struct layout *l, layout_has_fn *has, const void *ctx)
{
	uint32_t n = l->n_kept, lack[LAYOUT_BLANKS] = { 0 };
	struct cell blank[LAYOUT_BLANKS] = { { 0 } };

	l->size -= n * 4;
	l->n_kept = l->n_blank = 0;
	for (uint32_t i = 0; i < n; i++)
		lack[kind_of(layout_cell(l, l->kept[i]).pack)] += !has(ctx, l->kept[i]);
	for (uint32_t i = 0; i < n; i++) {
		enum field f = l->kept[i];
		struct cell *cell = &l->cell[field_get(f)->index];
		unsigned kind = kind_of(cell->pack);

		if (lack[kind] < 2 || has(ctx, f)) {
			give(l, cell, f);
			continue;
		}
		if (!blank[kind].off)
			blank[kind] = new_blank(l, cell->pack);
		cell->off = blank[kind].off;
		cell->shared = true;
	}
}

void layout_give(struct layout *l, enum field f)
{
	give(l, &l->cell[field_get(f)->index], f);
}

void layout_fini(struct layout *l)
{
	xfree(l->cell);
	xfree(l->kept);
	memset(l, 0, sizeof *l);
}
