/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.c - UTF-8 offsets to UTF-16 places and back.
 */
#include "daemon/lsp/text.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/base/utf8.h"

static uint32_t units(uint32_t cp)
{
	return cp > 0xFFFF ? 2 : 1;
}

uint32_t text_offset(struct str text, int64_t line, int64_t unit)
{
	uint32_t at = 0;

	for (; line > 0 && at < text.n; line--) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);

		if (nl == NULL)
			return text.n;
		at = (uint32_t)(nl - text.p) + 1;
	}
	while (at < text.n && unit > 0 && text.p[at] != '\n' && text.p[at] != '\r') {
		uint32_t cp, n = utf8_next(text.p + at, text.n - at, &cp);

		unit -= units(cp);
		at += n;
	}
	return at;
}

struct json_object *text_position(struct str text, uint32_t offset)
{
	struct json_object *p = json_object_new_object();
	int64_t line = 0, unit = 0;
	uint32_t start = 0;

	offset = offset < text.n ? offset : text.n;
	for (uint32_t i = 0; i < offset; i++)
		if (text.p[i] == '\n') {
			line++;
			start = i + 1;
		}
	while (start < offset) {
		uint32_t cp, n = utf8_next(text.p + start, text.n - start, &cp);

		unit += units(cp);
		start += n;
	}
	json_object_object_add(p, "line", json_object_new_int64(line));
	json_object_object_add(p, "character", json_object_new_int64(unit));
	return p;
}

struct json_object *text_range(struct str text, uint32_t start, uint32_t end)
{
	struct json_object *r = json_object_new_object();

	json_object_object_add(r, "start", text_position(text, start));
	json_object_object_add(r, "end", text_position(text, end > start ? end : start));
	return r;
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);

	return c != '\0' && p != NULL ? (int)(p - digits) : -1;
}

char *uri_path(const char *uri)
{
	char *path, *out;

	if (uri == NULL || strncmp(uri, "file://", 7) != 0)
		return NULL;
	uri = strchr(uri + 7, '/'); /* the host is nobody's business */
	if (uri == NULL)
		return NULL;
	path = out = xmalloc(strlen(uri) + 1);
	while (*uri != '\0') {
		int a = *uri == '%' ? hex(uri[1]) : -1, b = a >= 0 ? hex(uri[2]) : -1;

		if (b >= 0 && (a > 0 || b > 0)) {
			*out++ = (char)(a * 16 + b);
			uri += 3;
		} else {
			*out++ = *uri++;
		}
	}
	*out = '\0';
	return path;
}

void uri_add(struct buf *out, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/-._~";

	buf_adds(out, "file://");
	for (; *path != '\0'; path++) {
		if (strchr(plain, *path) != NULL)
			buf_addc(out, *path);
		else
			buf_addf(out, "%%%02X", (unsigned)(unsigned char)*path);
	}
}

struct json_object *json_object_of(struct json_object *o, const char *key)
{
	struct json_object *v = NULL;

	if (!json_object_is_type(o, json_type_object))
		return NULL;
	json_object_object_get_ex(o, key, &v);
	return v;
}

const char *json_text_of(struct json_object *o, const char *key)
{
	struct json_object *v = json_object_of(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

int64_t json_number_of(struct json_object *o, const char *key)
{
	struct json_object *v = json_object_of(o, key);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : -1;
}

struct json_object *json_str(struct str s)
{
	return json_object_new_string_len(s.n > 0 ? s.p : "", (int)s.n);
}
