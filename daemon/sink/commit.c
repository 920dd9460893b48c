/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/commit.h"

#include <stdio.h>
#include <string.h>

#include "daemon/host/fault.h"
#include "daemon/sink/pgcopy.h"
#include "lib/base/civil.h"

#define INSTANT(n) "'epoch'::timestamptz + " n "::bigint * interval '1 microsecond'"

#define ALERT_COLUMNS                                                                        \
	"alert_id, rule_id, rule_digest, rule_set, category, nature, severity, trial, "      \
	"subject_kind, subject, key_name, key_value, psn_no, fixmedins_code, event_begin, "  \
	"event_end, observed, threshold, violation_amount, fund_amount, n_records, sentence, " \
	"finding, state, revision, first_found_at, changed_at, withdrawn_at, excepted, "      \
	"except_owner, except_reason, except_cells, except_from, except_until"

#define RECORD_COLUMNS                                                                       \
	"alert_id, seq, stream, fixmedins_code, mdtrt_id, record_id, record_revision, role, amount"

static const char stage_sql[] =
	"CREATE TEMP TABLE IF NOT EXISTS alert_new (LIKE fundwatch.alert INCLUDING DEFAULTS) "
	"ON COMMIT DELETE ROWS; "
	"CREATE TEMP TABLE IF NOT EXISTS alert_record_new (LIKE fundwatch.alert_record) "
	"ON COMMIT DELETE ROWS";

/* A withdrawn alert keeps its last content; only its state moves. */
static const char withdraw_sql[] =
	"UPDATE fundwatch.alert a SET state = n.state, revision = n.revision, "
	"changed_at = n.changed_at, withdrawn_at = n.withdrawn_at "
	"FROM alert_new n WHERE n.alert_id = a.alert_id AND n.state = 'withdrawn'";

static const char upsert_sql[] =
	"INSERT INTO fundwatch.alert (" ALERT_COLUMNS ") "
	"SELECT " ALERT_COLUMNS " FROM alert_new WHERE state <> 'withdrawn' "
	"ON CONFLICT (alert_id) DO UPDATE SET "
	"rule_digest = excluded.rule_digest, rule_set = excluded.rule_set, "
	"category = excluded.category, nature = excluded.nature, severity = excluded.severity, "
	"trial = excluded.trial, subject_kind = excluded.subject_kind, subject = excluded.subject, "
	"key_name = excluded.key_name, key_value = excluded.key_value, psn_no = excluded.psn_no, "
	"fixmedins_code = excluded.fixmedins_code, event_begin = excluded.event_begin, "
	"event_end = excluded.event_end, observed = excluded.observed, "
	"threshold = excluded.threshold, violation_amount = excluded.violation_amount, "
	"fund_amount = excluded.fund_amount, n_records = excluded.n_records, "
	"sentence = excluded.sentence, finding = excluded.finding, state = excluded.state, "
	"revision = excluded.revision, closed = false, "
	"changed_at = excluded.changed_at, withdrawn_at = NULL, "
	"excepted = excluded.excepted, except_owner = excluded.except_owner, "
	"except_reason = excluded.except_reason, except_cells = excluded.except_cells, "
	"except_from = excluded.except_from, except_until = excluded.except_until";

static const char records_sql[] =
	"DELETE FROM fundwatch.alert_record r USING alert_new n "
	"WHERE r.alert_id = n.alert_id AND n.state <> 'withdrawn'; "
	"INSERT INTO fundwatch.alert_record (" RECORD_COLUMNS ") "
	"SELECT " RECORD_COLUMNS " FROM alert_record_new r WHERE EXISTS "
	"(SELECT FROM alert_new n WHERE n.alert_id = r.alert_id AND n.state <> 'withdrawn')";

/* What a person decided on is never silently changed. */
static const char recheck_sql[] =
	"SELECT fundwatch.alert_recheck(array_agg(n.alert_id)) FROM alert_new n "
	"JOIN fundwatch.alert a USING (alert_id) WHERE a.handled IS NOT NULL HAVING count(*) > 0";

/* Room for any number as text. */
struct number {
	char text[24];
};

static const char *number(struct number *n, int64_t v)
{
	(void)snprintf(n->text, sizeof n->text, "%lld", (long long)v);
	return n->text;
}

static bool already_there(struct db *db, const struct epoch *ep, bool *there, struct err *e)
{
	struct number n;
	const char *const value[] = { number(&n, ep->number) };
	PGresult *r = db_query(db, "SELECT FROM fundwatch.epoch WHERE epoch = $1", 1, value, e);
	if (!r)
		return false;
	*there = PQntuples(r) > 0;
	PQclear(r);
	return true;
}

