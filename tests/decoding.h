/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decoding.h - decode a text in a test and look at what came out as one line a record.
 *
 * The dump has every stored value of every record and every reject, so two ways of
 * decoding can be compared whole.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/civil.h"
#include "lib/base/dec.h"
#include "lib/record/decode.h"
#include "tests/check.h"


static inline void decoding_value(struct buf *out, const struct chunk *c, enum field f, uint32_t r)
{
	const struct field_info *info = field_get(f);
	int64_t i64;
	if (type_width(info->type) == WIDTH_I32) {
		civil_add_date(out, chunk_i32(c, f, r));
	} else if (type_width(info->type) == WIDTH_U32) {
		buf_addstr(out, chunk_text(c, f, r));
	} else {
		i64 = chunk_i64(c, f, r);
		if (info->type == TYPE_TIME)
			civil_add_time(out, i64);
		else
			dec_add(out, i64, type_scale(info->type), 0);
	}
}

static inline bool decoding_missing(const struct chunk *c, enum field f, uint32_t r)
{
	switch (type_width(field_get(f)->type)) {
	case WIDTH_I64:
		return chunk_i64(c, f, r) == MISSING_I64;
	case WIDTH_I32:
		return chunk_i32(c, f, r) == MISSING_I32;
	default:
		return chunk_code(c, f, r) == MISSING_CODE;
	}
}

/* "line stream name=value ...\n" per record, "line !reason column field\n" per reject. */
static inline void decoding_dump(struct buf *out, const struct chunk *c)
{
	for (unsigned s = 0; s < STREAM_STORED; s++)
		for (uint32_t r = 0; r < c->table[s].n; r++) {
			buf_addf(out, "%llu %s", (unsigned long long)c->table[s].src[r].line,
				 stream_name((enum stream)s));
			for (unsigned i = 0; i < stream_stored_width((enum stream)s); i++) {
				enum field f = stream_first((enum stream)s) + i;
				if (decoding_missing(c, f, r))
					continue;
				buf_addf(out, " %s=", field_get(f)->name);
				decoding_value(out, c, f, r);
			}
			buf_addc(out, '\n');
		}
	for (uint32_t i = 0; i < c->n_reject; i++)
		buf_addf(out, "%llu !%s %u " STR_FMT "\n", (unsigned long long)c->reject[i].line,
			 c->reject[i].reason, c->reject[i].column, STR_ARG(c->reject[i].field));
}

struct decoding {
	struct buf dump;
	struct decode_stats stats;
	unsigned chunks;
	bool good;
	struct err err;
	char unknown[256];
};

static inline void decoding_drain(struct decoding *d, struct decoder *dec)
{
	struct chunk *c;
	while ((c = decoder_take(dec))) {
		decoding_dump(&d->dump, c);
		d->chunks++;
		chunk_free(c);
	}
}

/* Decodes n bytes, `step` at a time (0 = all at once). decoding_fini releases. */
static inline struct decoding decode_bytes(const struct feed *feed, const char *name,
					   const void *bytes, size_t n, size_t step)
{
	struct decoding d = { .good = true };
	buf_init(&d.dump, 0);
	struct decoder *dec = decoder_new(feed, name, NULL, &d.err);
	if (!dec) {
		d.good = false;
		return d;
	}
	const char *p = bytes;
	while (n && d.good) {
		size_t k = step && step < n ? step : n;
		d.good = decoder_push(dec, p, k, &d.err);
		decoding_drain(&d, dec);
		p += k;
		n -= k;
	}
	if (d.good)
		d.good = decoder_finish(dec, &d.err);
	decoding_drain(&d, dec);
	d.stats = *decoder_stats(dec);
	const char *u = decoder_unknown_column(dec, 0);
	snprintf(d.unknown, sizeof(d.unknown), "%s", u ? u : "");
	decoder_free(dec);
	return d;
}

static inline struct decoding decode_text(const struct feed *feed, const char *name,
					  const char *text)
{
	return decode_bytes(feed, name, text, strlen(text), 0);
}

static inline void decoding_fini(struct decoding *d)
{
	buf_fini(&d->dump);
}

#define CHECK_DUMP(with_feed, file, input, want)                          \
	do {                                                             \
		struct decoding d_ = decode_text(with_feed, file, input); \
		if (!d_.good)                                            \
			fail_msg("%s", d_.err.text);                     \
		CHECK_STR(buf_str(&d_.dump), want);                      \
		decoding_fini(&d_);                                      \
	} while (0)
