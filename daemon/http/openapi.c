/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/openapi.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "daemon/http/route.h"

/* What any request may be answered with, whatever it asks for. */
static const char anywhere[] =
	"bad-request bad-framing bad-path bad-query too-slow too-large path-too-long "
	"unknown-expectation too-many-requests headers-too-large internal unknown-transfer-coding "
	"busy unknown-version";

static const struct {
	const char *name, *text;
} schemas[] = {
#define SCHEMA(name, ...) { #name, #__VA_ARGS__ },
#include "daemon/http/schemas.def"
#undef SCHEMA
};

static struct json_object *text(const char *s)
{
	return json_object_new_string(s);
}

static struct json_object *ref(const char *schema)
{
	struct json_object *o = json_object_new_object();
	char path[96];
	(void)snprintf(path, sizeof path, "#/components/schemas/%s", schema);
	json_object_object_add(o, "$ref", text(path));
	return o;
}

static bool is_schema(const char *name)
{
	for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++)
		if (strcmp(schemas[i].name, name) == 0)
			return true;
	return false;
}

/* {"application/json": {"schema": {"$ref": ...}}}, or a media type with plain text in it. */
static struct json_object *content(const char *what)
{
	struct json_object *o = json_object_new_object(), *inner = json_object_new_object();
	struct json_object *schema = is_schema(what) ? ref(what) : json_object_new_object();
	if (!is_schema(what))
		json_object_object_add(schema, "type",
				       text(strncmp(what, "text/", 5) == 0 ? "string" : "object"));
	json_object_object_add(inner, "schema", schema);
	json_object_object_add(o, is_schema(what) ? "application/json" : what, inner);
	return o;
}

static enum reason reason_of(struct str word)
{
	for (enum reason r = REASON_NONE + 1; r < REASON_COUNT; r++)
		if (str_eq(word, str_of(reason_word(r))))
			return r;
	return REASON_NONE;
}

/* One answer by status; the words of its reasons are collected in its description. */
static void add_answer(struct json_object *answers, const struct route_row *row, struct str word)
{
	enum reason r = reason_of(word);
	char status[8];
	struct buf said;
	struct json_object *answer, *before;
	if (r)
		(void)snprintf(status, sizeof status, "%u", reason_status(r));
	else
		(void)snprintf(status, sizeof status, STR_FMT, STR_ARG(word));
	buf_init(&said, 0);
	if (!json_object_object_get_ex(answers, status, &answer)) {
		answer = json_object_new_object();
		json_object_object_add(answers, status, answer);
	} else if (json_object_object_get_ex(answer, "description", &before)) {
		buf_addf(&said, "%s; ", json_object_get_string(before));
	}
	if (r)
		buf_addf(&said, "%s: %s", reason_word(r), reason_text(r, true));
	else
		buf_adds(&said, row->en);
	json_object_object_add(answer, "description", text(buf_cstr(&said)));
	bool ready = r == REASON_NOT_READY;
	json_object_object_add(answer, "content",
			       content(!r ? row->response : ready ? "Readiness" : "Error"));
	buf_fini(&said);
}

static void add_answers(struct json_object *answers, const struct route_row *row,
			const char *words)
{
	struct str left = str_of(words);
	while (left.n > 0) {
		int64_t blank = str_chr(left, ' ');
		add_answer(answers, row, blank < 0 ? left : str_sub(left, 0, (size_t)blank));
		left = blank < 0 ? (struct str){ 0 } : str_sub(left, (size_t)blank + 1, left.n);
	}
}

static struct json_object *parameter(const char *name, const char *in, bool required,
				     const char *what)
{
	struct json_object *o = json_object_new_object(), *schema = json_object_new_object();
	json_object_object_add(o, "name", text(name));
	json_object_object_add(o, "in", text(in));
	json_object_object_add(o, "required", json_object_new_boolean(required));
	json_object_object_add(o, "description", text(what));
	json_object_object_add(schema, "type", text("string"));
	json_object_object_add(o, "schema", schema);
	return o;
}

