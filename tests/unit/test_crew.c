/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_crew.c - every part is taken once, a flow is read by one thread at a time and a little
 * ahead, steps are made in the order of tickets, and who waits goes home when the crew is closed.
 * Run under ThreadSanitizer too.
 */
#include "daemon/work/crew.h"

#include <pthread.h>
#include <sched.h>

#include "tests/check.h"

#define STEPS 3u
#define THREADS 5u
#define THINGS 40u
#define MOST 3u
#define STRETCHES 100u
#define PARTS 60u
#define HELD_MAX 3u

/* Every third thing is nothing, every third a flow, every third has stretches. */
struct thing {
	uint64_t taken, place;
	unsigned parts;      /* of a flow; without a lock: one thread has it at a time */
	unsigned next_part;  /* to be made good */
	unsigned part[PARTS];
};

struct work {
	struct crew *crew;
	struct thing thing[THINGS];
	uint64_t next[STEPS]; /* without a lock: a step has one thread at a time */
};

struct held {
	struct turn turn;
	struct thing *thing;
	uint64_t at;   /* of a stretch, or the flow's part */
	bool stretch, last;
};

static void begin(struct work *w, const struct job *job)
{
	struct thing *t = &w->thing[job->at];
	struct job flow = { .kind = JOB_FLOW, .ctx = t, .taken = &t->taken, .waits = job->at % 2 },
		   many = { .kind = JOB_STRETCH, .ctx = t, .taken = &t->taken, .size = 7 };
	crew_offer(w->crew, job->at % 3 == 0 ? NULL : job->at % 3 == 1 ? &flow : &many);
}

static struct held take(struct work *w, const struct job *job, uint64_t ticket)
{
	struct thing *t = job->ctx;
	struct held h = { .turn.ticket = ticket, .thing = t, .at = job->at,
			  .stretch = job->kind == JOB_STRETCH };
	h.last = h.stretch ? h.at / 7 >= STRETCHES : job->last;
	if (h.stretch && h.last)
		crew_exhausted(w->crew, t);
	if (!h.stretch)
		h.at = *(unsigned *)job->part;
	CHECK(h.stretch || h.last == (h.at == PARTS - 1));
	return h;
}

static void read_on(struct work *w, struct thing *t)
{
	unsigned *part = &t->part[t->parts];
	*part = t->parts++;
	crew_read(w->crew, t, part, t->parts < PARTS);
}

static void make_step(struct work *w, struct held *h)
{
	CHECK_INT(w->next[h->turn.step], h->turn.ticket);
	w->next[h->turn.step]++;
	if (h->turn.step == 0 && h->stretch) {
		CHECK_INT(h->at, h->thing->place);
		h->thing->place += 7;
	} else if (h->turn.step == 0) {
		CHECK_INT(h->at, h->thing->next_part);
		h->thing->next_part++;
	}
	crew_pass(w->crew, h->turn.step++, h->turn.ticket);
}

static void *help(void *work)
{
	struct work *w = work;
	struct held held[HELD_MAX];
	const void *like = NULL;
	uint32_t n = 0;
	for (;;) {
		struct job job;
		uint64_t ticket = 0;
		enum crew_next next = crew_next(w->crew, n ? &held[0].turn : NULL, n == HELD_MAX,
						like, &job, &ticket);
		if (next == CREW_END)
			break;
		if (next == CREW_STEP) {
			make_step(w, &held[0]);
			if (held[0].turn.step == STEPS)
				memmove(held, held + 1, --n * sizeof held[0]);
		} else if (job.kind == JOB_BEGIN) {
			CHECK(n == 0);
			begin(w, &job);
		} else if (job.kind == JOB_FLOW) {
			CHECK(!job.waits || n == 0);
			read_on(w, job.ctx);
			like = job.ctx;
		} else {
			CHECK(n < HELD_MAX);
			held[n++] = take(w, &job, ticket);
			like = held[n - 1].thing;
		}
	}
	CHECK_INT(n, 0);
	return NULL;
}

static void everything_is_taken_once_and_in_order(void **state)
{
	(void)state;
	struct work w = { .crew = crew_new(STEPS, THINGS, MOST) };
	pthread_t t[THREADS];
	uint64_t parts = 0;
	for (unsigned i = 0; i < THREADS; i++)
		CHECK_INT(pthread_create(&t[i], NULL, help, &w), 0);
	for (unsigned i = 0; i < THREADS; i++)
		CHECK_INT(pthread_join(t[i], NULL), 0);
	for (unsigned i = 0; i < THINGS; i++) {
		const struct thing *g = &w.thing[i];
		parts += g->taken;
		if (i % 3 == 0)
			CHECK_INT(g->taken, 0);
		else if (i % 3 == 1)
			CHECK(g->taken == PARTS && g->next_part == PARTS);
		else
			CHECK(g->taken > STRETCHES && g->place == g->taken * 7);
	}
	CHECK_INT(w.next[0], parts);
	CHECK_INT(w.next[STEPS - 1], parts);
	crew_free(w.crew);
}

