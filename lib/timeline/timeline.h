/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timeline.h - everything known about each subject of one shard, in event-time order.
 *
 * Rows arrive in any order, twice, corrected, retracted; the timeline keeps per identity
 * the greatest revision (ties: the greatest content digest) and gathers whole timelines of
 * asked subjects into a batch. What gather gives is a pure function of the set of record
 * versions ever added: reversals are paired, stays and visits derived, register values
 * joined at that moment, nothing of it is stored.
 *
 * Subjects are persons (psn_no) and, for stock rows, facilities. Registers of facility,
 * practitioner and item are kept whole in every shard; person register rows belong to
 * the person. One thread owns a timeline.
 * Knows records and batches; no rules, files or threads.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/batch/batch.h"
#include "lib/record/chunk.h"
#include "lib/record/feed.h"

struct timeline;

struct timeline_conf {
	const uint8_t *wanted;      /* bitmap over enum field: what rules read; NULL = all. What
				       identity, order, reversal and joins need is kept beside */
	bool versions;              /* batches say of each row which version it is */
	/* NULL = the national map */
	enum visit_class (*visit_class)(const void *ctx, struct str med_type);
	const void *visit_class_ctx;
};

/*
 * Fields that must be decoded so that `wanted` (NULL = all) can be gathered: what stands behind
 * derived fields, and what identity, order, revision and reversal need. Bitmaps of FIELD_BITMAP
 * bytes; `needed` is for decoder_new.
 */
void timeline_needs(const uint8_t *wanted, uint8_t *needed);

/* Sums over its life: records = live + superseded + resent + retracted + reversed. */
struct timeline_stats {
	uint64_t records[STREAM_STORED];    /* versions offered */
	uint64_t resent[STREAM_STORED];     /* same identity, same digest */
	uint64_t superseded[STREAM_STORED]; /* versions that lost to a greater revision */
	/* as the last gather of each subject had it; live is what is left of records */
	uint64_t retracted[STREAM_STORED], reversed[STREAM_STORED];
	uint64_t subjects;
	uint64_t compared;                  /* rows looked at so that shards agree */
	size_t bytes;                       /* memory in use */
};

/* What became of versions, by facility: changes since timeline_standing_clear. What is left of
 * the versions offered is live. Facility: code of fixmedins_code, 0 for streams whose identity
 * has none. Counted while rows are added, shards reconciled and subjects gathered. */
enum standing { STANDING_RESENT, STANDING_SUPERSEDED, STANDING_RETRACTED, STANDING_REVERSED,
		STANDING_COUNT };
struct standing_change {
	uint32_t facility;
	enum stream stream;
	int64_t n[STANDING_COUNT];
};

/* Live-row accounting of one gather, summed by the caller over disjoint subjects. */
struct gather_stats {
	uint64_t live[STREAM_STORED];
	uint64_t retracted[STREAM_STORED];  /* winning revision says invalid or deleted */
	uint64_t reversed[STREAM_STORED];   /* taken out by a reversal, both sides */
	uint64_t unsettled;                 /* live fee lines without settlement, scope 0 */
};

struct timeline *timeline_new(const struct timeline_conf *conf);
void timeline_free(struct timeline *t);

/* What is gathered from now on, of what is kept: a bitmap over enum field (copied), a subset of
 * the configuration's. Whoever keeps all fields for rules to come gathers what those of today
 * read. */
void timeline_read(struct timeline *t, const uint8_t *wanted);

/* Take in rows `row[0..n)` of stream `s` (row NULL: all rows of the table). Copies what it
 * needs. Marks the subjects touched as dirty: the new owner and, when a correction moved the
 * record, the old. False (ERR_LIMIT) when the shard is full; earlier rows are in.
 * `ref` is the caller's provenance for the rows (intake id), kept per version. */
bool timeline_add(struct timeline *t, const struct chunk *c, enum stream s,
		  const uint32_t *row, uint32_t n, uint32_t ref, struct err *e);

/* Dense subject numbers 0 .. timeline_subjects()-1. */
uint32_t timeline_subjects(const struct timeline *t);
enum subject_kind timeline_subject_kind(const struct timeline *t, uint32_t subject);
struct str timeline_subject_key(const struct timeline *t, uint32_t subject);
/* Subject number, UINT32_MAX when unknown. */
uint32_t timeline_subject_find(const struct timeline *t, enum subject_kind k, struct str key);

/* Subjects touched since the last timeline_clean, each once, in no order. Register rows of
 * facility, item or practitioner mark every subject. */
const uint32_t *timeline_dirty(const struct timeline *t, uint32_t *n);
void timeline_clean(struct timeline *t);

/* Put the whole timelines of `subject[0..n)` into `b` (cleared first). Only fields wanted in the
 * configuration are gathered. `gs` may be NULL. */
void timeline_gather(struct timeline *t, const uint32_t *subject, uint32_t n,
		     struct batch *b, struct gather_stats *gs);

/* What a row handle of a batch stands for. Derived rows (stay, visit) stand for their encounter,
 * else their first settlement. Valid until the next timeline_add. */
struct row_name {
	enum stream stream;
	struct str fixmedins_code, mdtrt_id, serial;  /* serial: feedetl_sn, setl_id, ... */
	int64_t revision;
	uint64_t digest;
	uint32_t ref;            /* as given to timeline_add */
	uint64_t line;
	char room[48];           /* where serial may lie: not to be copied */
};
void timeline_row_name(const struct timeline *t, enum stream s, uint32_t row, struct row_name *out);

/* Dictionary of the shard's texts; only grows. */
const struct dict *timeline_dict(const struct timeline *t);
/* Code of a text, added when new: constants of rules are coded once per shard. */
uint32_t timeline_code(struct timeline *t, struct str s);

/* Valid until the timeline is used again. Quiet: what comes is known to the books already. */
const struct standing_change *timeline_standing(const struct timeline *t, uint32_t *n);
void timeline_standing_clear(struct timeline *t);
bool timeline_standing_quiet(struct timeline *t, bool quiet); /* as it was before */

void timeline_stats_get(const struct timeline *t, struct timeline_stats *out);

/*
 * Shards. A record belongs to the shard of its subject (timeline_shard). A correction may give
 * a record to another person, in another shard: shards must agree who has the greatest revision.
 * timeline_contested lists visits seen in this shard under their hash; the owner of the shards
 * calls timeline_reconcile on all shards together before judging; afterwards only the shard with
 * the winning version of an identity shows it. No thread may touch the shards meanwhile.
 */
uint32_t timeline_shard(const struct chunk *c, enum stream s, uint32_t row, uint32_t n_shards);
/* The same for all rows of the stream's table, which has a subject: rows from run[i].first on, up
 * to where the next run begins. `run` has room for as many as there are rows; returns how many. */
struct shard_run {
	uint32_t first, shard;
};
uint32_t timeline_shards(const struct chunk *c, enum stream s, uint32_t n_shards,
			 struct shard_run *run);
/* The hash of the subject's key that the shard goes by; false: every shard has the row. */
bool timeline_subject_hash(const struct chunk *c, enum stream s, uint32_t row, uint64_t *hash);
/* Fields that name the visit a row lies in (facility: FIELD_NONE where the visit alone does);
 * false: rows of the stream lie in none. */
bool timeline_visit_fields(enum stream s, enum field *facility, enum field *visit);
static inline uint32_t timeline_shard_of(uint64_t hash, uint32_t n_shards)
{
	return (uint32_t)((hash >> 32) * n_shards >> 32);
}
void timeline_reconcile(struct timeline *const *shard, uint32_t n);
