/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/source/report.h"

#include <inttypes.h>

#include "lib/base/dec.h"

static void add_text(struct buf *b, const char *key, const char *value)
{
	buf_addf(b, ",\n  \"%s\": ", key);
	buf_json(b, str_of(value));
}

static void add_records(struct buf *b, const struct decode_stats *st)
{
	const char *comma = "";
	buf_adds(b, ",\n  \"streams\": {");
	for (enum stream s = 0; s < STREAM_STORED; s++) {
		if (st->records[s] == 0)
			continue;
		buf_addf(b, "%s \"%s\": %" PRIu64, comma, stream_name(s), st->records[s]);
		comma = ",";
	}
	buf_adds(b, " }");
}

static void add_rejects(struct buf *b, const struct tally *t)
{
	buf_adds(b, ",\n  \"reject_reasons\": [");
	for (uint32_t i = 0; i < t->n_reason; i++) {
		const struct tally_reason *r = &t->reason[i];
		buf_addf(b, "%s\n    { \"reason\": \"%s\", \"rows\": %" PRIu64
			 ", \"first_line\": %" PRIu64 ", \"column\": %u, \"field\": ",
			 i ? "," : "", r->reason, r->n, r->line, r->column);
		buf_json(b, str_of(r->field));
		buf_adds(b, ", \"sentence\": ");
		buf_json(b, str_of(r->sentence));
		buf_adds(b, " }");
	}
	buf_adds(b, t->n_reason ? "\n  ]" : "]");
}

/* A sum of many amounts may not fit 64 bits. */
static void add_wide_money(struct buf *b, __int128 v)
{
	unsigned __int128 u = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
	uint64_t whole = (uint64_t)(u / 1000000), part = (uint64_t)(u % 1000000);
	buf_addf(b, "\"%s%" PRIu64 ".%06" PRIu64 "\"", v < 0 ? "-" : "", whole, part);
}

static void add_sums(struct buf *b, const struct tally *t)
{
	const char *comma = "";
	buf_adds(b, ",\n  \"sums\": {");
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *i = field_get(f);
		if (i->type != TYPE_MONEY || t->field[f].rows == t->field[f].missing)
			continue;
		buf_addf(b, "%s\n    \"%s.%s\": ", comma, stream_name(i->stream), i->name);
		add_wide_money(b, t->field[f].sum);
		comma = ",";
	}
	buf_adds(b, *comma ? "\n  }" : "}");
}

static void add_unknown(struct buf *b, const struct report *r)
{
	buf_adds(b, ",\n  \"unknown_columns\": [");
	for (unsigned i = 0; r->unknown_column(r->unknown_ctx, i); i++) {
		buf_adds(b, i ? ", " : "");
		buf_json(b, str_of(r->unknown_column(r->unknown_ctx, i)));
	}
	buf_adds(b, "]");
}

void report_json(const struct report *r, struct buf *out)
{
	buf_adds(out, "{\n  \"file\": ");
	buf_json(out, str_of(r->file));
	add_text(out, "feed", r->feed);
	if (r->intake)
		buf_addf(out, ",\n  \"intake\": %" PRId64, r->intake);
	add_text(out, "state", r->good ? "done" : "failed");
	if (r->reason)
		add_text(out, "reason", r->reason);
	if (r->already)
		buf_adds(out, ",\n  \"already_taken_in\": true");
	if (r->resumed_after)
		buf_addf(out, ",\n  \"resumed_after_rows\": %" PRIu64, r->resumed_after);
	buf_addf(out, ",\n  \"bytes\": %" PRIu64 ",\n  \"rows\": %" PRIu64
		 ",\n  \"records\": %" PRIu64 ",\n  \"rejects\": %" PRIu64,
		 r->bytes, r->rows, r->records, r->rejects);
	if (r->stats)
		add_records(out, r->stats);
	if (r->tally) {
		add_rejects(out, r->tally);
		add_sums(out, r->tally);
	}
	if (r->unknown_column)
		add_unknown(out, r);
	buf_addf(out, ",\n  \"seconds\": %.3f\n}\n", r->seconds);
}
