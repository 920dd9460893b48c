/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * epoch.h - what one commit holds: rows of one intake, and what judging them changed.
 *
 * The intake thread fills an epoch and hands it to the sink; from then on it is the sink's.
 * Alert changes are turned into COPY rows as they are told, since their texts do not
 * outlive the telling. Events are chained: each carries the hash of itself and the one
 * before, so that the history cannot be changed unseen.
 * Knows chunks, changes and the tables' columns; no connection, no thread.
 */
#pragma once

#include "daemon/sink/release.h"
#include "daemon/work/chunkref.h"
#include "lib/base/buf.h"
#include "lib/base/digest.h"
#include "lib/finding/diff.h"
#include "lib/rule/ruleset.h"

#define CHAIN_HASH 32

enum epoch_kind { EPOCH_INTAKE, EPOCH_DRAIN, EPOCH_RULES, EPOCH_PERIOD };

/* A month closed or opened again by hand. */
struct period_event {
	bool close;
	char region[9];                /* as complete_region writes it; "" is all */
	uint32_t streams;              /* bit by enum stream */
	int32_t month;                 /* as civil_month counts */
	char who[65];
};

enum intake_state { INTAKE_READING, INTAKE_DONE, INTAKE_FAILED };

/* The intake's row as it stands after the epoch. */
struct intake_row {
	int64_t id;
	char *file_name;               /* owned */
	char digest[DIGEST_HEX], feed_digest[DIGEST_HEX];
	char *feed;                    /* owned */
	char *source, *key, *scope;    /* owned; as the journal has them. NULL: "spool", "", "" */
	uint64_t bytes, rows_done, records, rejects;
	enum intake_state state;
	char *reason, *report;         /* owned, or NULL */
	const void *tag;               /* the caller's, for the news of its commit */
};

/* Where the chain of events stands. Owned by the intake thread. */
struct chain {
	int64_t last_event;            /* 0: none yet */
	unsigned char hash[CHAIN_HASH];
};

struct epoch {
	int64_t number;
	enum epoch_kind kind;
	struct intake_row *intake;     /* several when small inputs share it; owned */
	uint32_t n_intake, cap_intake;
	uint64_t rows_from, rows_to;   /* input rows of the intake; of several: 0 and their sum */
	uint64_t rows;                 /* taken into it */
	uint64_t records, rejects;
	struct chunk_ref **chunk;      /* one reference each */
	uint32_t n_chunk, cap_chunk;
	struct buf alert, alert_record, event; /* COPY streams, without their trailers */
	uint64_t raised, amended, withdrawn; /* of alerts that are reported */
	bool linked;                   /* alerts were merged or split */
	uint64_t silent;               /* changes of findings that are excepted, before and now */
	struct period_event *period;   /* of EPOCH_PERIOD; owned */
	char rule_set[DIGEST_HEX];
	struct buf late;               /* COPY stream of fundwatch.late, or empty */
	uint64_t n_late;
	bool closes;                   /* these alerts are closed from now on, and no others */
	int64_t *closed;               /* owned */
	uint32_t n_closed;
	int32_t kept_from;             /* the floor in force, or MISSING_I32 */
	struct release *release;       /* to be written with it, or NULL; owned */
	struct buf account, account_rules; /* for fundwatch.account_add, _rules_add, in JSON */
	bool fold_rules;               /* add up what epochs have told of rules */
	int64_t at;                    /* microseconds UTC */
	char *alarm;                   /* only this is written, as an alarm; owned, or NULL */
};

struct epoch *epoch_new(int64_t number, enum epoch_kind kind, const char *rule_set, int64_t at);
void epoch_free(struct epoch *ep); /* NULL is fine */

/* These alerts and no others are closed (copied). */
void epoch_close_alerts(struct epoch *ep, const int64_t *id, uint32_t n);

/* One more intake with rows in it: an empty row to be filled, valid until the next call. */
struct intake_row *epoch_add_intake(struct epoch *ep);

/* Takes over one reference. */
void epoch_add_chunk(struct epoch *ep, struct chunk_ref *take_chunk);

/* Rules and chain that changes are told with; the ctx of epoch_change. */
struct epoch_teller {
	struct epoch *ep;
	struct chain *chain;
	const struct ruleset *rules;
};
void epoch_change(void *teller, const struct change *c);

/* Words of the tables, the same as in JSON and rule files' English form. */
const char *epoch_kind_word(enum epoch_kind k);
const char *intake_state_word(enum intake_state s);
