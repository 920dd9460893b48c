/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_http_keys.c - keys, their cache, and the map of client certificates.
 */
#include "daemon/http/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/record/value.h"

static char folder[64], path[96];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/fundwatch-keys-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/keys", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct key made(struct keys *set, const char *facility, enum duty role, int32_t until,
		       char token[KEY_TOKEN])
{
	struct key k = { .role = role, .until = until };
	struct err e;
	assert_true(key_make(&k, token, &e));
	snprintf(k.facility, sizeof k.facility, "%s", facility);
	keys_add(set, &k);
	return k;
}

static void a_key_opens_what_it_is_for(void **state)
{
	struct keys *set = keys_new();
	struct caller who;
	char a[KEY_TOKEN], b[KEY_TOKEN];
	(void)state;
	made(set, "H100", HTTP_INTAKE, MISSING_I32, a);
	made(set, "*", HTTP_OPERATE, 100, b);
	keys_find(set, str_of(a), 5, &who);
	assert_true(who.known);
	assert_string_equal(who.facility, "H100");
	assert_int_equal(who.role, HTTP_INTAKE);
	keys_find(set, str_of(b), 100, &who);
	assert_true(who.known);
	keys_find(set, str_of(b), 101, &who);
	assert_false(who.known);
	assert_int_equal(keys_count(set, 100), 2);
	assert_int_equal(keys_count(set, 101), 1);
	keys_free(set);
}

static void nothing_else_opens(void **state)
{
	struct keys *set = keys_new();
	struct caller who;
	char token[KEY_TOKEN], other[KEY_TOKEN];
	(void)state;
	made(set, "H100", HTTP_INTAKE, MISSING_I32, token);
	for (size_t i = 0; i < strlen(token); i++) {
		memcpy(other, token, sizeof other);
		other[i] = other[i] == 'a' ? 'b' : 'a';
		keys_find(set, str_of(other), 0, &who);
		assert_false(who.known);
		keys_find(set, str_make(token, i), 0, &who);
		assert_false(who.known);
	}
	struct keys *none = keys_new();
	keys_find(none, str_of(token), 0, &who);
	assert_false(who.known);
	keys_free(none);
	keys_free(set);
}

static void keys_differ_and_are_long(void **state)
{
	struct keys *set = keys_new();
	char a[KEY_TOKEN], b[KEY_TOKEN];
	(void)state;
	made(set, "*", HTTP_READ, MISSING_I32, a);
	made(set, "*", HTTP_READ, MISSING_I32, b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 3 + 12 + 1 + 43);
	keys_free(set);
}

static void the_cache_gives_them_back(void **state)
{
	struct keys *set = keys_new();
	struct caller who;
	struct stat st;
	struct err e;
	char a[KEY_TOKEN], b[KEY_TOKEN];
	(void)state;
	made(set, "H100", HTTP_INTAKE, MISSING_I32, a);
	made(set, "*", HTTP_READ, 20000, b);
	assert_true(keys_save(set, path, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	keys_free(set);
	set = keys_load(path, &e);
	assert_non_null(set);
	keys_find(set, str_of(a), 0, &who);
	assert_string_equal(who.facility, "H100");
	keys_find(set, str_of(b), 20001, &who);
	assert_false(who.known);
	keys_free(set);
}

static void a_changed_cache_is_refused(void **state)
{
	struct keys *set = keys_new();
	struct err e;
	char a[KEY_TOKEN];
	(void)state;
	made(set, "H100", HTTP_INTAKE, MISSING_I32, a);
	assert_true(keys_save(set, path, &e));
	keys_free(set);
	FILE *f = fopen(path, "r+");
	fseek(f, 40, SEEK_SET);
	int c = fgetc(f);
	fseek(f, 40, SEEK_SET);
	fputc(c == '0' ? '1' : '0', f);
	fclose(f);
	assert_null(keys_load(path, &e));
	assert_non_null(strstr(e.text, "damaged"));
	unlink(path);
	set = keys_load(path, &e); /* no cache yet: nobody */
	assert_int_equal(keys_count(set, 0), 0);
	keys_free(set);
}

static void write_subjects(const char *text)
{
	FILE *f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

static void certificates(void **state)
{
	struct caller who;
	struct err e;
	(void)state;
	write_subjects("# who\n\nH100 intake CN=his.example,O=One  Hospital\n* read CN=mon\n");
	struct subjects *s = subjects_read(path, &e);
	assert_int_equal(subjects_count(s), 2);
	subjects_find(s, STR("CN=his.example,O=One  Hospital"), &who);
	assert_string_equal(who.facility, "H100");
	subjects_find(s, STR("CN=mon"), &who);
	assert_int_equal(who.role, HTTP_READ);
	subjects_find(s, STR("CN=mon,O=x"), &who);
	assert_false(who.known);
	subjects_free(s);
	write_subjects("H100 intake CN=a\nH100 everything CN=b\n");
	assert_null(subjects_read(path, &e));
	assert_non_null(strstr(e.text, "line 2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_opens_what_it_is_for),
		cmocka_unit_test(nothing_else_opens),
		cmocka_unit_test(keys_differ_and_are_long),
		cmocka_unit_test(the_cache_gives_them_back),
		cmocka_unit_test(a_changed_cache_is_refused),
		cmocka_unit_test(certificates),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
