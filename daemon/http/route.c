/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/route.h"

#include <string.h>

static const struct route_row rows[ROUTE_COUNT] = {
#define ROUTE(name, method, path, role, zh, en, request, response, statuses)         \
	[ROUTE_##name] = { METHOD_##method, path,    HTTP_##role, zh, en,            \
			   request,         response, statuses },
#include "daemon/http/routes.def"
#undef ROUTE
};

static const char *const words[] = {
	[HTTP_ANYONE] = "anyone",
	[HTTP_READ] = "read",
	[HTTP_INTAKE] = "intake",
	[HTTP_OPERATE] = "operate",
};

const struct route_row *route_get(enum route r)
{
	return &rows[r];
}

enum duty duty_find(struct str word)
{
	for (enum duty r = HTTP_READ; r <= HTTP_OPERATE; r++)
		if (str_eq(word, str_of(words[r])))
			return r;
	return HTTP_ANYONE;
}

const char *duty_word(enum duty r)
{
	return words[r];
}

bool duty_covers(enum duty has, enum duty needed)
{
	return needed == HTTP_ANYONE || has == needed ||
	       (has == HTTP_OPERATE && needed == HTTP_READ);
}

/* The text up to the next slash, cut off the front of *rest together with it. */
static struct str segment(struct str *rest)
{
	struct str s = str_sub(*rest, 1, rest->n);
	int64_t slash = str_chr(s, '/');
	if (slash >= 0)
		s = str_sub(s, 0, (size_t)slash);
	*rest = str_sub(*rest, s.n + 1u, rest->n);
	return s;
}

/* Segments are compared as decoded, so that no other spelling reaches another route. */
static bool matches(struct str path, const char *pattern, struct buf *param)
{
	struct str want = str_of(pattern);
	struct buf got;
	bool same = true;
	buf_init(&got, 0);
	buf_reset(param);
	while (same && want.n > 0 && path.n > 0) {
		struct str w = segment(&want), p = segment(&path);
		buf_reset(&got);
		same = head_unescape(p, &got);
		if (same && str_starts(w, STR("{")))
			buf_addstr(param, buf_str(&got));
		else
			same = same && str_eq(w, buf_str(&got));
	}
	buf_fini(&got);
	return same && want.n == 0 && path.n == 0;
}

/* A path that no decoding makes sense of is told as such. */
static bool readable(struct str path)
{
	struct buf b;
	bool good = true;
	buf_init(&b, 0);
	while (good && path.n > 0)
		good = head_unescape(segment(&path), &b);
	buf_fini(&b);
	return good;
}

enum reason route_find(const struct head *h, enum route *route, struct buf *param)
{
	enum method asked = h->method == METHOD_HEAD ? METHOD_GET : h->method;
	bool path_known = false;
	for (unsigned i = 0; i < ROUTE_COUNT; i++) {
		if (!matches(h->path, rows[i].path, param))
			continue;
		*route = (enum route)i;
		if (rows[i].method == asked)
			return REASON_NONE;
		path_known = true;
	}
	if (path_known)
		return REASON_METHOD;
	return readable(h->path) ? REASON_NOT_FOUND : REASON_BAD_PATH;
}
