/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.c - items one after the other: known or new, then chunk by chunk into epochs.
 *
 * Small bodies that were given together share epochs: what is left in hand at the end of one goes
 * on with the next. So do files that wait: every epoch is a transaction and gathers the whole
 * timelines of its persons, so an epoch aims at half as many rows as the last one gathered, up to
 * engine.epoch_most. The last file that waits closes it.
 */
#include "daemon/engine/state.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/host/clock.h"
#include "daemon/host/fault.h"
#include "daemon/host/log.h"
#include "daemon/source/report.h"
#include "daemon/work/intake.h"
#include "lib/base/mem.h"

#define ROW_BYTES 256u /* of a row in an epoch, about */
#define WORTH_IT 2000u /* rows that cost what a transaction costs */

/* An item being read. */
struct reading {
	struct engine *en;
	const struct journal_item *item;
	const struct named_feed *feed; /* it is read with; NULL: which is not clear */
	struct ledger_entry entry;   /* as it stands after the last epoch; id is set */
	uint64_t skip;               /* rows that were committed before a restart */
	uint64_t seen;               /* rows read now */
	struct epoch *ep;            /* being filled, or NULL; earlier items may be in it */
	uint64_t records, rejects;   /* of these in ep */
	struct intake *in;
	int64_t begun;
};

static double seconds_since(int64_t begun)
{
	return (double)(clock_steady() - begun) / 1e6;
}

/* An item that makes no intake: told at once. */
static void turn_away(struct engine *en, const struct journal_item *it, const struct report *r)
{
	struct buf text;
	buf_init(&text, 0);
	report_json(r, &text);
	journal_done(en->conf.journal, it);
	mail_post(en->conf.mailbox, &(struct mail){ .kind = MAIL_ITEM, .item = it,
		  .good = r->good, .text = xstrdup(buf_cstr(&text)) });
	buf_fini(&text);
}

static const char *unknown_column(const void *in, unsigned i)
{
	return intake_unknown_column(in, i);
}

static char *make_report(const struct reading *rd, const char *reason)
{
	struct buf text;
	struct report r = {
		.file = rd->item->in.name, .feed = feed_name(rd->feed->feed),
		.intake = rd->entry.id,
		.good = !reason, .reason = reason, .bytes = rd->item->bytes,
		.rows = rd->seen, .records = rd->entry.records, .rejects = rd->entry.rejects,
		.resumed_after = rd->skip, .seconds = seconds_since(rd->begun),
		.stats = intake_stats(rd->in), .tally = intake_tally(rd->in),
		.unknown_column = unknown_column, .unknown_ctx = rd->in,
	};
	buf_init(&text, 0);
	report_json(&r, &text);
	return buf_take(&text, NULL);
}

static void fill_intake(const struct reading *rd, struct intake_row *row, enum intake_state state,
			const char *reason)
{
	*row = (struct intake_row){
		.id = rd->entry.id, .file_name = xstrdup(rd->item->in.name),
		.feed = xstrdup(feed_name(rd->feed->feed)),
		.source = xstrdup(rd->item->in.source), .key = xstrdup(rd->item->in.key),
		.scope = xstrdup(rd->item->in.scope),
		.bytes = rd->item->bytes, .rows_done = rd->entry.rows_done,
		.records = rd->entry.records, .rejects = rd->entry.rejects, .state = state,
		.reason = reason ? xstrdup(reason) : NULL, .tag = rd->item,
	};
	memcpy(row->digest, rd->item->digest, DIGEST_HEX);
	memcpy(row->feed_digest, rd->feed->digest, DIGEST_HEX);
	if (state != INTAKE_READING)
		row->report = make_report(rd, reason);
}

static struct epoch *epoch_in_hand(struct reading *rd)
{
	if (!rd->ep) {
		rd->ep = engine_epoch(rd->en, EPOCH_INTAKE);
		rd->ep->rows_from = rd->entry.rows_done;
		rd->records = rd->rejects = 0;
	}
	return rd->ep;
}

