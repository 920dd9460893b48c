/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/framing.h"

#define LINE_MAX_BYTES 256u
#define TRAILER_MAX_BYTES 4096u
#define CHUNK_MAX (UINT64_C(1) << 40)

void framing_init(struct framing *f, const struct head *h)
{
	*f = (struct framing){ .chunked = h->body == BODY_CHUNKED, .left = h->length };
	if (f->chunked)
		f->stage = FRAMING_SIZE;
	else
		f->stage = h->body == BODY_LENGTH && h->length ? FRAMING_DATA : FRAMING_DONE;
}

static size_t take_data(struct framing *f, const char *p, size_t n, struct str *payload)
{
	size_t k = n < f->left ? n : (size_t)f->left;
	*payload = str_make(p, k);
	f->left -= k;
	if (f->left == 0)
		f->stage = f->chunked ? FRAMING_AFTER : FRAMING_DONE;
	return k;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The CR of a line was seen: the next must be its LF. True at the end of the line. */
static bool line_ends(struct framing *f, char c, enum reason *why)
{
	if (f->cr && c == '\n') {
		f->cr = false;
		f->line = 0;
		return true;
	}
	if (f->cr || c == '\n' || c == '\0')
		*why = REASON_BAD_FRAMING;
	f->cr = c == '\r';
	return false;
}

static void size_byte(struct framing *f, char c, enum reason *why)
{
	if (line_ends(f, c, why)) {
		f->stage = f->left ? FRAMING_DATA : FRAMING_TRAILER;
		if (!f->digits)
			*why = REASON_BAD_FRAMING;
		f->digits = f->ext = false;
		return;
	}
	int d = digit(c);
	if (f->ext || c == '\r')
		return;
	if (c == ';' && f->digits) {
		f->ext = true;
	} else if (d < 0 || f->left > CHUNK_MAX / 16) {
		*why = REASON_BAD_FRAMING;
	} else {
		f->left = f->left * 16 + (uint64_t)d;
		f->digits = true;
	}
}

static void after_byte(struct framing *f, char c, enum reason *why)
{
	if (line_ends(f, c, why))
		f->stage = FRAMING_SIZE;
	else if (c != '\r')
		*why = REASON_BAD_FRAMING;
}

static void trailer_byte(struct framing *f, char c, enum reason *why)
{
	bool empty = f->line == 2 && f->cr;
	if (++f->trailer > TRAILER_MAX_BYTES)
		*why = REASON_HEADERS;
	if (line_ends(f, c, why) && empty)
		f->stage = FRAMING_DONE;
}

size_t framing_take(struct framing *f, const char *p, size_t n, struct str *payload,
		    enum reason *why)
{
	size_t i = 0;
	*payload = (struct str){ 0 };
	*why = REASON_NONE;
	if (f->stage == FRAMING_DATA)
		return take_data(f, p, n, payload);
	while (i < n && f->stage != FRAMING_DATA && f->stage != FRAMING_DONE && !*why) {
		if (++f->line > LINE_MAX_BYTES)
			*why = REASON_BAD_FRAMING;
		if (f->stage == FRAMING_SIZE)
			size_byte(f, p[i], why);
		else if (f->stage == FRAMING_AFTER)
			after_byte(f, p[i], why);
		else
			trailer_byte(f, p[i], why);
		i++;
	}
	return i;
}
