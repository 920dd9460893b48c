/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which row goes into which file: three fee files by facility, a fourth for
 * what comes later (returns, corrections, repeated uploads, late lines), and
 * likewise second files of visits and settlements. Also the registers.
 */
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "gen.h"
#include "out.h"

enum { FEE_FILES = 4, FEE_LATE = 3, LATER = 5 * DAY_SECONDS };

struct outputs {
	struct out encounter[2], settlement[2], fee[FEE_FILES];
	struct out diagnosis, operation;
};

static const char *coding_of(const struct gen *g, const char *stem)
{
	if (strcmp(g->opt.gzip, stem) == 0)
		return "gzip";
	return strcmp(g->opt.gb18030, stem) == 0 ? "gb18030" : "";
}

static bool open_one(struct gen *g, struct out *o, const char *stem,
	const struct column *cols)
{
	if (!out_open(o, g->opt.out, stem, coding_of(g, stem)))
		return false;
	columns_header(o, cols);
	return true;
}

/* Written by a spreadsheet: byte order mark and CRLF. */
static bool open_sheet(struct gen *g, struct out *o, const char *stem,
	const struct column *cols)
{
	if (!out_open(o, g->opt.out, stem, coding_of(g, stem)))
		return false;
	o->crlf = true;
	out_text(o, "\xef\xbb\xbf");
	columns_header(o, cols);
	return true;
}

bool outputs_open(struct gen *g)
{
	struct outputs *o = g->out = calloc(1, sizeof *o);
	char stem[32];
	bool ok = o && open_one(g, &o->encounter[0], "mdtrt_d_01",
			encounter_columns)
		&& open_sheet(g, &o->encounter[1], "mdtrt_d_02",
			encounter_columns)
		&& open_one(g, &o->settlement[0], "setl_d_01",
			settlement_columns)
		&& open_sheet(g, &o->settlement[1], "setl_d_02",
			settlement_columns)
		&& open_one(g, &o->diagnosis, "setl_list_diag_d_01",
			diagnosis_columns)
		&& open_one(g, &o->operation, "setl_list_oprn_d_01",
			operation_columns);

	for (int i = 0; ok && i < FEE_FILES; i++) {
		snprintf(stem, sizeof stem, "fee_list_d_%02d", i + 1);
		ok = open_one(g, &o->fee[i], stem, fee_columns);
	}
	return ok;
}

bool outputs_close(struct gen *g)
{
	struct outputs *o = g->out;
	bool ok = out_close(&o->diagnosis);

	ok &= out_close(&o->operation);
	for (int i = 0; i < 2; i++) {
		ok &= out_close(&o->encounter[i]);
		ok &= out_close(&o->settlement[i]);
	}
	for (int i = 0; i < FEE_FILES; i++)
		ok &= out_close(&o->fee[i]);
	free(o);
	return ok;
}

/* Extracted in the night after the visit ended. */
static int64_t extracted(const struct visit *v)
{
	return (int64_t)(v->end_day + 1) * DAY_SECONDS + 2 * 3600;
}

static bool has_operation(const struct gen *g, const struct visit *v)
{
	for (int i = 0; i < v->nlines; i++)
		if (g->cat.items[v->lines[i].item].chrg_type == 6)
			return true;
	return false;
}

void emit_encounter(struct gen *g, const struct visit *v)
{
	struct row r = { .g = g, .o = &g->out->encounter[0], .v = v,
		.updated = extracted(v), .wrong_person = v->wrong_person };

	columns_row(encounter_columns, &r);
	if (v->wrong_person) {
		r.wrong_person = false;
		r.updated += LATER;
		r.o = &g->out->encounter[1];
		columns_row(encounter_columns, &r);
	}
	if (v->kind == VISIT_PHARMACY || v->open)
		return;
	r.s = &v->setls[0];
	r.o = &g->out->diagnosis;
	columns_row(diagnosis_columns, &r);
	r.number = 1;
	if (v->kind == VISIT_IN)
		columns_row(diagnosis_columns, &r);
	r.o = &g->out->operation;
	r.number = 2;
	if (v->kind == VISIT_IN && has_operation(g, v))
		columns_row(operation_columns, &r);
}