/* Rows an epoch may have; about a quarter of a bound on memory. */
static uint64_t most_rows(const struct engine *en)
{
	const struct conf *c = en->conf.conf;
	uint64_t most = (uint64_t)c->engine_epoch_most, least = (uint64_t)c->engine_epoch_rows;
	uint64_t room = ((uint64_t)c->memory_limit << 20) / (4 * ROW_BYTES);
	if (c->memory_limit && room < most)
		most = room;
	return most > least ? most : least;
}

/* The next epoch's size, by what was gathered for this one. */
static void aim(struct engine *en, uint64_t gathered)
{
	uint64_t most = most_rows(en), rows = gathered / 2 < most ? gathered / 2 : most;
	en->epoch_rows = rows > WORTH_IT ? rows : WORTH_IT;
}

static bool judge_in_hand(struct engine *en, struct epoch **take_ep, struct err *e)
{
	struct epoch *ep = *take_ep;
	*take_ep = NULL;
	if (!ep)
		return true;
	if (!engine_late_settle(en, e)) {
		engine_late_end(en);
		epoch_free(ep);
		return false;
	}
	en->conf.stats->late += ep->n_late;
	uint64_t before = pool_gathered(en->pool);
	if (!engine_judge(en, ep, POOL_DIRTY, false, e))
		return false;
	uint64_t after = pool_gathered(en->pool);
	aim(en, after > before ? after - before : 0);
	return true;
}

/* The item's row into the epoch in hand: it has all rows up to here. */
static void enter_intake(struct reading *rd, enum intake_state state, const char *reason)
{
	struct engine *en = rd->en;
	struct epoch *ep = epoch_in_hand(rd);
	struct intake_row *row = epoch_add_intake(ep);
	struct ledger_entry *at = ledger_at(en->ledger, str_of(rd->item->in.name),
					    str_of(rd->item->digest),
					    str_of(rd->feed->digest));
	if (rd->seen > rd->entry.rows_done)
		rd->entry.rows_done = rd->seen;
	rd->entry.records += ep->records - rd->records;
	rd->entry.rejects += ep->rejects - rd->rejects;
	rd->entry.state = state == INTAKE_READING ? LEDGER_READING
			: state == INTAKE_DONE ? LEDGER_DONE : LEDGER_FAILED;
	*at = rd->entry;
	if (ep->n_intake > 1)
		ep->rows_from = 0;
	ep->rows_to = ep->n_intake > 1 ? ep->rows : rd->entry.rows_done;
	fill_intake(rd, row, state, reason);
	en->drained = false;
}

/* Chunks that were committed before a restart are read past; their rows are in the timelines
 * already. Chunks end at the same rows every time, so none is cut by the position; should it
 * happen (another version's chunks), the whole chunk is taken and sends some rows again. */
static bool take_chunk(struct reading *rd, struct chunk_ref *chunk, struct err *e)
{
	const struct chunk *c = chunk_ref_chunk(chunk);
	struct stats *st = rd->en->conf.stats;
	rd->seen += c->rows;
	if (rd->seen <= rd->skip) {
		chunk_ref_put(chunk);
		return true;
	}
	struct epoch *ep = epoch_in_hand(rd);
	uint64_t records = ep->records, rejects = ep->rejects;
	epoch_add_chunk(ep, chunk_ref_get(chunk));
	ep->rows += c->rows;
	engine_note_days(rd->en, c);
	st->rows += c->rows;
	st->records += ep->records - records;
	st->rejects += ep->rejects - rejects;
	return engine_take_in(rd->en, ep, chunk, e);
}

static void finish(struct reading *rd, const char *broken)
{
	char digest[DIGEST_HEX];
	intake_digest(rd->in, digest);
	if (!broken && strcmp(digest, rd->item->digest) != 0)
		broken = "the archive's file is not what came: its bytes have another digest";
	enter_intake(rd, broken ? INTAKE_FAILED : INTAKE_DONE, broken);
}

/* Whether the epoch in hand is full; it is closed only when more comes, so that a file's end
 * does not make an empty one. */
