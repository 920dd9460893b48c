/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_openapi.c - docs/openapi.json is what the tables say. `test_openapi --write` writes it.
 */
#include "daemon/http/openapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "daemon/http/route.h"

#define PATH "docs/openapi.json"

static void read_page(struct buf *b)
{
	FILE *f = fopen(PATH, "r");
	int c;
	assert_non_null(f);
	while ((c = fgetc(f)) != EOF)
		buf_addc(b, (char)c);
	fclose(f);
}

static void the_page_is_current(void **state)
{
	struct buf made, stands;
	(void)state;
	buf_init(&made, 0);
	buf_init(&stands, 0);
	openapi_write(&made);
	read_page(&stands);
	if (!str_eq(buf_str(&made), buf_str(&stands)))
		fail_msg(PATH " differs from daemon/http/*.def: run test_openapi --write");
	buf_fini(&made);
	buf_fini(&stands);
}

/* Schemas parse, and every word of a route's statuses is a reason or a number. */
static void tables_hold_together(void **state)
{
	struct buf made;
	struct json_object *schemas = NULL, *components = NULL;
	(void)state;
	buf_init(&made, 0);
	openapi_write(&made);
	struct json_object *o = json_tokener_parse(buf_cstr(&made));
	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "components", &components));
	assert_true(json_object_object_get_ex(components, "schemas", &schemas));
	json_object_object_foreach(schemas, name, schema) {
		if (!json_object_is_type(schema, json_type_object))
			fail_msg("schema %s does not parse", name);
	}
	for (enum route r = 0; r < ROUTE_COUNT; r++) {
		char words[512], *rest = words, *word;
		snprintf(words, sizeof words, "%s", route_get(r)->statuses);
		while ((word = strsep(&rest, " "))) {
			bool known = strspn(word, "0123456789") == strlen(word);
			for (enum reason k = 1; k < REASON_COUNT; k++)
				known = known || strcmp(word, reason_word(k)) == 0;
			if (!known)
				fail_msg("%s: what is `%s`?", route_get(r)->path, word);
		}
	}
	json_object_put(o);
	buf_fini(&made);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_hold_together),
		cmocka_unit_test(the_page_is_current),
	};
	if (argc > 1 && strcmp(argv[1], "--write") == 0) {
		struct buf b;
		FILE *f = fopen(PATH, "w");
		buf_init(&b, 0);
		openapi_write(&b);
		bool ok = f && fwrite(b.p, 1, b.n, f) == b.n;
		ok = f && fclose(f) == 0 && ok;
		buf_fini(&b);
		return ok ? 0 : 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
