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

static void key_of(struct buf *out, const char *name, bool first)
{
	if (!first)
		buf_addc(out, ',');
	buf_json(out, str_of(name));
	buf_addc(out, ':');
}

static void text_of(struct buf *out, const char *name, struct str s)
{
	key_of(out, name, false);
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
	buf_addc(out, '{');
	key_of(out, "stream", true);
	buf_json(out, str_of(stream_name(r->stream)));
	text_of(out, "mdtrt_id", r->mdtrt_id);
	text_of(out, "id", r->id);
	text_of(out, "role", str_of(role_word(r->role)));
	key_of(out, "amount", false);
	add_money(out, has_amount, r->amount);
	buf_addc(out, '}');
}

void finding_json(const struct finding *f, struct buf *out)
{
	buf_addc(out, '{');
	key_of(out, "rule", true);
	buf_json(out, f->rule);
	text_of(out, "digest", f->digest);
	buf_adds(out, ",\"subject\":{");
	key_of(out, "kind", true);
	buf_json(out, str_of(subject_word(f->subject_kind)));
	text_of(out, "id", f->subject);
	buf_addc(out, '}');
	key_of(out, "key", false);
	add_keys(out, f);
	key_of(out, "begin", false);
	add_when(out, f->begin);
	key_of(out, "end", false);
	add_when(out, f->end);
	key_of(out, "observed", false);
	add_or_null(out, f->observed);
	key_of(out, "limit", false);
	add_or_null(out, f->limit);
	key_of(out, "amount", false);
	add_money(out, f->has_amount, f->amount);
	key_of(out, "fund_amount", false);
	add_money(out, f->has_amount, f->fund_amount);
	buf_adds(out, ",\"records\":[");
	for (uint32_t i = 0; i < f->n_record; i++) {
		if (i)
			buf_addc(out, ',');
		add_record(out, &f->record[i], f->has_amount);
	}
	buf_addc(out, ']');
	text_of(out, "sentence", f->sentence);
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
