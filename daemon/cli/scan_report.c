/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan_report.c - the sums, their proof, and the report as JSON.
 */
#include "daemon/cli/scan_report.h"

#include <inttypes.h>

#include "lib/base/dec.h"

void report_sum(const struct scan_report *r, struct load_sum *out)
{
	const struct timeline_stats *t = &r->stats.timeline;
	const struct gather_stats *g = &r->stats.gather;
	*out = (struct load_sum){ .unsettled = g->unsettled };
	for (uint32_t i = 0; i < r->n_file; i++) {
		const struct reader_file *f = readers_file(r->readers, i);
		out->bytes += f->bytes;
		out->rows += f->stats.rows;
		out->filtered += f->stats.filtered;
		out->rejects += f->stats.rejects;
	}
	for (int s = 0; s < STREAM_STORED; s++) {
		out->records += readers_tally(r->readers)->records[s];
		out->resent += t->resent[s];
		out->superseded += t->superseded[s];
		out->retracted += g->retracted[s];
		out->reversed += g->reversed[s];
		out->live += g->live[s];
	}
}

static bool balance_stream(const struct scan_report *r, enum stream s, struct err *e)
{
	const struct timeline_stats *t = &r->stats.timeline;
	const struct gather_stats *g = &r->stats.gather;
	uint64_t read = readers_tally(r->readers)->records[s];
	uint64_t known =
		t->resent[s] + t->superseded[s] + g->retracted[s] + g->reversed[s] + g->live[s];
	if (read == t->records[s] && read == known)
		return true;
	return err_set(e, ERR_BUG,
		       "%s: %" PRIu64 " records read and %" PRIu64 " taken in are not %" PRIu64
		       " re-sent + %" PRIu64 " superseded + %" PRIu64 " retracted + %" PRIu64
		       " reversed + %" PRIu64 " live",
		       stream_name(s), read, t->records[s], t->resent[s], t->superseded[s],
		       g->retracted[s], g->reversed[s], g->live[s]);
}

static bool balance_rule(const struct rule *rule, const struct account *a, struct err *e)
{
	uint64_t sum = a->scope_out + a->hit + a->excepted + a->unknown + a->no_hit;
	if (a->records == sum)
		return true;
	return err_set(e, ERR_BUG,
		       "rule " STR_FMT ": %" PRIu64 " records are not %" PRIu64 " out of scope + "
		       "%" PRIu64 " hit + %" PRIu64 " excepted + %" PRIu64 " unknown + %" PRIu64
		       " no hit",
		       STR_ARG(rule->id), a->records, a->scope_out, a->hit, a->excepted, a->unknown,
		       a->no_hit);
}

bool report_balance(const struct scan_report *r, struct err *e)
{
	for (int s = 0; s < STREAM_STORED; s++)
		if (!balance_stream(r, (enum stream)s, e))
			return false;
	for (uint32_t i = 0; i < r->rules->n_rule; i++)
		if (!balance_rule(&r->rules->rule[i], &r->account[i], e))
			return false;
	return true;
}

/* One number of a JSON object. */
static void number(struct buf *b, const char *name, uint64_t v)
{
	buf_addf(b, ",\"%s\":%" PRIu64, name, v);
}

static void file_json(const struct reader_file *f, struct buf *b)
{
	buf_adds(b, "{\"path\":");
	buf_json(b, str_of(f->path));
	number(b, "bytes", f->bytes);
	number(b, "rows", f->stats.rows);
	number(b, "rejects", f->stats.rejects);
	number(b, "filtered", f->stats.filtered);
	number(b, "unknown_values", f->stats.unknown_values);
	buf_adds(b, ",\"unknown_columns\":[");
	for (uint32_t i = 0; i < f->n_unknown; i++) {
		if (i)
			buf_addc(b, ',');
		buf_json(b, str_of(f->unknown[i]));
	}
	buf_adds(b, "]}");
}

static void reasons_json(const struct scan_report *r, struct buf *b)
{
	const struct tally *t = readers_tally(r->readers);
	for (uint32_t i = 0; i < t->n_reason; i++) {
		const struct tally_reason *x = &t->reason[i];
		buf_addf(b, "%s{\"reason\":\"%s\"", i ? "," : "", x->reason);
		number(b, "count", x->n);
		buf_adds(b, ",\"first\":{\"file\":");
		buf_json(b, str_of(readers_file(r->readers, x->file)->path));
		number(b, "line", x->line);
		number(b, "column", x->column);
		buf_adds(b, ",\"field\":");
		buf_json(b, str_of(x->field));
		buf_adds(b, ",\"sentence\":");
		buf_json(b, str_of(x->sentence));
		buf_adds(b, "}}");
	}
}

static void streams_json(const struct scan_report *r, struct buf *b)
{
	const char *comma = "";
	for (int s = 0; s < STREAM_STORED; s++) {
		uint64_t read = readers_tally(r->readers)->records[s];
		if (read == 0)
			continue;
		buf_addf(b, "%s{\"stream\":\"%s\"", comma, stream_name((enum stream)s));
		number(b, "read", read);
		number(b, "resent", r->stats.timeline.resent[s]);
		number(b, "superseded", r->stats.timeline.superseded[s]);
		number(b, "retracted", r->stats.gather.retracted[s]);
		number(b, "reversed", r->stats.gather.reversed[s]);
		number(b, "live", r->stats.gather.live[s]);
		buf_addc(b, '}');
		comma = ",";
	}
}

