/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/source/ledger.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

static void the_same_three_are_one_input(void **state)
{
	struct ledger *l = ledger_new();
	(void)state;
	struct ledger_entry *a = ledger_at(l, STR("a.csv"), STR("d1"), STR("f1"));
	assert_int_equal(a->state, LEDGER_NEW);
	assert_int_equal(a->id, 0);
	a->id = 7;
	a->state = LEDGER_DONE;
	assert_int_equal(ledger_at(l, STR("b.csv"), STR("d1"), STR("f1"))->id, 0);
	assert_int_equal(ledger_at(l, STR("a.csv"), STR("d2"), STR("f1"))->id, 0);
	assert_int_equal(ledger_at(l, STR("a.csv"), STR("d1"), STR("f2"))->id, 0);
	assert_int_equal(ledger_at(l, STR("a.csv"), STR("d1"), STR("f1"))->id, 7);
	assert_int_equal(ledger_at(l, STR("a.csv"), STR("d1"), STR("f1"))->state, LEDGER_DONE);
	ledger_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_same_three_are_one_input) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