static bool full(const struct engine *en, const struct epoch *ep)
{
	uint64_t rows = (uint64_t)en->conf.conf->engine_epoch_rows;
	if (engine_late_waits(en)) /* it could not be judged now */
		rows = most_rows(en);
	return ep && ep->rows >= (en->epoch_rows > rows ? en->epoch_rows : rows);
}

static bool close_full(struct reading *rd, struct err *e)
{
	enter_intake(rd, INTAKE_READING, NULL);
	return judge_in_hand(rd->en, &rd->ep, e) && engine_pending(rd->en, e);
}

/* No fault of the input's: what was acknowledged is not given up for it. */
static bool is_ours(const struct err *why)
{
	return why->code == ERR_WORLD || why->code == ERR_LIMIT;
}

/* Rows of an epoch that was not closed are in the timelines already: only a new start knows
 * what was taken. */
static bool cannot_read(const struct reading *rd, const struct err *why, struct err *e)
{
	return err_set(e, ERR_WORLD, "`%s`, the archive's file %s: %s; the next start reads it "
		       "again", rd->item->in.name, rd->item->digest, why->text);
}

/* Reads on to the end, or to the first boundary after a stop was asked for. */
static bool read_on(struct reading *rd, struct err *e)
{
	struct engine *en = rd->en;
	struct chunk_ref *chunk;
	struct err broken;
	for (;;) {
		fault(spool_read);
		bool whole = intake_next(rd->in, &chunk, &broken);
		if (!whole && is_ours(&broken))
			return cannot_read(rd, &broken, e);
		if (!whole || !chunk) {
			finish(rd, whole ? NULL : broken.text);
			return true;
		}
		if (full(en, rd->ep) && !close_full(rd, e)) {
			chunk_ref_put(chunk);
			return false;
		}
		if (en->stopping && !rd->ep) {
			chunk_ref_put(chunk);
			return true;
		}
		if (!take_chunk(rd, chunk, e))
			return false;
	}
}

/* Known inputs are continued or only told about; unknown ones get the next number. */
static bool open_reading(struct reading *rd, struct err *why)
{
	struct engine *en = rd->en;
	rd->feed = feeds_of_item(en->conf.feeds, rd->item->in.feed, rd->item->in.name, why);
	if (!rd->feed)
		return false;
	rd->entry = *ledger_at(en->ledger, str_of(rd->item->in.name), str_of(rd->item->digest),
			       str_of(rd->feed->digest));
	if (rd->entry.state == LEDGER_DONE || rd->entry.state == LEDGER_FAILED)
		return true;
	rd->skip = rd->entry.rows_done;
	if (rd->entry.id == 0)
		rd->entry.id = en->last_intake + 1;
	int fd = journal_item_fd(en->conf.journal, rd->item, why);
	if (fd < 0)
		return false;
	rd->in = intake_take_fd(fd, rd->item->in.name, rd->feed->feed, NULL,
				(uint32_t)rd->entry.id, why);
	if (rd->in)
		intake_keep_digest(rd->in);
	if (rd->in && rd->entry.id > en->last_intake)
		en->last_intake = rd->entry.id;
	return rd->in != NULL;
}

static void tell_known(const struct reading *rd)
{
	struct report r = {
		.file = rd->item->in.name, .feed = feed_name(rd->feed->feed),
		.good = rd->entry.state == LEDGER_DONE, .already = true, .intake = rd->entry.id,
		.bytes = rd->item->bytes, .rows = rd->entry.rows_done,
		.records = rd->entry.records, .rejects = rd->entry.rejects,
	};
	turn_away(rd->en, rd->item, &r);
}

static void tell_refused(const struct reading *rd, const char *why)
{
	struct report r = {
		.file = rd->item->in.name, .feed = rd->item->in.feed, .reason = why,
		.bytes = rd->item->bytes,
	};
	turn_away(rd->en, rd->item, &r);
}