/* Fields that were read at all: rows, missing, and for money the sum. */
static void fields_json(const struct scan_report *r, struct buf *b)
{
	const struct tally *t = readers_tally(r->readers);
	const char *comma = "";
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *i = field_get((enum field)f);
		if (t->field[f].rows == 0 || t->field[f].missing == t->field[f].rows)
			continue;
		buf_addf(b, "%s{\"field\":\"%s.%s\"", comma, stream_name(i->stream), i->name);
		number(b, "rows", t->field[f].rows);
		number(b, "missing", t->field[f].missing);
		if (i->type == TYPE_MONEY) {
			buf_adds(b, ",\"sum\":\"");
			report_money(b, t->field[f].sum);
			buf_addc(b, '"');
		}
		buf_addc(b, '}');
		comma = ",";
	}
}

static void rule_json(const struct scan_report *r, uint32_t i, struct buf *b)
{
	const struct account *a = &r->account[i];
	const struct rule_sum *s = &r->sum[i];
	buf_addf(b, "{\"rule\":\"" STR_FMT "\",\"digest\":\"%s\"", STR_ARG(r->rules->rule[i].id),
		 r->rules->rule[i].digest);
	number(b, "records", a->records);
	number(b, "scope_out", a->scope_out);
	number(b, "hit", a->hit);
	number(b, "excepted", a->excepted);
	number(b, "unknown", a->unknown);
	number(b, "no_hit", a->no_hit);
	number(b, "findings", s->findings);
	number(b, "excepted_findings", s->excepted);
	buf_adds(b, ",\"excepted_amount\":\"");
	dec_add(b, s->excepted_amount, 2, 2);
	buf_adds(b, "\"");
	number(b, "held_back", s->held);
	buf_adds(b, ",\"held_back_amount\":\"");
	dec_add(b, s->held_amount, 2, 2);
	buf_addf(b, "\",\"trial\":%s", r->rules->rule[i].state == STATE_TRIAL ? "true" : "false");
	buf_adds(b, ",\"amount\":\"");
	dec_add(b, s->amount, 2, 2);
	buf_adds(b, "\",\"fund_amount\":\"");
	dec_add(b, s->fund, 2, 2);
	buf_addc(b, '"');
	if (a->too_wide > 0)
		number(b, diag_word(DIAG_OVERFLOW), a->too_wide);
	if (a->by_zero > 0)
		number(b, diag_word(DIAG_DIVIDE_ZERO), a->by_zero);
	if (a->unknown > 0 && a->unknown_field < FIELD_COUNT)
		buf_addf(b, ",\"unknown_field\":\"%s\"", field_get(a->unknown_field)->name);
	buf_addc(b, '}');
}

void report_money(struct buf *b, __int128 micro)
{
	char digits[48];
	int n = 0;
	unsigned __int128 v = micro < 0 ? -(unsigned __int128)micro : (unsigned __int128)micro;
	unsigned __int128 fen = (v + 5000) / 10000;
	if (micro < 0 && fen > 0)
		buf_addc(b, '-');
	do {
		digits[n++] = (char)('0' + (int)(fen % 10));
		fen /= 10;
	} while (fen > 0 || n < 3);
	while (n > 0) {
		buf_addc(b, digits[--n]);
		if (n == 2)
			buf_addc(b, '.');
	}
}

void report_json(const struct scan_report *r, struct buf *b)
{
	struct load_sum s;
	const char *comma = "";
	report_sum(r, &s);
	buf_addf(b, "{\"rule_set\":\"%s\",\"feed\":", r->rules->digest);
	buf_json(b, str_of(r->feed));
	buf_adds(b, ",\"files\":[");
	for (uint32_t i = 0; i < r->n_file; i++) {
		buf_adds(b, i ? "," : "");
		file_json(readers_file(r->readers, i), b);
	}
	buf_addf(b, "],\"files_not_taken\":%u", r->skipped);
	number(b, "rows", s.rows);
	number(b, "rejects", s.rejects);
	number(b, "filtered", s.filtered);
	number(b, "records", s.records);
	number(b, "resent", s.resent);
	number(b, "superseded", s.superseded);
	number(b, "retracted", s.retracted);
	number(b, "reversed", s.reversed);
	number(b, "live", s.live);
	number(b, "unsettled", s.unsettled);
	number(b, "subjects", r->stats.timeline.subjects);
	buf_adds(b, ",\"reject_reasons\":[");
	reasons_json(r, b);
	buf_adds(b, "],\"streams\":[");
	streams_json(r, b);
	buf_adds(b, "],\"fields\":[");
	fields_json(r, b);
	buf_adds(b, "],\"rules\":[");
	for (uint32_t i = 0; i < r->rules->n_rule; i++) {
		if (!rule_active(&r->rules->rule[i]))
			continue;
		buf_adds(b, comma);
		rule_json(r, i, b);
		comma = ",";
	}
	buf_adds(b, "],\"exceptions\":[");
	for (uint32_t i = 0; i < r->excepted->n; i++) {
		buf_adds(b, i ? "," : "");
		excepted_json(&r->excepted->row[i], b);
	}
	buf_adds(b, "]");
	number(b, "findings", r->findings);
	number(b, "trial_findings", r->trials);
	buf_adds(b, "}\n");
}
