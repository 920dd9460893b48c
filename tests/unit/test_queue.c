/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_queue.c - order, bounds and closing of the queue, and that nothing is lost or
 * doubled when many threads write and read. Run under ThreadSanitizer too.
 */
#include "daemon/work/queue.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "lib/base/mem.h"

static void keeps_order(void **state)
{
	(void)state;
	struct queue *q = queue_new(sizeof(int), 3);
	bool was_empty = false;
	for (int i = 0; i < 3; i++) {
		assert_true(queue_try_put(q, &i, &was_empty));
		assert_int_equal(was_empty, i == 0);
	}
	int more = 9;
	assert_false(queue_try_put(q, &more, NULL));
	assert_int_equal(queue_length(q), 3);
	for (int i = 0; i < 3; i++) {
		int got = -1;
		assert_true(queue_get(q, &got));
		assert_int_equal(got, i);
	}
	assert_int_equal(queue_length(q), 0);
	queue_free(q);
}

static void takes_many_around_the_end(void **state)
{
	(void)state;
	struct queue *q = queue_new(sizeof(int), 4);
	int got[8], next = 0, expected = 0;
	for (int round = 0; round < 10; round++) {
		while (queue_try_put(q, &next, NULL))
			next++;
		uint32_t n = queue_take(q, got, 3);
		assert_int_equal(n, 3);
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(got[i], expected++);
	}
	assert_int_equal(queue_take(q, got, 8), 1);
	assert_int_equal(queue_take(q, got, 8), 0);
	queue_free(q);
}

static void closing_lets_readers_drain(void **state)
{
	(void)state;
	struct queue *q = queue_new(sizeof(int), 2);
	int one = 1, got = 0;
	assert_true(queue_put(q, &one, NULL));
	queue_close(q);
	queue_close(q);
	assert_false(queue_put(q, &one, NULL));
	assert_false(queue_try_put(q, &one, NULL));
	assert_true(queue_get(q, &got));
	assert_int_equal(got, 1);
	assert_false(queue_get(q, &got));
	queue_free(q);
}

static void *write_forever(void *arg)
{
	struct queue *q = arg;
	int v = 7;
	while (queue_put(q, &v, NULL))
		;
	return NULL;
}

static void closing_wakes_a_waiting_writer(void **state)
{
	(void)state;
	struct queue *q = queue_new(sizeof(int), 1);
	pthread_t t;
	int got;
	assert_int_equal(pthread_create(&t, NULL, write_forever, q), 0);
	assert_true(queue_get(q, &got));
	queue_close(q);
	assert_int_equal(pthread_join(t, NULL), 0);
	queue_free(q);
}

enum { WRITERS = 3, READERS = 2, EACH = 20000 };

struct parcel {
	uint32_t writer, number;
};
struct side {
	struct queue *q;
	uint32_t writer;
	uint8_t *seen;          /* reader: [WRITERS * EACH] */
	uint32_t last[WRITERS]; /* reader: numbers of one writer must rise */
	bool in_order;
};

static void *writer(void *arg)
{
	struct side *s = arg;
	for (uint32_t i = 1; i <= EACH; i++) {
		struct parcel p = { s->writer, i };
		if (!queue_put(s->q, &p, NULL))
			return NULL;
	}
	return NULL;
}

static void *reader(void *arg)
{
	struct side *s = arg;
	struct parcel p;
	s->in_order = true;
	while (queue_get(s->q, &p)) {
		s->seen[p.writer * EACH + p.number - 1]++;
		if (p.number <= s->last[p.writer])
			s->in_order = false;
		s->last[p.writer] = p.number;
	}
	return NULL;
}

static void nothing_lost_nothing_twice(void **state)
{
	(void)state;
	struct queue *q = queue_new(sizeof(struct parcel), 5);
	struct side w[WRITERS] = { 0 }, r[READERS] = { 0 };
	pthread_t tw[WRITERS], tr[READERS];
	for (uint32_t i = 0; i < READERS; i++) {
		r[i] = (struct side){ .q = q, .seen = xcalloc(WRITERS * EACH, 1) };
		assert_int_equal(pthread_create(&tr[i], NULL, reader, &r[i]), 0);
	}
	for (uint32_t i = 0; i < WRITERS; i++) {
		w[i] = (struct side){ .q = q, .writer = i };
		assert_int_equal(pthread_create(&tw[i], NULL, writer, &w[i]), 0);
	}
	for (uint32_t i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_join(tw[i], NULL), 0);
	queue_close(q);
	for (uint32_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(tr[i], NULL), 0);
		assert_true(r[i].in_order);
	}
	for (uint32_t i = 0; i < WRITERS * EACH; i++)
		assert_int_equal(r[0].seen[i] + r[1].seen[i], 1);
	for (uint32_t i = 0; i < READERS; i++)
		xfree(r[i].seen);
	queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_order),
		cmocka_unit_test(takes_many_around_the_end),
		cmocka_unit_test(closing_lets_readers_drain),
		cmocka_unit_test(closing_wakes_a_waiting_writer),
		cmocka_unit_test(nothing_lost_nothing_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
