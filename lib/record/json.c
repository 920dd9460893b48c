/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.c - find where an object ends by counting brackets, let json-c read it.
 *
 * Before json-c sees an object its numbers are put into quotes, so that twenty-digit ids
 * and 0.10 arrive as they were written.
 */
#include "lib/record/json.h"

#include <string.h>

#include <json-c/json.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"
#include "lib/record/decode.h"

#define DEPTH_MAX 32

struct json {
	bool by_line;
	json_fn *take;
	void *ctx;
	struct json_tokener *tokener;
	struct buf carry;
	struct buf quoted;  /* the object with its numbers in quotes */
	uint64_t line, offset; /* of the next object; lines before it */
	size_t from;        /* bytes of the carry done with */
	size_t at;          /* bytes after them already looked at */
	unsigned depth;
	bool in_string;
	bool skipping;      /* inside a line given up for its length */
};

struct json *json_new(bool by_line, json_fn *take, void *ctx)
{
	struct json *j = xcalloc(1, sizeof(*j));
	j->by_line = by_line;
	j->take = take;
	j->ctx = ctx;
	j->tokener = json_tokener_new_ex(DEPTH_MAX);
	json_tokener_set_flags(j->tokener, JSON_TOKENER_STRICT);
	buf_init(&j->carry, 0);
	buf_init(&j->quoted, 0);
	return j;
}

void json_free(struct json *j)
{
	if (!j)
		return;
	json_tokener_free(j->tokener);
	buf_fini(&j->carry);
	buf_fini(&j->quoted);
	xfree(j);
}

void json_skipped(struct json *j, uint64_t lines, uint64_t bytes)
{
	j->line = lines;
	j->offset = bytes;
}

bool json_text(struct json_object *value, struct str *out)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		*out = (struct str){ 0 };
		return true;
	case json_type_boolean:
		*out = json_object_get_boolean(value) ? STR("1") : STR("0");
		return true;
	case json_type_string:
		*out = (struct str){ json_object_get_string(value),
				     (uint32_t)json_object_get_string_len(value) };
		return true;
	default:
		return false;
	}
}

/* ---- one object ---- */

static bool is_number_start(char c)
{
	return c == '-' || (c >= '0' && c <= '9');
}

static bool is_number_part(char c)
{
	return is_number_start(c) || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Bytes of the string that starts at p, its quotes included. */
static size_t string_length(const char *p, size_t n)
{
	size_t i = 1;
	while (i < n && p[i] != '"')
		i += p[i] == '\\' ? 2 : 1;
	return i < n ? i + 1 : n;
}

static void quote_numbers(struct buf *out, const char *p, size_t n)
{
	buf_reset(out);
	for (size_t i = 0; i < n;) {
		size_t from = i;
		if (p[i] == '"') {
			i += string_length(p + i, n - i);
			buf_add(out, p + from, i - from);
		} else if (is_number_start(p[i])) {
			while (i < n && is_number_part(p[i]))
				i++;
			buf_addc(out, '"');
			buf_add(out, p + from, i - from);
			buf_addc(out, '"');
		} else {
			while (i < n && p[i] != '"' && !is_number_start(p[i]))
				i++;
			buf_add(out, p + from, i - from);
		}
	}
}

static bool only_blanks(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!memchr(" \t\r\n", p[i], 4))
			return false;
	return true;
}

/* NULL with the reason when the text is not one object. */
static struct json_object *read_object(struct json *j, const char *p, size_t n,
				       struct json_in *in)
{
	if (!utf8_valid(p, n)) {
		in->why = REJECT_BAD_CHARSET;
		return NULL;
	}
	quote_numbers(&j->quoted, p, n);
	json_tokener_reset(j->tokener);
	struct json_object *o = json_tokener_parse_ex(j->tokener, j->quoted.p, (int)j->quoted.n);
	enum json_tokener_error rc = json_tokener_get_error(j->tokener);
	size_t end = json_tokener_get_parse_end(j->tokener);
	in->why = REJECT_BAD_JSON;
	if (rc != json_tokener_success)
		in->detail = str_of(json_tokener_error_desc(rc));
	else if (!only_blanks(j->quoted.p + end, j->quoted.n - end))
		in->detail = STR("text after the end");
	else if (json_object_get_type(o) != json_type_object)
		in->why = REJECT_NOT_OBJECT;
	else
		in->why = REJECT_NONE;
	if (in->why == REJECT_NONE)
		return o;
	json_object_put(o);
	return NULL;
}

/* Where reading goes on after a broken object: its next line that begins with a brace. */
static size_t resume_at(const char *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		const char *nl = memchr(p + i, '\n', n - i - 1);
		if (!nl)
			break;
		i = (size_t)(nl - p);
		if (p[i + 1] == '{')
			return i + 1;
	}
	return n;
}

static size_t first_line(const char *p, size_t n)
{
	const char *nl = memchr(p, '\n', n);
	size_t len = nl ? (size_t)(nl - p) : n;
	return len - (len && p[len - 1] == '\r');
}

