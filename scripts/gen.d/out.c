/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See out.h. */
#include "out.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "gen.h"

bool out_open(struct out *o, const char *folder, const char *stem,
	const char *coding)
{
	bool zip = strcmp(coding, "gzip") == 0;

	memset(o, 0, sizeof *o);
	/* an older run may have left the file in the other form */
	snprintf(o->path, sizeof o->path, "%s/%s.csv%s", folder, stem,
		zip ? "" : ".gz");
	remove(o->path);
	snprintf(o->path, sizeof o->path, "%s/%s.csv%s", folder, stem,
		zip ? ".gz" : "");
	o->buf = o->at = malloc(OUT_BUFFER);
	if (!o->buf)
		abort();
	if (strcmp(coding, "gb18030") == 0)
		o->charset = iconv_open("GB18030", "UTF-8");
	if (zip)
		o->zip = gzopen(o->path, "wb1");
	else
		o->file = fopen(o->path, "wb");
	if (o->charset == (iconv_t)-1 || (!o->zip && !o->file)) {
		fprintf(stderr, "fundwatch-gen: cannot write %s\n", o->path);
		return false;
	}
	return true;
}

static void put_bytes(struct out *o, const char *bytes, size_t n)
{
	bool ok;

	if (!n)
		return;
	ok = o->zip ? gzwrite(o->zip, bytes, (unsigned)n) == (int)n
		: fwrite(bytes, 1, n, o->file) == n;
	o->failed |= !ok;
}

static void put_converted(struct out *o)
{
	char *in = o->buf, *to, out[OUT_BUFFER / 4];
	size_t left = (size_t)(o->at - o->buf), room;

	while (left) {
		to = out;
		room = sizeof out;
		if (iconv(o->charset, &in, &left, &to, &room) == (size_t)-1
				&& to == out) {
			o->failed = true;
			return;
		}
		put_bytes(o, out, (size_t)(to - out));
	}
}

static void flush(struct out *o)
{
	if (o->charset)
		put_converted(o);
	else
		put_bytes(o, o->buf, (size_t)(o->at - o->buf));
	o->at = o->buf;
}

void out_room(struct out *o)
{
	if (o->at - o->buf > OUT_BUFFER - OUT_ROOM)
		flush(o);
}

bool out_close(struct out *o)
{
	if (!o->buf)
		return true;
	flush(o);
	if (o->zip)
		o->failed |= gzclose(o->zip) != Z_OK;
	else
		o->failed |= fclose(o->file) != 0;
	if (o->charset)
		iconv_close(o->charset);
	free(o->buf);
	o->buf = NULL;
	if (o->failed)
		fprintf(stderr, "fundwatch-gen: writing %s failed\n", o->path);
	return !o->failed;
}

void out_text(struct out *o, const char *text)
{
	size_t n = strlen(text);

	if (strpbrk(text, ",\"\n")) {
		*o->at++ = '"';
		for (; *text; text++) {
			if (*text == '"')
				*o->at++ = '"';
			*o->at++ = *text;
		}
		*o->at++ = '"';
		return;
	}
	memcpy(o->at, text, n);
	o->at += n;
}

void out_padded(struct out *o, uint64_t v, int width)
{
	for (int i = width - 1; i >= 0; i--, v /= 10)
		o->at[i] = (char)('0' + v % 10);
	o->at += width;
}

void out_int(struct out *o, int64_t v)
{
	char digits[24];
	int n = 0;

	if (v < 0) {
		*o->at++ = '-';
		v = -v;
	}
	do
		digits[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		*o->at++ = digits[--n];
}

void out_money(struct out *o, int64_t fen)
{
	if (fen < 0) {
		*o->at++ = '-';
		fen = -fen;
	}
	out_int(o, fen / 100);
	*o->at++ = '.';
	out_padded(o, (uint64_t)(fen % 100), 2);
}

void out_day(struct out *o, int day)
{
	memcpy(o->at, day_text(day), 10);
	o->at += 10;
}

void out_time(struct out *o, int64_t seconds)
{
	int s = (int)(seconds % DAY_SECONDS);

	out_day(o, (int)(seconds / DAY_SECONDS));
	*o->at++ = ' ';
	out_padded(o, (uint64_t)(s / 3600), 2);
	*o->at++ = ':';
	out_padded(o, (uint64_t)(s / 60 % 60), 2);
	*o->at++ = ':';
	out_padded(o, (uint64_t)(s % 60), 2);
}
