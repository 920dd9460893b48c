/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpc.c - frames in and out.
 */
#include "daemon/lsp/rpc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/mem.h"

#define HEADER_MAX 1024
#define HEADERS_MAX 32
#define DEPTH_MAX 64

/* Bytes of the body; false when there is no proper header. */
static bool read_header(FILE *in, size_t *length)
{
	char line[HEADER_MAX];
	bool found = false;

	for (int i = 0; i < HEADERS_MAX && fgets(line, sizeof line, in) != NULL; i++) {
		char *end;

		if (strcmp(line, "\r\n") == 0 || strcmp(line, "\n") == 0)
			return found;
		if (strncasecmp(line, "Content-Length:", 15) != 0)
			continue;
		*length = strtoull(line + 15, &end, 10);
		found = end > line + 15 && strchr(line, '-') == strchr(line, 'L') - 1;
	}
	return false;
}

static bool skip(FILE *in, size_t n)
{
	char block[4096];

	while (n > 0) {
		size_t got = fread(block, 1, n < sizeof block ? n : sizeof block, in);

		if (got == 0)
			return false;
		n -= got;
	}
	return true;
}

static struct json_object *parse(const char *text, size_t n)
{
	struct json_tokener *t = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *o;

	json_tokener_set_flags(t, JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(t, text, (int)n);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    !json_object_is_type(o, json_type_object)) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(t);
	return o;
}

enum rpc_read rpc_read(FILE *in, struct json_object **out)
{
	size_t n = 0;
	char *text;

	if (!read_header(in, &n))
		return RPC_END;
	if (n > RPC_MESSAGE_MAX)
		return skip(in, n) ? RPC_BROKEN : RPC_END;
	text = xmalloc(n + 1);
	if (fread(text, 1, n, in) < n) {
		xfree(text);
		return RPC_END;
	}
	text[n] = '\0';
	*out = parse(text, n);
	xfree(text);
	return *out != NULL ? RPC_MESSAGE : RPC_BROKEN;
}

bool rpc_send(FILE *out, struct json_object *take_message)
{
	size_t n;
	const char *text = json_object_to_json_string_length(
		take_message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	bool ok = fprintf(out, "Content-Length: %zu\r\n\r\n", n) > 0 && fwrite(text, 1, n,
			out) == n &&
		  fflush(out) == 0;

	json_object_put(take_message);
	return ok;
}

static struct json_object *message(void)
{
	struct json_object *m = json_object_new_object();

	json_object_object_add(m, "jsonrpc", json_object_new_string("2.0"));
	return m;
}

bool rpc_answer(FILE *out, struct json_object *id, struct json_object *take_result)
{
	struct json_object *m = message();

	json_object_object_add(m, "id", json_object_get(id));
	json_object_object_add(m, "result", take_result);
	return rpc_send(out, m);
}

bool rpc_refuse(FILE *out, struct json_object *id, enum rpc_error code, const char *why)
{
	struct json_object *m = message(), *e = json_object_new_object();

	json_object_object_add(e, "code", json_object_new_int(code));
	json_object_object_add(e, "message", json_object_new_string(why));
	json_object_object_add(m, "id", json_object_get(id));
	json_object_object_add(m, "error", e);
	return rpc_send(out, m);
}

bool rpc_notify(FILE *out, const char *method, struct json_object *take_params)
{
	struct json_object *m = message();

	json_object_object_add(m, "method", json_object_new_string(method));
	json_object_object_add(m, "params", take_params);
	return rpc_send(out, m);
}
