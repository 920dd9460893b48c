/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * finding_json.c - findings as text: the canonical NDJSON line, and CSV.
 */
#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/finding/finding.h"

static const char *const roles[] = { "this", "against", "excess", "part" };
static const char *const subjects[] = { "person", "facility", "practitioner", "key" };

enum { FEN = 2 };

const char *role_word(enum hit_role r)
{
	return roles[r];
}

const char *subject_word(enum subject_kind k)
{
	return subjects[k];
}

/* What stands before a value: at the beginning of an object, and behind another value. */
#define FIRST(name) STR("{\"" name "\":")
#define NEXT(name) STR(",\"" name "\":")

static void text_of(struct buf *out, struct str before, struct str s)
{
	buf_addstr(out, before);
	buf_json(out, s);
}

static void add_money(struct buf *out, bool has, int64_t fen)
{
	if (!has) {
		buf_adds(out, "null");
		return;
	}
	buf_addc(out, '"');
	dec_add(out, fen, FEN, FEN);
	buf_addc(out, '"');
}

static void add_when(struct buf *out, int64_t t)
{
	if (t == MISSING_I64) {
		buf_adds(out, "null");
		return;
	}
	buf_addc(out, '"');
	civil_add_time(out, t);
	buf_addc(out, '"');
}

static void add_or_null(struct buf *out, struct str s)
{
	if (s.n)
		buf_json(out, s);
	else
		buf_adds(out, "null");
}

static void add_keys(struct buf *out, const struct finding *f)
{
	buf_addc(out, '{');
	for (uint32_t i = 0; i < f->n_key; i++) {
		if (i)
			buf_addc(out, ',');
		buf_json(out, f->key_name[i]);
		buf_addc(out, ':');
		buf_json(out, f->key_value[i]);
	}
	buf_addc(out, '}');
}

static void add_record(struct buf *out, const struct finding_record *r, bool has_amount)
{
	buf_addstr(out, STR("{\"stream\":\""));
	buf_adds(out, stream_name(r->stream)); /* words of ours: nothing to be escaped */
	text_of(out, STR("\",\"mdtrt_id\":"), r->mdtrt_id);
	text_of(out, NEXT("id"), r->id);
	buf_addstr(out, STR(",\"role\":\""));
	buf_adds(out, role_word(r->role));
	buf_addstr(out, STR("\",\"amount\":"));
	add_money(out, has_amount, r->amount);
	buf_addc(out, '}');
}

void finding_json(const struct finding *f, struct buf *out)
{
	text_of(out, FIRST("rule"), f->rule);
	text_of(out, NEXT("digest"), f->digest);
	buf_addstr(out, NEXT("subject"));
	text_of(out, FIRST("kind"), str_of(subject_word(f->subject_kind)));
	text_of(out, NEXT("id"), f->subject);
	buf_adds(out, "},\"key\":");
	add_keys(out, f);
	buf_addstr(out, NEXT("begin"));
	add_when(out, f->begin);
	buf_addstr(out, NEXT("end"));
	add_when(out, f->end);
	buf_addstr(out, NEXT("observed"));
	add_or_null(out, f->observed);
	buf_addstr(out, NEXT("limit"));
	add_or_null(out, f->limit);
	buf_addstr(out, NEXT("amount"));
	add_money(out, f->has_amount, f->amount);
	buf_addstr(out, NEXT("fund_amount"));
	add_money(out, f->has_amount, f->fund_amount);
	buf_adds(out, ",\"records\":[");
	for (uint32_t i = 0; i < f->n_record; i++) {
		if (i)
			buf_addc(out, ',');
		add_record(out, &f->record[i], f->has_amount);
	}
	buf_addc(out, ']');
	text_of(out, NEXT("sentence"), f->sentence);
	buf_addc(out, '}');
}

void finding_csv_header(struct buf *out)
{
	buf_adds(out, "rule,digest,subject_kind,subject,key,begin,end,observed,limit,amount,"
		      "fund_amount,records,sentence");
}

static void csv_text(struct buf *out, struct str s)
{
	buf_addc(out, ',');
	buf_csv(out, s);
}

static void csv_when(struct buf *out, int64_t t)
{
	buf_addc(out, ',');
	if (t != MISSING_I64)
		civil_add_time(out, t);
}

static void csv_money(struct buf *out, bool has, int64_t fen)
{
	buf_addc(out, ',');
	if (has)
		dec_add(out, fen, FEN, FEN);
}

static void csv_records(struct buf *out, const struct finding *f)
{
	struct buf cell;

	buf_init(&cell, 0);
	for (uint32_t i = 0; i < f->n_record; i++) {
		const struct finding_record *r = &f->record[i];

		buf_addf(&cell, "%s%s %s " STR_FMT "/" STR_FMT, i ? "; " : "",
			 role_word(r->role), stream_name(r->stream), STR_ARG(r->mdtrt_id),
			 STR_ARG(r->id));
	}
	csv_text(out, buf_str(&cell));
	buf_fini(&cell);
}

void finding_csv(const struct finding *f, struct buf *out)
{
	struct buf keys;

	buf_csv(out, f->rule);
	csv_text(out, f->digest);
	csv_text(out, str_of(subject_word(f->subject_kind)));
	csv_text(out, f->subject);
	buf_init(&keys, 0);
	for (uint32_t i = 0; i < f->n_key; i++)
		buf_addf(&keys, "%s" STR_FMT "=" STR_FMT, i ? "; " : "", STR_ARG(f->key_name[i]),
			 STR_ARG(f->key_value[i]));
	csv_text(out, buf_str(&keys));
	buf_fini(&keys);
	csv_when(out, f->begin);
	csv_when(out, f->end);
	csv_text(out, f->observed);
	csv_text(out, f->limit);
	csv_money(out, f->has_amount, f->amount);
	csv_money(out, f->has_amount, f->fund_amount);
	csv_records(out, f);
	csv_text(out, f->sentence);
}
