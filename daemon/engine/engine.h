/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - the intake thread: files in, epochs to the sink, one job at a time.
 *
 * It owns the pool of workers, the ledger of inputs and the numbering of epochs, intakes and
 * events. At start it connects, loads what the database remembers and judges it by the rules
 * at hand; then it asks for work by MAIL_READY and gets one job for each. A file is read chunk
 * by chunk; after epoch_rows rows, and at its end, what it touched is judged and handed to
 * the sink. Files that wait may share an epoch, up to epoch_most rows (file.c); otherwise
 * boundaries depend on the file alone.
 */
#pragma once

#include "daemon/host/conf.h"
#include "daemon/journal/journal.h"
#include "daemon/work/mail.h"
#include "daemon/engine/numbers.h"
#include "daemon/engine/rules.h"

struct engine;

struct engine_conf {
	const struct conf *conf;     /* not reloadable members only; borrowed for life */
	const struct feeds *feeds;   /* borrowed for life */
	struct journal *journal;     /* borrowed for life */
	struct mailbox *mailbox;
	struct stats *stats;
	struct number_box *numbers;  /* filled after each judging; borrowed for life */
};

/* Starts the thread; `take_rules` moves in. */
struct engine *engine_new(const struct engine_conf *conf, struct rules *take_rules, struct err *e);

/* Jobs, from the main thread. The first two answer one MAIL_READY each. False when the
 * engine is stopping. */
/* Several items may share an epoch; each is answered by MAIL_ITEM. The array is copied. */
bool engine_take(struct engine *en, const struct journal_item *const *it, uint32_t n);
bool engine_drain(struct engine *en);                         /* the spool is empty: judge cells */
bool engine_rules(struct engine *en, struct rules *take_rules); /* any time: MAIL_RULES_LIVE */
/* "close|reopen REGION STREAM YYYY-MM WHO": a fit content for a journal item of PERIOD_SOURCE,
 * which is taken like a file. False with a sentence when it is not understood or periods close
 * by themselves. Any thread. */
#define PERIOD_SOURCE "period"
bool engine_period(const struct engine *en, const char *words, struct err *e) MUST_CHECK;
void engine_alarm(struct engine *en, const char *text);      /* any time: a row of alarms */

/* Whether history is being read back for a rule that looks farther, and how much is; any thread. */
bool engine_history(const struct engine *en, uint64_t *records);

/* Epochs that wait for their commit; from the main thread. */
uint32_t engine_waiting(struct engine *en);

/* Finish the epoch in hand, commit what can be committed, end: MAIL_ENGINE_GONE and
 * MAIL_SINK_GONE follow. */
void engine_stop(struct engine *en);

/* After both are gone: joins and frees. NULL is fine. */
void engine_free(struct engine *en);
