/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/head.h"

#include <string.h>

#include "lib/base/utf8.h"

/* tchar of RFC 9110 */
static bool is_token(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool all_token(struct str s)
{
	for (uint32_t i = 0; i < s.n; i++)
		if (!is_token((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

static bool same_word(struct str s, const char *lower)
{
	size_t n = strlen(lower);
	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s.p[i];
		if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i])
			return false;
	}
	return true;
}

/* ---- the request line ---- */

static enum method method_of(struct str s)
{
	static const char *const name[METHOD_OTHER] = { "GET", "HEAD", "POST" };
	for (unsigned i = 0; i < METHOD_OTHER; i++)
		if (str_eq(s, str_of(name[i])))
			return (enum method)i;
	return METHOD_OTHER;
}

static enum reason take_target(struct str target, struct head *h)
{
	if (target.n > HEAD_TARGET_MAX)
		return REASON_LONG_PATH;
	if (target.n == 0 || target.p[0] != '/')
		return REASON_BAD_PATH;
	for (uint32_t i = 0; i < target.n; i++)
		if ((unsigned char)target.p[i] <= ' ' || (unsigned char)target.p[i] >= 0x7f ||
		    target.p[i] == '#' || target.p[i] == '\\')
			return REASON_BAD_PATH;
	int64_t mark = str_chr(target, '?');
	h->path = mark < 0 ? target : str_sub(target, 0, (size_t)mark);
	h->query = mark < 0 ? (struct str){ 0 } : str_sub(target, (size_t)mark + 1, target.n);
	return REASON_NONE;
}

static enum reason take_version(struct str v, struct head *h)
{
	h->keep_alive = str_eq(v, STR("HTTP/1.1"));
	if (h->keep_alive || str_eq(v, STR("HTTP/1.0")))
		return REASON_NONE;
	return v.n == 8 && str_starts(v, STR("HTTP/")) ? REASON_VERSION : REASON_BAD_REQUEST;
}

static enum reason take_request_line(struct str line, struct head *h)
{
	int64_t first = str_chr(line, ' ');
	struct str rest = first < 0 ? (struct str){ 0 } : str_sub(line, (size_t)first + 1, line.n);
	int64_t second = str_chr(rest, ' ');
	if (first < 0 || second < 0 || !all_token(str_sub(line, 0, (size_t)first)))
		return REASON_BAD_REQUEST;
	h->method = method_of(str_sub(line, 0, (size_t)first));
	enum reason why = take_version(str_sub(rest, (size_t)second + 1, rest.n), h);
	return why ? why : take_target(str_sub(rest, 0, (size_t)second), h);
}

/* ---- fields ---- */

static enum reason take_field(char *p, size_t n, struct head *h)
{
	char *colon = memchr(p, ':', n);
	if (!colon || h->n_field == HEAD_FIELDS_MAX)
		return colon ? REASON_HEADERS : REASON_BAD_REQUEST;
	struct head_field f = { .name = str_make(p, (size_t)(colon - p)) };
	if (!all_token(f.name))
		return REASON_BAD_REQUEST;
	for (char *c = p; c < colon; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + ('a' - 'A'));
	for (const char *c = colon + 1; c < p + n; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return REASON_BAD_REQUEST;
	f.value = str_trim(str_make(colon + 1, n - (size_t)(colon - p) - 1));
	h->field[h->n_field++] = f;
	return REASON_NONE;
}

static unsigned count(const struct head *h, const char *name)
{
	unsigned n = 0;
	for (unsigned i = 0; i < h->n_field; i++)
		n += str_eq(h->field[i].name, str_of(name));
	return n;
}

struct str head_value(const struct head *h, const char *name)
{
	for (unsigned i = 0; i < h->n_field; i++)
		if (str_eq(h->field[i].name, str_of(name)))
			return h->field[i].value;
	return (struct str){ 0 };
}

static bool take_length(struct str s, uint64_t *out)
{
	*out = 0;
	for (uint32_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0 && s.n <= 18;
}

static enum reason take_framing(struct head *h)
{
	unsigned codings = count(h, "transfer-encoding"), lengths = count(h, "content-length");
	if (codings + lengths > 1 || (codings && !h->keep_alive))
		return REASON_BAD_FRAMING;
	if (codings) {
		h->body = BODY_CHUNKED;
		return same_word(head_value(h, "transfer-encoding"), "chunked") ? REASON_NONE
										: REASON_CODING;
	}
	if (!lengths)
		return REASON_NONE;
	h->body = BODY_LENGTH;
	return take_length(head_value(h, "content-length"), &h->length) ? REASON_NONE
									: REASON_BAD_FRAMING;
}

static enum reason take_meaning(struct head *h)
{
	bool newer = h->keep_alive; /* HTTP/1.1 so far */
	struct str expect = head_value(h, "expect");
	enum reason why = take_framing(h);
	if (why)
		return why;
	if (count(h, "host") > 1 || (newer && count(h, "host") == 0) ||
	    count(h, "authorization") > 1 || count(h, "idempotency-key") > 1 ||
	    count(h, "content-type") > 1 || count(h, "content-encoding") > 1)
		return REASON_BAD_REQUEST;
	if (same_word(head_value(h, "connection"), "close"))
		h->keep_alive = false;
	h->wants_continue = same_word(expect, "100-continue");
	return expect.n && !h->wants_continue ? REASON_EXPECT : REASON_NONE;
}

/* ---- the whole head ---- */

/* A line without its CRLF; NULL when there is none, or a line feed or NUL stands alone in it. */
static char *next_line(char **at, const char *end, size_t *n)
{
	char *line = *at, *lf = memchr(line, '\n', (size_t)(end - line));
	if (!lf || lf == line || lf[-1] != '\r')
		return NULL;
	*n = (size_t)(lf - line) - 1;
	*at = lf + 1;
	return memchr(line, '\r', *n) || memchr(line, '\0', *n) ? NULL : line;
}

enum reason head_parse(char *text, size_t n, struct head *out)
{
	char *at = text, *line;
	size_t length;
	enum reason why;
	*out = (struct head){ .method = METHOD_OTHER };
	if (n > HEAD_MAX)
		return REASON_HEADERS;
	if (!(line = next_line(&at, text + n, &length)))
		return REASON_BAD_REQUEST;
	if ((why = take_request_line(str_make(line, length), out)))
		return why;
	while ((line = next_line(&at, text + n, &length)) && length > 0)
		if ((why = take_field(line, length, out)))
			return why;
	return line && at == text + n ? take_meaning(out) : REASON_BAD_REQUEST;
}

/* A head ends with an empty line however its lines end, so that a wrong one is refused at once
 * and not waited for. */
size_t head_end(const char *p, size_t n, size_t from)
{
	size_t i = from > 3 ? from - 3 : 0;
	for (; i < n; i++) {
		if (p[i] != '\n')
			continue;
		if (i + 1 < n && p[i + 1] == '\n')
			return i + 2;
		if (i + 2 < n && p[i + 1] == '\r' && p[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

/* ---- escapes ---- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool head_unescape(struct str s, struct buf *out)
{
	size_t from = out->n;
	for (uint32_t i = 0; i < s.n; i++) {
		int c = (unsigned char)s.p[i];
		if (c == '%') {
			int high = i + 2 < s.n ? hex(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? hex(s.p[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = high * 16 + low;
			i += 2;
		}
		if (c < ' ' || c == 0x7f || c == '/' || c == '\\')
			return false;
		buf_addc(out, (char)c);
	}
	return utf8_valid(out->p ? out->p + from : "", out->n - from);
}

static bool is_known(const char *const *known, struct str name)
{
	for (; *known; known++)
		if (str_eq(str_of(*known), name))
			return true;
	return false;
}

bool head_query(struct str query, const char *const *known, const char *name, struct buf *out,
		bool *found)
{
	*found = false;
	while (query.n > 0) {
		int64_t end = str_chr(query, '&');
		struct str pair = end < 0 ? query : str_sub(query, 0, (size_t)end);
		query = end < 0 ? (struct str){ 0 } : str_sub(query, (size_t)end + 1, query.n);
		int64_t mark = str_chr(pair, '=');
		if (mark <= 0 || !is_known(known, str_sub(pair, 0, (size_t)mark)))
			return false;
		if (!str_eq(str_sub(pair, 0, (size_t)mark), str_of(name)))
			continue;
		if (*found || !head_unescape(str_sub(pair, (size_t)mark + 1, pair.n), out))
			return false;
		*found = true;
	}
	return true;
}