static struct json_object *parameters(void)
{
	struct json_object *list = json_object_new_array();
	json_object_array_add(list, parameter("feed", "path", true, "name of a feed"));
	json_object_array_add(list, parameter("file", "query", false,
		"file name by which the feed knows what is inside, as fee_list_d.csv; "
		"body.csv, body.ndjson or body.json when left out"));
	json_object_array_add(list, parameter("Idempotency-Key", "header", false,
		"1 to 128 letters, digits, . _ : -; may be left out when the body is one "
		"interface message with a msgid"));
	json_object_array_add(list, parameter("Content-Encoding", "header", false,
					      "gzip, or none"));
	json_object_array_add(list, parameter("Accept-Language", "header", false,
					      "en: sentences in English, else in Chinese"));
	return list;
}

static struct json_object *body_of(const char *types)
{
	struct json_object *o = json_object_new_object(), *media = json_object_new_object();
	struct str left = str_of(types);
	while (left.n > 0) {
		int64_t blank = str_chr(left, ' ');
		struct str one = blank < 0 ? left : str_sub(left, 0, (size_t)blank);
		struct json_object *any = json_object_new_object();
		char name[64];
		(void)snprintf(name, sizeof name, STR_FMT, STR_ARG(one));
		json_object_object_add(media, name, any);
		left = blank < 0 ? (struct str){ 0 } : str_sub(left, (size_t)blank + 1, left.n);
	}
	json_object_object_add(o, "required", json_object_new_boolean(true));
	json_object_object_add(o, "content", media);
	return o;
}

static struct json_object *operation(enum route r)
{
	const struct route_row *row = route_get(r);
	struct json_object *o = json_object_new_object(), *answers = json_object_new_object();
	json_object_object_add(o, "summary", text(row->en));
	json_object_object_add(o, "description", text(row->zh));
	json_object_object_add(o, "x-role", text(duty_word(row->role)));
	if (row->role == HTTP_ANYONE)
		json_object_object_add(o, "security", json_object_new_array());
	if (row->request[0]) {
		json_object_object_add(o, "parameters", parameters());
		json_object_object_add(o, "requestBody", body_of(row->request));
	}
	add_answers(answers, row, row->statuses);
	add_answers(answers, row, anywhere);
	json_object_object_add(o, "responses", answers);
	return o;
}

static struct json_object *paths(void)
{
	struct json_object *all = json_object_new_object();
	for (enum route r = 0; r < ROUTE_COUNT; r++) {
		struct json_object *path = json_object_new_object();
		json_object_object_add(path, route_get(r)->method == METHOD_POST ? "post" : "get",
				       operation(r));
		json_object_object_add(all, route_get(r)->path, path);
	}
	return all;
}

static struct json_object *components(void)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_object();
	for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++)
		json_object_object_add(list, schemas[i].name, json_tokener_parse(schemas[i].text));
	json_object_object_add(o, "schemas", list);
	json_object_object_add(o, "securitySchemes", json_tokener_parse(
		"{\"key\":{\"type\":\"http\",\"scheme\":\"bearer\"},"
		"\"certificate\":{\"type\":\"mutualTLS\"}}"));
	return o;
}

void openapi_write(struct buf *out)
{
	struct json_object *o = json_object_new_object(), *info = json_object_new_object();
	json_object_object_add(o, "openapi", text("3.1.0"));
	json_object_object_add(info, "title", text("Fundwatch"));
	json_object_object_add(info, "version", text(FUNDWATCH_VERSION));
	json_object_object_add(info, "license",
			       json_tokener_parse("{\"name\":\"GPL-3.0-or-later\"}"));
	json_object_object_add(o, "info", info);
	json_object_object_add(o, "security",
			       json_tokener_parse("[{\"key\":[]},{\"certificate\":[]}]"));
	json_object_object_add(o, "paths", paths());
	json_object_object_add(o, "components", components());
	buf_adds(out, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
						     JSON_C_TO_STRING_NOSLASHESCAPE));
	buf_addc(out, '\n');
	json_object_put(o);
}
