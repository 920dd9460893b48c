/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_crew.c - jobs are taken once, steps are made in the order of tickets, and who waits goes
 * home when the crew is closed. Run under ThreadSanitizer too.
 */
#include "daemon/work/crew.h"

#include <pthread.h>

#include "tests/check.h"

#define STEPS 3u
#define THREADS 4u
#define STRETCHES 500u
#define THINGS 200u

struct work {
	struct crew *crew;
	uint64_t next[STEPS]; /* without a lock: a step has one thread at a time */
	uint64_t taken;
	uint64_t place; /* of the next stretch */
	unsigned things;
};

static void make_steps(struct work *w, const struct job *job, uint64_t ticket)
{
	for (uint32_t s = 0; s < STEPS; s++) {
		CHECK(crew_wait(w->crew, s, ticket) && crew_turn(w->crew, s, ticket));
		CHECK_INT(w->next[s]++, ticket);
		if (s == 0 && job->size) {
			CHECK_INT(job->at, w->place);
			w->place += job->size;
		}
		if (s == 0 && !job->size)
			w->things++;
		crew_pass(w->crew, s, ticket);
	}
}

static void *help(void *work)
{
	struct work *w = work;
	struct job job;
	uint64_t ticket;
	while (crew_take(w->crew, true, &job, &ticket)) {
		if (job.size && job.at / job.size >= STRETCHES)
			crew_exhausted(w->crew, job.ctx);
		make_steps(w, &job, ticket);
	}
	return NULL;
}

static void *offer(void *work)
{
	struct work *w = work;
	for (unsigned i = 0; i < THINGS; i++) {
		const struct job thing = { .thing = w },
				 many = { .ctx = &w->taken, .size = 7, .taken = &w->taken };
		CHECK(crew_offer(w->crew, i == 50 ? &many : &thing));
	}
	crew_offered(w->crew);
	return NULL;
}

static void steps_are_made_in_order(void **state)
{
	(void)state;
	struct work w = { .crew = crew_new(STEPS, 5) };
	pthread_t t[THREADS + 1];
	crew_offering(w.crew, 1);
	for (unsigned i = 0; i <= THREADS; i++)
		CHECK_INT(pthread_create(&t[i], NULL, i ? help : offer, &w), 0);
	for (unsigned i = 0; i <= THREADS; i++)
		CHECK_INT(pthread_join(t[i], NULL), 0);
	CHECK_INT(w.things, THINGS - 1);
	CHECK(w.taken > STRETCHES && w.taken <= STRETCHES + THREADS);
	CHECK_INT(w.place, w.taken * 7);
	CHECK_INT(w.next[STEPS - 1], w.taken + THINGS - 1);
	crew_free(w.crew);
}

static void *wait_in_vain(void *work)
{
	struct work *w = work;
	CHECK(!crew_wait(w->crew, 0, w->taken));
	return NULL;
}

static void a_closed_crew_lets_everybody_go(void **state)
{
	(void)state;
	struct work w = { .crew = crew_new(1, 2) };
	struct job job = { .thing = &w };
	pthread_t t;
	uint64_t ticket;
	crew_offering(w.crew, 1);
	CHECK(!crew_take(w.crew, false, &job, &ticket));
	CHECK(crew_offer(w.crew, &job) && crew_offer(w.crew, &job));
	CHECK(crew_turn(w.crew, 0, crew_ticket(w.crew)));
	w.taken = crew_ticket(w.crew);
	CHECK(!crew_turn(w.crew, 0, w.taken));
	CHECK_INT(pthread_create(&t, NULL, wait_in_vain, &w), 0);
	crew_close(w.crew);
	CHECK_INT(pthread_join(t, NULL), 0);
	CHECK(!crew_offer(w.crew, &job) && !crew_take(w.crew, true, &job, &ticket));
	CHECK(crew_left(w.crew, &job) && crew_left(w.crew, &job) && !crew_left(w.crew, &job));
	crew_free(w.crew);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_made_in_order),
		cmocka_unit_test(a_closed_crew_lets_everybody_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