/* As open_reading; what this machine lacks now, it may have in a moment. */
static bool open_patiently(struct reading *rd, struct err *why)
{
	int64_t pause = 1, most = rd->en->conf.conf->database_retry_max;
	bool told = false;
	while (!open_reading(rd, why)) {
		if (!is_ours(why))
			return false;
		if (!told)
			log_error("journal", "`%s` cannot be read: %s; trying again",
				  rd->item->in.name, why->text);
		told = true;
		if (wait_or_stop(rd->en->stop_fd, pause))
			return false;
		pause = pause * 2 < most ? pause * 2 : most;
	}
	return true;
}

/* One item into the epoch in hand. */
static bool read_item(struct engine *en, const struct journal_item *it, struct epoch **ep,
		      struct err *e)
{
	struct reading rd = { .en = en, .item = it, .begun = clock_steady() };
	struct err why;
	if (engine_is_period(it)) /* an epoch of its own, behind what came before it */
		return judge_in_hand(en, ep, e) && engine_period_item(en, it, e);
	if (!open_patiently(&rd, &why)) {
		if (is_ours(&why)) /* stopped: it waits in the journal */
			return err_set(e, ERR_WORLD, "%s", why.text);
		tell_refused(&rd, why.text);
		return true;
	}
	if (!rd.in) {
		tell_known(&rd);
		return true;
	}
	if (rd.skip)
		log_notice("spool", "`%s`: going on after row %" PRIu64 ", as intake %" PRId64,
			   it->in.name, rd.skip, rd.entry.id);
	rd.ep = *ep;
	rd.records = *ep ? (*ep)->records : 0;
	rd.rejects = *ep ? (*ep)->rejects : 0;
	bool ok = read_on(&rd, e);
	*ep = rd.ep;
	intake_close(rd.in);
	return ok;
}

/* Whether the end of a file, with others behind it, is the end of its epoch. */
static bool ends_epoch(const struct engine *en, const struct journal_item *it,
		       const struct epoch *ep)
{
	const struct conf *c = en->conf.conf;
	bool shares = c->engine_epoch_most > c->engine_epoch_rows;
	return ep && strcmp(it->in.source, "spool") == 0 &&
	       (!shares || (ep->rows >= en->epoch_rows && !engine_late_waits(en)));
}

bool engine_items(struct engine *en, const struct journal_item *const *it, uint32_t n,
		  struct err *e)
{
	struct epoch *ep = NULL;
	bool ok = true;
	for (uint32_t i = 0; i < n && ok && (i == 0 || !en->stopping); i++) {
		ok = read_item(en, it[i], &ep, e);
		if (ok && (full(en, ep) || ends_epoch(en, it[i], ep)))
			ok = judge_in_hand(en, &ep, e) && engine_pending(en, e);
	}
	if (ok)
		return judge_in_hand(en, &ep, e);
	engine_late_end(en);
	epoch_free(ep);
	return false;
}

/* Known by the feed it came with; whoever changed the feed does not want all of it again. */
static bool has(struct engine *en, const struct journal_item *it)
{
	const struct ledger_entry *at = ledger_at(en->ledger, str_of(it->in.name),
						  str_of(it->digest), str_of(it->in.feed_digest));
	return at->state == LEDGER_DONE || at->state == LEDGER_FAILED;
}

bool engine_recheck(struct engine *en, struct err *e)
{
	struct journal_item *it;
	bool ok = true;
	struct err why;
	while (ok && !en->stopping && (it = journal_recheck(en->conf.journal))) {
		const struct named_feed *nf = feeds_of_item(en->conf.feeds, it->in.feed,
							    it->in.name, &why);
		if (has(en, it) || (!engine_is_period(it) &&
				    (!nf || !feed_takes(nf->feed, it->in.name)))) {
			journal_item_free(it);
			continue;
		}
		log_warn("journal", "`%s` (item %" PRIu64 ") was committed, but the database does "
			 "not have it any more: read again", it->in.name, it->number);
		GROW(en->again, en->cap_again, en->n_again + 1);
		en->again[en->n_again++] = it;
		journal_again(en->conf.journal, it);
		ok = engine_items(en, (const struct journal_item *const *)&it, 1, e);
	}
	return ok;
}
