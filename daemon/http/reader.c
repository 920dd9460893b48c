/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/reader.h"

void reader_init(struct reader *r)
{
	*r = (struct reader){ .stage = READER_HEAD };
	buf_init(&r->text, HEAD_MAX + 1);
	buf_init(&r->body, 0);
}

void reader_fini(struct reader *r)
{
	buf_fini(&r->text);
	buf_fini(&r->body);
}

void reader_reset(struct reader *r)
{
	reader_fini(r);
	reader_init(r);
}

static void broken(struct reader *r, enum reason why)
{
	r->stage = READER_BROKEN;
	r->why = why;
}

/* Empty lines before a request are passed over, as RFC 9112 wants it. */
static size_t leading_lines(struct reader *r, const char *p, size_t n)
{
	size_t used = 0;
	for (; used < n; used++) {
		bool half = r->text.n == 1 && r->text.p[0] == '\r';
		if (r->text.n == 0 && p[used] == '\r')
			buf_addc(&r->text, '\r');
		else if (half && p[used] == '\n')
			buf_reset(&r->text);
		else
			break;
	}
	return used;
}

static size_t take_head(struct reader *r, const char *p, size_t n)
{
	size_t blank = leading_lines(r, p, n), before = r->text.n;
	size_t room = HEAD_MAX + 1 - before, k = n - blank < room ? n - blank : room;
	buf_add(&r->text, p + blank, k);
	size_t end = head_end(buf_cstr(&r->text), r->text.n, before);
	if (!end) {
		if (r->text.n > HEAD_MAX)
			broken(r, REASON_HEADERS);
		return blank + k;
	}
	r->text.n = end;
	enum reason why = head_parse(r->text.p, end, &r->head);
	if (why)
		broken(r, why);
	else
		r->stage = READER_GATE;
	return blank + end - before;
}

static size_t take_body(struct reader *r, const char *p, size_t n)
{
	enum reason why;
	struct str payload;
	size_t used = framing_take(&r->frame, p, n, &payload, &why);
	buf_addstr(&r->body, payload);
	if (why)
		broken(r, why);
	else if (r->body.failed)
		broken(r, REASON_TOO_LARGE);
	else if (r->frame.stage == FRAMING_DONE)
		r->stage = READER_DONE;
	return used;
}

size_t reader_take(struct reader *r, const char *p, size_t n)
{
	size_t used = 0;
	while (used < n && (r->stage == READER_HEAD || r->stage == READER_BODY))
		used += r->stage == READER_HEAD ? take_head(r, p + used, n - used)
						: take_body(r, p + used, n - used);
	return used;
}

void reader_admit(struct reader *r, uint64_t max)
{
	if (r->head.body == BODY_LENGTH && r->head.length > max) {
		broken(r, REASON_TOO_LARGE);
		return;
	}
	buf_init(&r->body, max ? (size_t)max : 1);
	framing_init(&r->frame, &r->head);
	r->stage = r->frame.stage == FRAMING_DONE ? READER_DONE : READER_BODY;
}