static bool write_intake(struct db *db, const struct epoch *ep, const struct intake_row *in,
			 struct err *e)
{
	struct number id, bytes, rows, records, rejects, at;
	const char *const value[] = {
		number(&id, in->id), in->file_name, in->digest,
		number(&bytes, (int64_t)in->bytes), in->feed, in->feed_digest,
		intake_state_word(in->state), number(&rows, (int64_t)in->rows_done),
		number(&records, (int64_t)in->records), number(&rejects, (int64_t)in->rejects),
		in->reason, in->report, number(&at, ep->at), in->source ? in->source : "spool",
		in->key ? in->key : "", in->scope ? in->scope : "", in->source ? "kept" : "none",
	};
	return db_execp(db,
		"INSERT INTO fundwatch.intake (intake_id, source, file_name, digest, bytes, feed, "
		"feed_digest, state, rows_done, records, rejects, reason, report, begun_at, "
		"changed_at, sender_key, scope, archive) VALUES ($1, $14, $2, $3, $4, $5, $6, $7, "
		"$8, $9, $10, $11, $12, " INSTANT("$13") ", " INSTANT("$13") ", $15, $16, $17) "
		"ON CONFLICT (intake_id) DO UPDATE SET "
		"state = excluded.state, rows_done = excluded.rows_done, "
		"records = excluded.records, rejects = excluded.rejects, "
		"reason = excluded.reason, report = excluded.report, "
		"changed_at = excluded.changed_at", 17, value, e);
}

static bool write_intakes(struct db *db, const struct epoch *ep, struct err *e)
{
	for (uint32_t i = 0; i < ep->n_intake; i++)
		if (!write_intake(db, ep, &ep->intake[i], e))
			return false;
	return true;
}

static bool write_epoch(struct db *db, const struct epoch *ep, struct err *e)
{
	struct number n, intake, from, to, records, rejects, raised, amended, withdrawn, at;
	struct buf kept;
	buf_init(&kept, 0);
	if (ep->kept_from != MISSING_I32)
		civil_add_date(&kept, ep->kept_from);
	const char *const value[] = {
		number(&n, ep->number), epoch_kind_word(ep->kind),
		ep->n_intake == 1 ? number(&intake, ep->intake->id) : NULL,
		number(&from, (int64_t)ep->rows_from), number(&to, (int64_t)ep->rows_to),
		number(&records, (int64_t)ep->records), number(&rejects, (int64_t)ep->rejects),
		number(&raised, (int64_t)ep->raised), number(&amended, (int64_t)ep->amended),
		number(&withdrawn, (int64_t)ep->withdrawn), ep->rule_set, number(&at, ep->at),
		ep->kept_from != MISSING_I32 ? buf_cstr(&kept) : NULL,
	};
	bool ok = db_execp(db,
		"INSERT INTO fundwatch.epoch (epoch, kind, intake_id, rows_from, rows_to, records, "
		"rejects, raised, amended, withdrawn, rule_set, committed_at, kept_from) VALUES "
		"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, " INSTANT("$12") ", $13)", 13,
		value, e);
	buf_fini(&kept);
	return ok;
}

/* One row a stream. */
static bool write_period(struct db *db, const struct epoch *ep, struct err *e)
{
	struct number n, at;
	struct buf month;
	bool ok = true;
	if (!ep->period)
		return true;
	buf_init(&month, 0);
	civil_add_date(&month, civil_month_start(ep->period->month));
	for (unsigned s = 0; s < STREAM_STORED && ok; s++) {
		const char *const value[] = {
			number(&n, ep->number), ep->period->close ? "close" : "reopen",
			ep->period->region, stream_name((enum stream)s), buf_cstr(&month),
			number(&at, ep->at), ep->period->who,
		};
		if (ep->period->streams >> s & 1)
			ok = db_execp(db, "INSERT INTO fundwatch.period_event (epoch, kind, "
				      "region, stream, month, at, who) VALUES ($1, $2, $3, $4, "
				      "$5, " INSTANT("$6") ", $7)", 7, value, e);
	}
	buf_fini(&month);
	return ok;
}

static bool copy_buffer(struct db *db, const char *sql, const struct buf *rows, struct err *e)
{
	struct buf end;
	buf_init(&end, 0);
	pgcopy_end(&end);
	bool ok = db_copy_in(db, sql, e) && db_copy_put(db, rows, e) && db_copy_put(db, &end, e) &&
		  db_copy_done(db, e);
	buf_fini(&end);
	return ok;
}

static bool write_late(struct db *db, const struct epoch *ep, struct err *e)
{
	return ep->n_late == 0 ||
	       copy_buffer(db, "COPY fundwatch.late (epoch, intake_id, line, stream, psn_no, "
			   "fixmedins_code, mdtrt_id, event_time, floor) FROM STDIN "
			   "(FORMAT binary)", &ep->late, e);
}

