/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state.h - the engine from inside: for the files of this folder only. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/engine/engine.h"
#include "daemon/sink/restore.h"
#include "daemon/sink/sink.h"
#include "daemon/source/ledger.h"
#include "daemon/store/segments.h"
#include "daemon/work/pool.h"
#include "daemon/work/queue.h"
#include "lib/base/map.h"

struct engine {
	struct engine_conf conf;
	struct queue *inbox;
	pthread_t thread;
	_Atomic bool stopping;
	int stop_fd;                 /* eventfd: wakes waits for the database */
	_Atomic(struct sink *) sink;
	_Atomic bool reading_history;        /* for who asks how it stands */
	_Atomic uint64_t history_records;

	/* the thread's own */
	struct rules *rules;
	struct pool *pool;
	struct ledger *ledger;
	struct journal_item **again; /* items read again, until the end */
	uint32_t n_again, cap_again;
	struct chain chain;
	int64_t last_epoch, last_intake;
	uint64_t epoch_rows;         /* an epoch aims at so many, by what the last one cost */
	bool drained;                /* cells are judged and nothing came since */
	struct segments *segments;   /* the sink's preparer writes it, once that runs */
	struct complete *over;       /* months closed by hand; NULL: a drained spool closes all */
	struct complete *fresh;      /* those closed in the judging in hand, or NULL */
	/* horizon.c; days, MISSING_I32: none */
	int32_t floor, newest, purged;
	int32_t sure;                /* on and after it rules see all they look back for: late.c */
	int32_t oldest, seen;        /* days of what came since `newest` was found: advance.c */
	bool lowered;                /* being lowered: told when it is */
	struct late *late;           /* late.c: looks at chunks with late records; NULL: none yet */
	struct history *history;     /* being read back, or NULL */
	struct map64 brought;        /* hashes of subjects that are all there, whatever the floor */
	struct map64 looked_at;      /* hashes of visits below it with all their persons there */
	struct left_out *left_out;   /* leftout.c; NULL: no visit is */
	int64_t *closed;             /* alerts closed at start, for the first epoch */
	uint32_t n_closed, cap_closed;
	bool told_closed;
	bool told_asleep;
	/* acted.c */
	struct db acted_db;          /* opened when first needed; it keeps the bounds it is given */
	struct db_wait acted_wait;
	struct map64 acted;          /* ids of alerts people have acted on */
	bool acted_asked;            /* in the judging in hand */
	/* account.c */
	bool counting;               /* false: what is in memory is in the books already */
	struct opening *opening;     /* ... but for what came before them, or NULL */
	struct account *told;        /* of each rule, as the books have it; NULL: nothing yet */
	int64_t folded_at;           /* by the steady clock */
	struct map64 judged;         /* hash of (rule, digest) all closed months are judged by */
};

enum job_kind { JOB_ITEMS, JOB_DRAIN, JOB_RULES, JOB_ALARM, JOB_HISTORY };

struct job {
	enum job_kind kind;
	const struct journal_item **item; /* owned */
	uint32_t n_item;
	struct rules *rules;
	char *alarm;
};

/* Microseconds UTC now. */
int64_t engine_now(void);

/* start.c: database, memory, pool, sink, first judging. */
bool engine_start(struct engine *en, struct err *e) MUST_CHECK;
/* The folder of segments, and of files without a name; the caller frees it. */
char *engine_segments_path(const struct conf *c);
/* What a restart now would have in memory, and no more; all must be judged behind it. */
bool engine_remember_anew(struct engine *en, struct err *e) MUST_CHECK;

/* file.c: items from the first byte to their last epoch, or to a stop. Several share epochs. */
bool engine_items(struct engine *en, const struct journal_item *const *it, uint32_t n,
		  struct err *e) MUST_CHECK;

/* Inputs the journal had let go of, but the database does not have any more: read again. */
bool engine_recheck(struct engine *en, struct err *e) MUST_CHECK;

/* engine.c: an epoch with the next number; judge into it and hand it to the sink. */
struct epoch *engine_epoch(struct engine *en, enum epoch_kind kind);
bool engine_judge_all(struct engine *en, struct err *e) MUST_CHECK; /* by the rules in force */
bool engine_judge(struct engine *en, struct epoch *take_epoch, enum pool_what what, bool cells,
		  struct err *e) MUST_CHECK;

/* engine.c: swap rules when a job asks for it; called between epochs. */
bool engine_swap(struct engine *en, struct rules *take_rules, struct err *e) MUST_CHECK;
bool engine_pending(struct engine *en, struct err *e) MUST_CHECK;

/* load.c: records, alerts and numbers as they were. */
bool engine_load(struct engine *en, struct db *db, struct err *e) MUST_CHECK;