/* Gives out the object in the first n bytes; returns how many of them are done with. */
static size_t give(struct json *j, const char *p, size_t n, enum reject_reason known)
{
	struct json_in in = { .raw = { p, (uint32_t)n }, .line = j->line + 1,
			      .offset = j->offset, .why = known };
	if (known == REJECT_NONE)
		in.object = read_object(j, p, n, &in);
	size_t done = in.object ? n : resume_at(p, n);
	if (done < n)
		in.raw.n = (uint32_t)first_line(p, n);
	j->take(j->ctx, &in);
	json_object_put(in.object);
	return done;
}

/* ---- where objects begin and end ---- */

/* What is in the carry and not yet done with. */
static struct str rest(const struct json *j)
{
	return (struct str){ j->carry.p + j->from, (uint32_t)(j->carry.n - j->from) };
}

/* Is done with n bytes and starts looking anew. */
static void advance(struct json *j, size_t n)
{
	const char *p = rest(j).p;
	for (size_t i = 0; i < n; i++)
		j->line += p[i] == '\n';
	j->offset += n;
	j->from += n;
	j->at = 0;
	j->depth = 0;
	j->in_string = false;
}

static size_t leading(const struct json *j, const char *set)
{
	struct str s = rest(j);
	size_t n = 0;
	while (n < s.n && s.p[n] && strchr(set, s.p[n]))
		n++;
	return n;
}

/* Whether the quote at p[at] is part of its string: an odd number of backslashes before it. */
static bool is_escaped(const char *p, size_t at)
{
	size_t n = 0;
	while (n < at && p[at - n - 1] == '\\')
		n++;
	return n % 2 == 1;
}

/* Moves on behind the end of the string it is in, or behind everything there is. */
static void leave_string(struct json *j, struct str s)
{
	const char *quote;
	do {
		quote = memchr(s.p + j->at, '"', s.n - j->at);
		j->at = quote ? (size_t)(quote - s.p) + 1 : s.n;
	} while (quote && is_escaped(s.p, j->at - 1));
	j->in_string = !quote;
}

/* Looks for the end of the object at the carry's front; false when more bytes are needed. */
static bool object_end(struct json *j)
{
	struct str s = rest(j);
	while (j->at < s.n) {
		if (j->in_string) {
			leave_string(j, s);
			continue;
		}
		char c = s.p[j->at++];
		if (c == '"')
			j->in_string = true;
		else if (c == '{' || c == '[')
			j->depth++;
		else if ((c == '}' || c == ']') && j->depth && --j->depth == 0)
			return true;
	}
	return false;
}

static bool line_end(struct json *j)
{
	struct str s = rest(j);
	const char *nl = memchr(s.p + j->at, '\n', s.n - j->at);
	j->at = nl ? (size_t)(nl - s.p) : s.n;
	return nl != NULL;
}

/* What is not an object between objects: its line is refused. */
static void refuse_line(struct json *j)
{
	struct str s = rest(j);
	struct json_in in = { .raw = { s.p, (uint32_t)first_line(s.p, s.n) },
			      .line = j->line + 1, .offset = j->offset,
			      .why = REJECT_NOT_OBJECT };
	j->take(j->ctx, &in);
	int64_t nl = str_chr(s, '\n');
	advance(j, nl < 0 ? s.n : (size_t)nl + 1);
}

/* One object or line off the carry's front; false when more bytes are needed. */
static bool next(struct json *j, bool end)
{
	size_t blank = leading(j, j->by_line ? " \t\r\n" : " \t\r\n,[]");
	if (blank)
		advance(j, blank);
	struct str s = rest(j);
	if (s.n == 0)
		return false;
	if (!j->by_line && s.p[0] != '{') {
		if (!end && str_chr(s, '\n') < 0 && s.n <= DECODE_LINE_MAX)
			return false;
		refuse_line(j);
		return true;
	}
	bool found = j->by_line ? line_end(j) : object_end(j);
	if (!found && !end && s.n <= DECODE_LINE_MAX)
		return false;
	enum reject_reason why = REJECT_NONE;
	if (j->at > DECODE_LINE_MAX)
		why = REJECT_LINE_TOO_LONG;
	else if (!found && !j->by_line)
		why = REJECT_BAD_JSON;
	j->skipping = !found && !end;
	size_t done = give(j, s.p, j->at, why);
	j->skipping &= done == j->at;
	advance(j, done);
	return true;
}

void json_push(struct json *j, const char *p, size_t n, bool suspect)
{
	(void)suspect; /* every object is checked */
	if (j->skipping) {
		const char *nl = memchr(p, '\n', n);
		size_t skip = nl ? (size_t)(nl - p) : n;
		j->skipping = !nl;
		j->offset += skip;
		p += skip;
		n -= skip;
	}
	buf_add(&j->carry, p, n);
	while (next(j, false))
		;
	memmove(j->carry.p, j->carry.p + j->from, j->carry.n - j->from);
	j->carry.n -= j->from;
	j->from = 0;
}

void json_finish(struct json *j)
{
	while (next(j, true))
		;
}