/* An alert that changes again is no more closed: see upsert_sql. */
static bool write_closed(struct db *db, const struct epoch *ep, struct err *e)
{
	struct buf ids;
	if (!ep->closes)
		return true;
	buf_init(&ids, 0);
	buf_addc(&ids, '{');
	for (uint32_t i = 0; i < ep->n_closed; i++)
		buf_addf(&ids, "%s%lld", i ? "," : "", (long long)ep->closed[i]);
	buf_addc(&ids, '}');
	const char *const value[] = { buf_cstr(&ids) };
	bool ok = db_execp(db, "UPDATE fundwatch.alert SET closed = alert_id = ANY ($1::bigint[]) "
			   "WHERE closed <> (alert_id = ANY ($1::bigint[]))", 1, value, e);
	buf_fini(&ids);
	return ok;
}

/* `rows` as a JSON array, the last of the values; nothing when there are none. */
static bool write_json(struct db *db, const char *sql, const char *const first[2],
		       const struct buf *rows, struct err *e)
{
	struct buf b;
	if (rows->n == 0)
		return true;
	buf_init(&b, 0);
	buf_addf(&b, "[" STR_FMT "]", STR_ARG(buf_str(rows)));
	const char *const value[] = { first[0], first[1], buf_cstr(&b) };
	bool ok = db_execp(db, sql, 3, value, e);
	buf_fini(&b);
	return ok;
}

static bool write_account(struct db *db, const struct epoch *ep, struct err *e)
{
	struct number at, n;
	const char *const day[] = { number(&at, ep->at), ep->n_intake ? ep->intake->feed : "" };
	const char *const epoch[] = { number(&n, ep->number), at.text };
	return write_json(db, "SELECT fundwatch.account_add(" INSTANT("$1") ", $2, $3)", day,
			  &ep->account, e) &&
	       write_json(db, "SELECT fundwatch.account_rules_add($1, " INSTANT("$2") ", $3)",
			  epoch, &ep->account_rules, e) &&
	       (!ep->fold_rules || db_exec(db, "SELECT fundwatch.account_rules_fold()", e));
}

static bool has_changes(const struct epoch *ep)
{
	return ep->raised + ep->amended + ep->withdrawn + ep->silent > 0;
}

static bool write_alerts(struct db *db, struct commit_state *cs, const struct epoch *ep,
			 struct err *e)
{
	struct number n;
	if (!has_changes(ep))
		return true;
	const char *const epoch[] = { number(&n, ep->number) };
	if (!cs->staged && !db_exec(db, stage_sql, e))
		return false;
	fault(sink_alerts);
	return copy_buffer(db, "COPY alert_new (" ALERT_COLUMNS ") FROM STDIN (FORMAT binary)",
			   &ep->alert, e) &&
	       copy_buffer(db, "COPY alert_record_new (" RECORD_COLUMNS
			       ") FROM STDIN (FORMAT binary)", &ep->alert_record, e) &&
	       db_exec(db, withdraw_sql, e) && db_exec(db, upsert_sql, e) &&
	       db_exec(db, records_sql, e) &&
	       copy_buffer(db, "COPY fundwatch.alert_event (event_id, alert_id, revision, kind, "
			       "epoch, at, who, why, rule_set, amount_from, amount_to, finding, "
			       "hash, other) FROM STDIN (FORMAT binary)", &ep->event, e) &&
	       (!ep->linked || db_execp(db, "SELECT fundwatch.alert_follow($1)", 1, epoch, e)) &&
	       db_exec(db, recheck_sql, e);
}

static bool write_all(struct db *db, struct commit_state *cs, const struct epoch *ep,
		      struct err *e)
{
	return (!ep->release || release_write(ep->release, db, ep->at, e)) &&
	       write_intakes(db, ep, e) && rows_write(db, ep, e) && rejects_write(db, ep, e) &&
	       write_epoch(db, ep, e) && write_period(db, ep, e) &&
	       write_late(db, ep, e) && write_account(db, ep, e) && write_closed(db, ep, e) &&
	       write_alerts(db, cs, ep, e);
}

static bool write_alarm(struct db *db, const struct epoch *ep, struct err *e)
{
	struct number at;
	const char *const value[] = { number(&at, ep->at), ep->alarm, ep->rule_set };
	return db_execp(db,
		"INSERT INTO fundwatch.alarm (at, kind, text, rule_set) VALUES ("
		INSTANT("$1") ", 'reload', $2, $3)", 3, value, e);
}

bool commit_epoch(struct db *db, struct commit_state *cs, const struct epoch *ep, struct err *e)
{
	struct err ignored;
	bool there;
	fault(sink_begin);
	if (ep->alarm)
		return write_alarm(db, ep, e);
	if (!rows_prepare(db, &cs->months, ep, e) || !db_exec(db, "BEGIN", e))
		return false;
	if (!already_there(db, ep, &there, e) || (!there && !write_all(db, cs, ep, e)))
		goto fail;
	fault(sink_commit);
	if (!db_exec(db, "COMMIT", e))
		goto fail;
	cs->staged = cs->staged || (!there && has_changes(ep));
	fault(sink_committed);
	return true;
fail:
	if (!db_lost(db))
		(void)!db_exec(db, "ROLLBACK", &ignored);
	return false;
}