static void who_holds_a_ticket_neither_begins_nor_waits(void **state)
{
	(void)state;
	struct crew *c = crew_new(1, 2, 2);
	uint64_t taken[2] = { 0 }, ticket;
	struct job job;
	CHECK_INT(crew_next(c, NULL, false, NULL, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_BEGIN && job.at == 0);
	crew_offer(c, &(struct job){ .kind = JOB_FLOW, .ctx = c, .taken = taken, .waits = true });
	const struct turn turn = { .ticket = crew_ticket(c) };
	CHECK_INT(crew_next(c, &turn, false, NULL, &job, &ticket), CREW_STEP);
	crew_pass(c, 0, turn.ticket);
	CHECK_INT(crew_next(c, NULL, false, NULL, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_FLOW && taken[0] == 1);
	crew_exhausted(c, c); /* while it is being read */
	CHECK_INT(crew_next(c, NULL, false, NULL, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_BEGIN && job.at == 1);
	crew_offer(c, NULL);
	crew_read(c, c, taken, true);
	CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_READY && job.part == taken && !job.last && ticket == 1);
	CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_END);
	CHECK_INT(taken[0], 1);
	crew_free(c);
}

static void a_flow_is_read_two_parts_ahead(void **state)
{
	(void)state;
	struct crew *c = crew_new(1, 1, 2);
	uint64_t taken = 0, ticket;
	int part[3];
	struct job job;
	const struct turn later = { .ticket = 7 };
	CHECK_INT(crew_next(c, NULL, false, NULL, &job, &ticket), CREW_JOB);
	crew_offer(c, &(struct job){ .kind = JOB_FLOW, .ctx = c, .taken = &taken });
	for (int i = 0; i < 2; i++) {
		CHECK_INT(crew_next(c, &later, true, c, &job, &ticket), CREW_JOB);
		CHECK(job.kind == JOB_FLOW);
		crew_read(c, c, &part[i], true);
	}
	CHECK_INT(crew_next(c, &later, false, c, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_READY && job.part == &part[0] && ticket == 0);
	CHECK_INT(crew_next(c, &later, false, c, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_FLOW);
	crew_read(c, c, &part[2], false);
	CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_READY && job.part == &part[1] && !job.last);
	CHECK(crew_left(c) == &part[2]);
	CHECK_INT(taken, 3);
	crew_free(c);
}

static void who_waits_for_a_flow_takes_what_is_ready_first(void **state)
{
	(void)state;
	struct crew *c = crew_new(1, 1, 2);
	uint64_t taken = 0, ticket;
	struct job job;
	CHECK_INT(crew_next(c, NULL, false, NULL, &job, &ticket), CREW_JOB);
	crew_offer(c, &(struct job){ .kind = JOB_FLOW, .ctx = c, .taken = &taken, .waits = true });
	CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_JOB);
	crew_read(c, c, &taken, true);
	CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_READY && !job.last);
	CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_FLOW);
	crew_read(c, c, &taken, false);
	CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_READY && job.last);
	CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_END);
	CHECK(!crew_left(c));
	crew_free(c);
}

static void *wait_to_read(void *crew)
{
	const struct turn never = { .ticket = 7 };
	struct job job;
	uint64_t ticket;
	CHECK_INT(crew_next(crew, &never, true, NULL, &job, &ticket), CREW_JOB);
	CHECK(job.kind == JOB_FLOW);
	return NULL;
}

/* With as many parts ready as may be, nobody reads on; who waits for that is told when one goes.
 * In most rounds the other thread waits by then; without being told it would for ever. */
static void a_part_that_goes_makes_room(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct crew *c = crew_new(1, 1, 2);
		uint64_t taken = 0, ticket;
		int part[2];
		struct job job;
		pthread_t t;
		CHECK_INT(crew_next(c, NULL, false, NULL, &job, &ticket), CREW_JOB);
		crew_offer(c, &(struct job){ .kind = JOB_FLOW, .ctx = c, .taken = &taken });
		for (int i = 0; i < 2; i++) {
			CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_JOB);
			CHECK(job.kind == JOB_FLOW);
			crew_read(c, c, &part[i], true);
		}
		CHECK_INT(pthread_create(&t, NULL, wait_to_read, c), 0);
		for (int i = 0; i < round; i++)
			sched_yield();
		CHECK_INT(crew_next(c, NULL, false, c, &job, &ticket), CREW_JOB);
		CHECK(job.kind == JOB_READY);
		CHECK_INT(pthread_join(t, NULL), 0);
		CHECK(crew_left(c) == &part[1]);
		crew_free(c);
	}
}

static void *wait_in_vain(void *crew)
{
	const struct turn never = { .ticket = 7 };
	struct job job;
	uint64_t ticket;
	CHECK_INT(crew_next(crew, &never, true, NULL, &job, &ticket), CREW_END);
	return NULL;
}

static void a_closed_crew_lets_everybody_go(void **state)
{
	(void)state;
	struct crew *c = crew_new(1, 2, 1);
	pthread_t t;
	struct job job;
	uint64_t ticket;
	CHECK_INT(pthread_create(&t, NULL, wait_in_vain, c), 0);
	crew_close(c);
	CHECK_INT(pthread_join(t, NULL), 0);
	CHECK_INT(crew_next(c, NULL, false, NULL, &job, &ticket), CREW_END);
	crew_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_taken_once_and_in_order),
		cmocka_unit_test(who_holds_a_ticket_neither_begins_nor_waits),
		cmocka_unit_test(a_flow_is_read_two_parts_ahead),
		cmocka_unit_test(who_waits_for_a_flow_takes_what_is_ready_first),
		cmocka_unit_test(a_part_that_goes_makes_room),
		cmocka_unit_test(a_closed_crew_lets_everybody_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
