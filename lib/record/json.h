/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - JSON text in, one object at a time out; numbers keep their text.
 *
 * Objects come one a line (NDJSON), one after another however they are broken into
 * lines, or as the items of one array. A broken object costs itself only: reading goes
 * on at the next line that begins with a brace.
 */
#pragma once

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/str.h"
#include "lib/record/reject.h"

struct json_object;

/* Borrowed until the function returns. `object` is NULL when `why` says what is wrong. */
struct json_in {
	struct json_object *object;
	struct str raw;
	uint64_t line, offset;
	enum reject_reason why;
	struct str detail;
};

typedef void json_fn(void *ctx, const struct json_in *in);

struct json;

/* `by_line`: an object ends with its line. */
struct json *json_new(bool by_line, json_fn *take, void *ctx);
void json_free(struct json *j);

/* Says that so many lines and bytes of the text came before the first push. */
void json_skipped(struct json *j, uint64_t lines, uint64_t bytes);

void json_push(struct json *j, const char *p, size_t n, bool suspect);
void json_finish(struct json *j);

/* The text of a plain value: string, number as written, 1 or 0 for true and false; the
 * empty text for null; false for objects and arrays. */
bool json_text(struct json_object *value, struct str *out);
