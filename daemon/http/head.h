/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * head.h - the head of an HTTP/1.1 request, read strictly.
 *
 * What two readers could understand in two ways is refused: folded lines, bare line feeds,
 * blanks before a colon, two lengths, a length beside a transfer coding, a second Host. Pure:
 * text in, views into that text out; knows neither sockets nor routes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/http/reason.h"
#include "lib/base/str.h"

#define HEAD_MAX 16384u       /* bytes of request line and headers together */
#define HEAD_TARGET_MAX 2048u /* bytes of path and query */
#define HEAD_FIELDS_MAX 64u

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

enum body_kind { BODY_NONE, BODY_LENGTH, BODY_CHUNKED };

struct head_field {
	struct str name, value; /* name in lower case, value without blanks around it */
};

struct head {
	enum method method;
	struct str path, query;   /* as sent, still with %XX */
	bool keep_alive;
	bool wants_continue;      /* Expect: 100-continue */
	enum body_kind body;
	uint64_t length;          /* BODY_LENGTH */
	unsigned n_field;
	struct head_field field[HEAD_FIELDS_MAX];
};

/* Reads a whole head, the empty line at its end included; `text` is changed (names become lower
 * case) and must outlive `out`. REASON_NONE when it is right. */
enum reason head_parse(char *text, size_t n, struct head *out);

/* Value of a field by its name in lower case; the empty text when it is not there. When it
 * stands there more than once, the first. */
struct str head_value(const struct head *h, const char *name);

/* Where the head ends in so many bytes: the length including the empty line, 0 when it does not
 * yet. Looks only behind `from`, the result of n before. */
size_t head_end(const char *p, size_t n, size_t from);

/* Decodes %XX of one path segment or query value into out. False for broken escapes, control
 * characters, a slash or backslash, and texts that are no UTF-8. */
bool head_unescape(struct str s, struct buf *out);

/* The value of parameter `name` of a query into out; *found says whether it is there. False when
 * the query holds anything but the parameters named in `known` (ended by NULL), or twice one. */
bool head_query(struct str query, const char *const *known, const char *name, struct buf *out,
		bool *found);
