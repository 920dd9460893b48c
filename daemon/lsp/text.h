/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h - places as editors count them (lines from 0, UTF-16 units), and file URIs.
 */
#pragma once

#include <json-c/json.h>

#include "lib/base/buf.h"
#include "lib/base/str.h"

/* Offset of a place; past the end of a line or text it is that end. */
uint32_t text_offset(struct str text, int64_t line, int64_t unit);

/* {"line": …, "character": …} of an offset. */
struct json_object *text_position(struct str text, uint32_t offset);
struct json_object *text_range(struct str text, uint32_t start, uint32_t end);

/* The path of a file: URI, malloc'd; NULL when it is none. */
char *uri_path(const char *uri);

/* The URI of an absolute path. */
void uri_add(struct buf *out, const char *path);

/* A member as text, number or object; NULL, -1, NULL when it is something else. */
const char *json_text_of(struct json_object *o, const char *key);
int64_t json_number_of(struct json_object *o, const char *key);
struct json_object *json_object_of(struct json_object *o, const char *key);

struct json_object *json_str(struct str s);