void emit_settlement(struct gen *g, const struct visit *v,
	const struct setl *s)
{
	struct row r = { .g = g, .o = &g->out->settlement[s->late], .v = v,
		.s = s, .updated = extracted(v) + (s->late ? LATER : 0) };

	r.refunded = s->refunded && !s->flag_later;
	r.wrong_person = v->wrong_person;
	columns_row(settlement_columns, &r);
	if (!s->flag_later && !v->wrong_person)
		return;
	r.refunded = s->refunded;
	r.wrong_person = false;
	r.updated += LATER;
	r.o = &g->out->settlement[1];
	columns_row(settlement_columns, &r);
}

static void emit_line(struct gen *g, const struct visit *v,
	const struct line *l)
{
	struct outputs *o = g->out;
	struct row r = { .g = g, .v = v, .l = l, .cnt = l->cnt,
		.s = l->setl >= 0 ? &v->setls[l->setl] : NULL,
		.o = &o->fee[l->late ? FEE_LATE : v->fac % FEE_LATE],
		.updated = extracted(v) + (l->late ? LATER : 0) };

	if (l->was_cnt && !l->stale_late)
		r.cnt = l->was_cnt;
	if (l->was_cnt && l->stale_late)
		r.updated += LATER;
	r.wrong_person = v->wrong_person;
	columns_row(fee_columns, &r);
	g->lines_out++;
	if (!l->was_cnt && !l->resend && !v->wrong_person)
		return;
	r.o = &o->fee[FEE_LATE];
	r.updated += l->was_cnt && l->stale_late ? -LATER : LATER;
	r.cnt = l->was_cnt && l->stale_late ? l->was_cnt : l->cnt;
	r.wrong_person = false;
	columns_row(fee_columns, &r);
	g->lines_out++;
}

void emit_lines(struct gen *g, const struct visit *v)
{
	for (int i = 0; i < v->nlines; i++)
		emit_line(g, v, &v->lines[i]);
	goods_visit(g, v);
}

/* ---- registers: items and facilities */

static void register_header(struct out *o, const char *header)
{
	size_t n = strlen(header);

	memcpy(o->at, header, n);
	o->at += n;
}

static void comma(struct out *o)
{
	*o->at++ = ',';
}

static void emit_item(const struct gen *g, struct out *o,
	const struct item *it)
{
	out_room(o);
	out_text(o, it->code);
	comma(o);
	out_text(o, it->name);
	comma(o);
	out_text(o, it->generic);
	comma(o);
	out_int(o, it->list_type);
	comma(o);
	out_padded(o, (uint64_t)it->chrg_type, 2);
	comma(o);
	out_text(o, it->selfpay ? "02" : "01");
	comma(o);
	out_money(o, it->price);
	comma(o);
	if (it->group >= 0) {
		*o->at++ = 'G';
		out_padded(o, (uint64_t)it->group + 1, 3);
	}
	comma(o);
	out_int(o, (it->flags & ITEM_DEAR) != 0);
	comma(o);
	out_time(o, (int64_t)g->opt.first_day * DAY_SECONDS);
	*o->at++ = '\n';
}

static bool emit_items(const struct gen *g)
{
	struct out o;

	if (!out_open(&o, g->opt.out, "item_d_01", ""))
		return false;
	register_header(&o, "med_list_codg,item_name,genname,list_type,"
		"med_chrgitm_type,chrgitm_lv,pric_uplmt_amt,subst_group,"
		"is_dear,updt_time\n");
	for (int i = 0; i < g->cat.nitems; i++)
		emit_item(g, &o, &g->cat.items[i]);
	return out_close(&o);
}

static bool emit_facilities(const struct gen *g)
{
	struct out o;

	if (!out_open(&o, g->opt.out, "facility_d_01", ""))
		return false;
	register_header(&o, "fixmedins_code,fixmedins_name,fixmedins_type,"
		"hosp_lv,fix_blng_admdvs,updt_time\n");
	for (int i = 0; i < g->world.nfacs; i++) {
		const struct facility *f = &g->world.facs[i];
		out_room(&o);
		out_text(&o, f->code);
		comma(&o);
		out_text(&o, f->name);
		comma(&o);
		out_int(&o, f->kind ? 1 : 2);
		comma(&o);
		out_padded(&o, (uint64_t)f->level, 2);
		comma(&o);
		out_text(&o, "440300");
		comma(&o);
		out_time(&o, (int64_t)g->opt.first_day * DAY_SECONDS);
		*o.at++ = '\n';
	}
	return out_close(&o);
}

bool emit_registers(const struct gen *g)
{
	return emit_items(g) && emit_facilities(g);
}
