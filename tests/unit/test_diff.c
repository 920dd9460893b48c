/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_diff.c - alerts follow their records: raised, amended, withdrawn, raised again, merged,
 * split.
 */
#include "lib/finding/diff.h"
#include "tests/check.h"

/* A finding of rule r on person P whose records are the letters of `records`. */
static struct finding make(const char *rule, const char *records, int64_t amount)
{
	static struct finding_record pool[64][8];
	static struct str name[1] = { { "psn_no", 6 } }, value[1] = { { "P", 1 } };
	static unsigned at;
	struct finding f = { .rule = str_of(rule), .digest = STR("d"), .subject = STR("P"),
			     .n_key = 1, .key_name = name, .key_value = value,
			     .has_amount = true, .amount = amount, .sentence = STR("s") };

	f.record = pool[at++ % 64];
	for (; *records; records++)
		f.record[f.n_record++] = (struct finding_record){
			.stream = STREAM_FEE, .fixmedins_code = STR("H"), .mdtrt_id = STR("M"),
			.id = str_make(records, 1),
		};
	return f;
}

struct log {
	char text[512];
	uint64_t id[16];
	uint32_t n;
};

static void note(void *ctx, const struct change *c)
{
	static const char *const kinds[] = { "raised", "amended", "withdrawn" };
	struct log *l = ctx;
	size_t at = strlen(l->text);

	snprintf(l->text + at, sizeof l->text - at, "%s%s r%u %s", at ? "; " : "",
		 kinds[c->kind], c->revision, c->why);
	l->id[l->n++] = c->id;
	CHECK((c->before != NULL) == (c->kind != CHANGE_RAISED));
	CHECK((c->now != NULL) == (c->kind != CHANGE_WITHDRAWN));
}

static struct log update(struct alertbook *a, const struct finding *f, uint32_t n)
{
	const struct finding *now[8];
	struct log l = { .n = 0 };

	for (uint32_t i = 0; i < n; i++)
		now[i] = &f[i];
	alertbook_update(a, SUBJECT_PERSON, STR("P"), NULL, now, n, note, &l);
	return l;
}

static void life_of_an_alert(void **state)
{
	struct alertbook *a = alertbook_new();
	struct finding f = make("r", "ab", 100);
	struct log l = update(a, &f, 1);
	uint64_t id = l.id[0];

	(void)state;
	assert_string_equal(l.text, "raised r1 new");
	CHECK(id != 0 && id >> 63 == 0);
	l = update(a, &f, 1);
	assert_string_equal(l.text, "");
	f = make("r", "ab", 200);
	l = update(a, &f, 1);
	assert_string_equal(l.text, "amended r2 amount");
	f = make("r", "abc", 200);
	l = update(a, &f, 1);
	assert_string_equal(l.text, "amended r3 records");
	f.digest = STR("e");
	l = update(a, &f, 1);
	assert_string_equal(l.text, "amended r4 rule");
	CHECK_INT(l.id[0], id);
	CHECK_INT(alertbook_live(a), 1);
	l = update(a, NULL, 0);
	assert_string_equal(l.text, "withdrawn r5 records");
	CHECK_INT(alertbook_live(a), 0);
	l = update(a, &f, 1);
	assert_string_equal(l.text, "raised r6 again");
	CHECK_INT(l.id[0], id);
	alertbook_free(a);
}

static void the_greatest_overlap_follows(void **state)
{
	struct alertbook *a = alertbook_new();
	struct finding f[2] = { make("r", "abc", 1), make("r", "xy", 2) };
	struct log l = update(a, f, 2);
	uint64_t abc = l.id[0], xy = l.id[1];

	(void)state;
	CHECK(abc != xy);
	f[0] = make("r", "bcx", 1);
	l = update(a, f, 1);
	assert_string_equal(l.text, "amended r2 records; withdrawn r2 merged");
	CHECK_INT(l.id[0], abc);
	CHECK_INT(l.id[1], xy);
	f[0] = make("r", "bc", 1);
	f[1] = make("r", "x", 1);
	l = update(a, f, 2);
	/* "x" shares a record with the withdrawn xy: that alert comes back */
	assert_string_equal(l.text, "amended r3 records; raised r3 again");
	CHECK_INT(l.id[1], xy);
	f[0] = make("r", "b", 1);
	f[1] = make("r", "c", 1);
	l = update(a, f, 2);
	assert_string_equal(l.text, "amended r4 records; withdrawn r4 records; raised r1 split");
	alertbook_free(a);
}

static void order_of_findings_does_not_show(void **state)
{
	struct finding f[4] = { make("r", "a", 1), make("r", "b", 1), make("q", "a", 1),
				make("q", "cd", 1) };
	struct alertbook *a = alertbook_new(), *b = alertbook_new();
	struct finding g[4] = { f[3], f[1], f[0], f[2] };
	struct log x = update(a, f, 4), y = update(b, g, 4);

	(void)state;
	CHECK_INT(x.n, 4);
	assert_memory_equal(x.id, y.id, 4 * sizeof x.id[0]);
	alertbook_free(a);
	alertbook_free(b);
}

static void stored_alerts_go_on(void **state)
{
	struct alertbook *a = alertbook_new(), *b = alertbook_new();
	struct finding f = make("r", "ab", 100);
	struct log l = update(a, &f, 1);
	uint64_t id = l.id[0];

	(void)state;
	alertbook_load(b, &f, id, 7, true);
	l = update(b, &f, 1);
	assert_string_equal(l.text, "");
	f = make("r", "abc", 100);
	l = update(b, &f, 1);
	assert_string_equal(l.text, "amended r8 records");
	CHECK_INT(l.id[0], id);
	alertbook_free(a);
	alertbook_free(b);
}

static void other_rules_are_left_alone(void **state)
{
	struct finding f[2] = { make("q", "a", 1), make("r", "a", 1) };
	struct alertbook *a = alertbook_new();
	const struct finding *now[1] = { &f[1] };
	uint8_t only = 1u << 1;
	struct log l = { .n = 0 };

	(void)state;
	f[1].rule_index = 1;
	update(a, f, 2);
	alertbook_update(a, SUBJECT_PERSON, STR("P"), &only, now, 0, note, &l);
	assert_string_equal(l.text, "withdrawn r2 records");
	CHECK_INT(alertbook_live(a), 1);
	alertbook_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(life_of_an_alert),
		cmocka_unit_test(the_greatest_overlap_follows),
		cmocka_unit_test(order_of_findings_does_not_show),
		cmocka_unit_test(stored_alerts_go_on),
		cmocka_unit_test(other_rules_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