/* period.c: months closed by hand. */
bool engine_closes_by_hand(const struct engine *en);
bool engine_load_periods(struct engine *en, struct db *db, struct err *e) MUST_CHECK;
bool engine_frozen_cell(void *ctx, const struct finding *f);
bool engine_frozen_absence(const struct engine *en, const struct finding *f);
void engine_note_rules(struct engine *en); /* cells were judged by the rules in force */
bool engine_is_period(const struct journal_item *it);
bool engine_period_item(struct engine *en, const struct journal_item *it,
			struct err *e) MUST_CHECK;

/* acted.c: whether people have acted on an alert (handled_fn). */
bool engine_acted(void *ctx, uint64_t id);

/* account.c: what the epoch, judged, adds to the books; and: the rules count from zero now. */
void engine_account(struct engine *en, struct epoch *ep);
void engine_account_rules(struct engine *en);
/* Before records are loaded: whether the books lack some; then each chunk; dropped when entered. */
bool engine_opening(struct engine *en, struct db *db, struct err *e) MUST_CHECK;
void engine_opening_count(struct engine *en, const struct chunk *c);
void engine_opening_drop(struct engine *en);

/* late.c: a chunk of the epoch in hand into the pool; whom its records are too old for comes back
 * first, and it waits meanwhile. Before the epoch is judged all is settled. */
bool engine_take_in(struct engine *en, struct epoch *ep, struct chunk_ref *take_chunk,
		    struct err *e) MUST_CHECK;
bool engine_late_waits(const struct engine *en);
bool engine_late_settle(struct engine *en, struct err *e) MUST_CHECK;
void engine_late_end(struct engine *en); /* the thread is gone; what waited, too */

/* horizon.c: what is kept of the past. */
bool engine_read_purged(struct engine *en, struct db *db, struct err *e) MUST_CHECK;
uint64_t engine_who_hash(enum subject_kind kind, struct str key);
bool engine_find_floor(struct engine *en, struct db *db, struct err *e) MUST_CHECK;
int32_t engine_floor_at(const struct engine *en, int32_t newest); /* by the rules in force */
bool engine_closed(void *ctx, const struct finding *f);      /* by the horizon */
bool engine_closed_person(void *ctx, const struct finding *f); /* frozen_fn of persons' rules */
bool engine_closed_cell(void *ctx, const struct finding *f); /* frozen_fn of cells' rules */
void engine_note_closed(struct engine *en, uint64_t id, const struct finding *f);
/* A rule looks below the floor: begins to read back what it needs. Behind each change of the rules
 * or of the floor. */
bool engine_lower_floor(struct engine *en, struct err *e) MUST_CHECK;

/* leftout.c: a set of visits by their hashes; it can be asked once it is ended. */
struct left_out *left_out_new(void);
void left_out_add(struct left_out *l, uint64_t visit);
void left_out_end(struct left_out *l);

/* The visits that the floor leaves out, asked of the database unless loading has found them; and
 * whether a visit was one of them then. Any thread may ask while nobody reads them. */
bool engine_left_out_read(struct engine *en, struct db *db, struct err *e) MUST_CHECK;
bool engine_left_out(const struct engine *en, uint64_t visit);
void engine_left_out_drop(struct engine *en);

/* sieve.c: what the floor keeps of stored records: all chunks are noted first, then each is rid of
 * the rows that are not; returns how many stay. Freeing gives the visits left out, the caller's
 * from then on. */
struct sieve *engine_sieve_new(int32_t floor);
void engine_sieve_note(struct sieve *k, const struct chunk *c);
uint64_t engine_sieve_filter(struct sieve *k, struct chunk *c);
struct left_out *engine_sieve_free(struct sieve *k);

/* advance.c: days that go by while the daemon runs. */
void engine_note_days(struct engine *en, const struct chunk *c); /* of a chunk taken in */
bool engine_horizon_moves(const struct engine *en); /* whether it is time; told in the log */
bool engine_advance(struct engine *en, struct err *e) MUST_CHECK; /* all that came is judged */

/* history.c: the past from the database, at once or by a thread. */
/* However long the database takes to be there; `again` forgets what a try has given. Any thread. */
bool engine_read_back(struct engine *en, const struct floor_more *what,
		      const struct restore_to *to, void (*again)(void *ctx), uint64_t *records,
		      struct err *e) MUST_CHECK;
bool engine_history_begin(struct engine *en, int32_t lower, struct err *e) MUST_CHECK;
bool engine_history_done(struct engine *en, struct err *e) MUST_CHECK; /* all is there, or not */
void engine_history_drop(struct engine *en); /* waits for the thread's end */
