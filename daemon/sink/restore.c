/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * restore.c - one read-only snapshot: numbers, intakes, records stream by stream, alerts.
 */
#include "daemon/sink/restore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/sink/pgcopy.h"
#include "daemon/sink/schema.h"
#include "daemon/sink/floor.h"
#include "daemon/sink/words.h"
#include "lib/base/civil.h"
#include "lib/base/mem.h"
#include "lib/record/decode.h"

#define MILLION 1000000u
#define KEYS_MAX 64u

struct reader {
	const struct restore_to *to;
	const struct floor_more *more; /* NULL: at start */
	struct restored *out;
	bool started;          /* the COPY header is behind us */
	/* records */
	enum stream stream;
	struct chunk *chunk;
	int64_t intake;
	/* alerts */
	const struct ruleset *rules;
	struct findings found;
	struct finding *f;     /* being put together */
	uint64_t id;
	uint32_t revision;
	bool live;
	uint32_t cap_record;
	char *line;            /* canonical, as stored */
};

/* ---- records ---- */

static void give_chunk(struct reader *r)
{
	if (r->chunk)
		r->to->chunk(r->to->ctx, chunk_ref_new(r->chunk, (uint32_t)r->intake));
	r->chunk = NULL;
}

static void set_value(struct chunk *c, enum field f, uint32_t row, struct pgrow *p)
{
	enum type type = field_get(f)->type;
	if (type == TYPE_DATE) {
		int32_t v = pgrow_date(p);
		if (v != MISSING_I32)
			chunk_set_i32(c, f, row, v);
	} else if (type == TYPE_CODE || type == TYPE_TEXT) {
		struct str s = pgrow_text(p);
		if (s.p)
			chunk_set_text(c, f, row, s);
	} else {
		int64_t v = type == TYPE_TIME ? pgrow_timestamp(p)
			  : type == TYPE_COUNT || type == TYPE_DURATION ? pgrow_bigint(p)
			  : pgrow_numeric(p, type_scale(type));
		if (v != MISSING_I64)
			chunk_set_i64(c, f, row, v);
	}
}

static struct chunk *chunk_for(struct reader *r, int64_t intake)
{
	if (r->chunk && (r->intake != intake || r->chunk->table[r->stream].n >= DECODE_CHUNK_ROWS))
		give_chunk(r);
	if (!r->chunk)
		r->chunk = chunk_new();
	r->intake = intake;
	return r->chunk;
}

static void count_record(struct reader *r)
{
	if (++r->out->records % MILLION == 0 && r->to->progress)
		r->to->progress(r->to->ctx, r->out->records);
}

static bool take_record(void *ctx, const char *p, size_t n, struct err *e)
{
	struct reader *r = ctx;
	struct pgrow row;
	struct str identity;
	enum stream s = r->stream;

	if (!pgrow_begin(&row, p, n, &r->started))
		return !row.failed ||
		       err_set(e, ERR_BUG, "a COPY row of %s is cut", stream_name(s));
	(void)pgrow_bytes(&row, &identity);
	struct chunk *c = chunk_for(r, pgrow_bigint(&row));
	uint64_t line = (uint64_t)pgrow_bigint(&row), digest = (uint64_t)pgrow_bigint(&row);
	int64_t revision = pgrow_timestamp(&row);
	uint32_t at = chunk_row(c, s);
	for (unsigned i = 0; i < stream_stored_width(s); i++)
		set_value(c, (enum field)((unsigned)stream_first(s) + i), at, &row);
	if (row.failed)
		return err_set(e, ERR_BUG, "a COPY row of %s is not what the schema says",
			       stream_name(s));
	c->table[s].src[at].line = line;
	c->table[s].src[at].digest = digest; /* of the raw row, which is not here: kept as it was */
	if (!chunk_row_done(c, s, revision, e))
		return err_wrap(e, "stored row of %s, intake %" PRId64 " line %" PRIu64,
				stream_name(s), r->intake, line);
	count_record(r);
	return !(r->to->stop && r->out->records % 65536 == 0 && r->to->stop(r->to->ctx)) ||
	       err_set(e, ERR_WORLD, "stopped while loading");
}

static bool is_whole(const struct buf *sql, const struct db *db, struct err *e)
{
	return !sql->failed ||
	       err_set(e, ERR_WORLD, "a text cannot be quoted for PostgreSQL, or there are too "
		       "many: %s", PQerrorMessage(db->conn));
}

static bool take_records(struct db *db, struct reader *r, enum stream s, struct err *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	buf_adds(&sql, "COPY (SELECT ");
	schema_columns(&sql, s);
	buf_addf(&sql, " FROM fundwatch.%s", stream_name(s));
	bool any = !r->more || floor_sql_more(&sql, db, s, r->more);
	if (!r->more)
		floor_sql_kept(&sql, s, r->to->floor);
	buf_adds(&sql, ") TO STDOUT (FORMAT binary)");
	r->stream = s;
	r->started = false;
	bool ok = !any || (is_whole(&sql, db, e) &&
			   db_copy_out(db, buf_cstr(&sql), take_record, r, e));
	buf_fini(&sql);
	if (ok)
		give_chunk(r);
	chunk_free(r->chunk);
	r->chunk = NULL;
	return ok;
}

/* ---- alerts ---- */

static const char alerts_sql[] =
	"COPY (SELECT a.alert_id, a.revision, a.state <> 'withdrawn', a.rule_id, a.rule_digest, "
	"a.trial, a.subject_kind, a.subject, a.psn_no, a.fixmedins_code, a.key_name, a.key_value, "
	"a.event_begin, a.event_end, a.observed, a.threshold, a.violation_amount, a.fund_amount, "
	"a.sentence, a.finding, a.excepted, a.except_owner, a.except_reason, a.except_cells, "
	"a.except_from, a.except_until, r.stream, r.fixmedins_code, r.mdtrt_id, r.record_id, "
	"r.record_revision, r.role, r.amount "
	"FROM fundwatch.alert a LEFT JOIN fundwatch.alert_record r USING (alert_id) "
	"ORDER BY a.alert_id, r.seq) TO STDOUT (FORMAT binary)";

static void give_alert(struct reader *r)
{
	struct buf line;
	if (!r->f)
		return;
	buf_init(&line, 0);
	finding_json(r->f, &line);
	if (strcmp(buf_cstr(&line), r->line) != 0)
		r->out->differing++;
	buf_fini(&line);
	r->to->alert(r->to->ctx, r->f, r->id, r->revision, r->live);
	r->out->alerts++;
	xfree(r->f->record);
	r->f = NULL;
	r->cap_record = 0;
	arena_reset(&r->found.arena);
}

static struct str keep(struct reader *r, struct str s)
{
	return s.p ? arena_str(&r->found.arena, s) : s;
}

static struct str *keep_texts(struct reader *r, struct pgrow *row, uint32_t *n)
{
	struct str text[KEYS_MAX];
	*n = pgrow_texts(row, text, KEYS_MAX);
	struct str *out = arena_array(&r->found.arena, *n + 1u, sizeof *out);
	for (uint32_t i = 0; i < *n; i++)
		out[i] = keep(r, text[i]);
	return out;
}

/* The alert's own columns, from rule_id on. */
static void read_alert(struct reader *r, struct pgrow *row)
{
	struct finding *f = arena_alloc(&r->found.arena, sizeof *f);
	uint32_t n_name, n_value;
	f->rule = keep(r, pgrow_text(row));
	f->digest = keep(r, pgrow_text(row));
	f->trial = pgrow_bool(row);
	int kind = word_find_subject(pgrow_text(row));
	row->failed |= kind < 0;
	f->subject_kind = (enum subject_kind)(kind < 0 ? 0 : kind);
	f->subject = keep(r, pgrow_text(row));
	f->psn_no = keep(r, pgrow_text(row));
	f->fixmedins_code = keep(r, pgrow_text(row));
	f->key_name = keep_texts(r, row, &n_name);
	f->key_value = keep_texts(r, row, &n_value);
	row->failed |= n_name != n_value;
	f->n_key = n_name;
	f->begin = pgrow_timestamp(row);
	f->end = pgrow_timestamp(row);
	f->observed = keep(r, pgrow_text(row));
	f->limit = keep(r, pgrow_text(row));
	f->amount = pgrow_numeric(row, 2);
	f->fund_amount = pgrow_numeric(row, 2);
	f->has_amount = f->amount != MISSING_I64;
	if (!f->has_amount)
		f->amount = f->fund_amount = 0;
	f->sentence = keep(r, pgrow_text(row));
	r->line = (char *)keep(r, pgrow_text(row)).p;
	f->excepted = pgrow_bool(row);
	f->except_owner = keep(r, pgrow_text(row));
	f->except_reason = keep(r, pgrow_text(row));
	f->except_cells = keep(r, pgrow_text(row));
	f->except_from = pgrow_date(row);
	f->except_until = pgrow_date(row);
	const struct rule *rule = ruleset_find(r->rules, f->rule);
	f->rule_index = rule ? (uint32_t)(rule - r->rules->rule) : UINT32_MAX;
	r->f = f;
}

/* The same columns of a further row of the same alert. */
static void skip_alert(struct pgrow *row)
{
	struct str s;
	for (unsigned i = 3; i < 26; i++)
		(void)pgrow_bytes(row, &s);
}

static void read_record(struct reader *r, struct pgrow *row)
{
	struct finding *f = r->f;
	struct str stream = pgrow_text(row);
	if (!stream.p)
		return; /* an alert without records */
	GROW(f->record, r->cap_record, f->n_record + 1);
	struct finding_record *to = &f->record[f->n_record++];
	to->stream = stream_find(stream);
	to->fixmedins_code = keep(r, pgrow_text(row));
	to->mdtrt_id = keep(r, pgrow_text(row));
	to->id = keep(r, pgrow_text(row));
	to->revision = pgrow_timestamp(row);
	int role = word_find_role(pgrow_text(row));
	row->failed |= role < 0 || to->stream == STREAM_COUNT;
	to->role = (enum hit_role)(role < 0 ? 0 : role);
	to->amount = pgrow_numeric(row, 2);
}

static bool take_alert(void *ctx, const char *p, size_t n, struct err *e)
{
	struct reader *r = ctx;
	struct pgrow row;
	if (!pgrow_begin(&row, p, n, &r->started))
		return !row.failed || err_set(e, ERR_BUG, "a COPY row of alerts is cut");
	uint64_t id = (uint64_t)pgrow_bigint(&row);
	if (r->f && r->id != id)
		give_alert(r);
	r->id = id;
	r->revision = (uint32_t)pgrow_int(&row);
	r->live = pgrow_bool(&row);
	if (r->f)
		skip_alert(&row);
	else
		read_alert(r, &row);
	read_record(r, &row);
	return !row.failed ||
	       err_set(e, ERR_BUG, "alert %" PRIu64 " is not what the schema says", id);
}

static bool take_alerts(struct db *db, struct reader *r, struct err *e)
{
	r->started = false;
	findings_init(&r->found);
	bool ok = db_copy_out(db, alerts_sql, take_alert, r, e);
	if (ok)
		give_alert(r);
	else if (r->f)
		xfree(r->f->record);
	findings_fini(&r->found);
	return ok;
}

/* ---- numbers and intakes ---- */

static bool take_chain(struct db *db, struct chain *chain, struct err *e)
{
	PGresult *r = db_query(db, "SELECT event_id, encode(hash, 'hex') "
				   "FROM fundwatch.alert_event ORDER BY event_id DESC LIMIT 1",
			       0, NULL, e);
	if (!r)
		return false;
	*chain = (struct chain){ 0 };
	if (PQntuples(r) > 0) {
		const char *hex = PQgetvalue(r, 0, 1);
		chain->last_event = atoll(PQgetvalue(r, 0, 0));
		for (int i = 0; i < CHAIN_HASH && hex[2 * i]; i++) {
			char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
			chain->hash[i] = (unsigned char)strtoul(byte, NULL, 16);
		}
	}
	PQclear(r);
	return true;
}

static enum ledger_state state_of(const char *word)
{
	return *word == 'r' ? LEDGER_READING : *word == 'd' ? LEDGER_DONE : LEDGER_FAILED;
}

static bool take_intakes(struct db *db, struct ledger *ledger, struct err *e)
{
	PGresult *r = db_query(db, "SELECT intake_id, file_name, digest, feed_digest, state, "
				   "rows_done, records, rejects FROM fundwatch.intake", 0, NULL, e);
	if (!r)
		return false;
	for (int i = 0; i < PQntuples(r); i++) {
		struct ledger_entry *at = ledger_at(ledger, str_of(PQgetvalue(r, i, 1)),
						    str_of(PQgetvalue(r, i, 2)),
						    str_of(PQgetvalue(r, i, 3)));
		at->id = atoll(PQgetvalue(r, i, 0));
		at->state = state_of(PQgetvalue(r, i, 4));
		at->rows_done = (uint64_t)atoll(PQgetvalue(r, i, 5));
		at->records = (uint64_t)atoll(PQgetvalue(r, i, 6));
		at->rejects = (uint64_t)atoll(PQgetvalue(r, i, 7));
	}
	PQclear(r);
	return true;
}

static bool take_all(struct db *db, struct ledger *ledger, struct reader *r, struct err *e)
{
	struct restored *out = r->out;
	bool done = false;
	if (!db_exec(db, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; "
			 "SET LOCAL statement_timeout = 0", e) ||
	    !db_number(db, "SELECT max(epoch) FROM fundwatch.epoch", 0, &out->last_epoch, e) ||
	    !db_number(db, "SELECT max(intake_id) FROM fundwatch.intake", 0, &out->last_intake,
		       e) ||
	    !take_chain(db, &out->chain, e) || !take_intakes(db, ledger, e))
		return false;
	if (r->to->records && !r->to->records(r->to->ctx, db, out, &done, e))
		return false;
	for (enum stream s = 0; s < STREAM_STORED && !done; s++)
		if (!take_records(db, r, s, e))
			return err_wrap(e, "loading %s", stream_name(s));
	return take_alerts(db, r, e) && db_exec(db, "COMMIT", e);
}

bool restore(struct db *db, const struct ruleset *rules, struct ledger *ledger,
	     const struct restore_to *to, struct restored *out, struct err *e)
{
	struct reader r = { .to = to, .out = out, .rules = rules };
	struct err ignored;
	*out = (struct restored){ 0 };
	db->patient = true;
	bool ok = take_all(db, ledger, &r, e);
	db->patient = false;
	if (ok)
		return true;
	if (!db_lost(db))
		(void)!db_exec(db, "ROLLBACK", &ignored);
	return false;
}

/* ---- periods, rules ---- */

bool restore_periods(struct db *db, struct complete *c, struct err *e)
{
	PGresult *r = db_query(db, "SELECT region, stream, month FROM fundwatch.period "
				   "WHERE closed", 0, NULL, e);
	int32_t day;
	if (!r)
		return false;
	for (int i = 0; i < PQntuples(r); i++)
		if (civil_parse_date(str_of(PQgetvalue(r, i, 2)), &day))
			complete_close(c, str_of(PQgetvalue(r, i, 0)),
				       stream_find(str_of(PQgetvalue(r, i, 1))), civil_month(day));
	PQclear(r);
	return true;
}

bool restore_rules(struct db *db, void (*rule)(void *ctx, struct str id, struct str digest),
		   void *ctx, struct err *e)
{
	PGresult *r = db_query(db, "SELECT rule_id, rule_digest FROM fundwatch.rule_release_rule "
				   "WHERE release = (SELECT rule_set FROM fundwatch.epoch "
				   "ORDER BY epoch DESC LIMIT 1)", 0, NULL, e);
	if (!r)
		return false;
	for (int i = 0; i < PQntuples(r); i++)
		rule(ctx, str_of(PQgetvalue(r, i, 0)), str_of(PQgetvalue(r, i, 1)));
	PQclear(r);
	return true;
}

/* ---- more ---- */

bool restore_holders(struct db *db, const struct str *visit, uint32_t n,
		     void (*holder)(void *ctx, struct str who), void *ctx, struct err *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	floor_sql_holders(&sql, db, visit, n);
	PGresult *r = is_whole(&sql, db, e) ? db_query(db, buf_cstr(&sql), 0, NULL, e) : NULL;
	buf_fini(&sql);
	for (int i = 0; r && i < PQntuples(r); i++)
		if (!PQgetisnull(r, i, 0))
			holder(ctx, str_of(PQgetvalue(r, i, 0)));
	PQclear(r);
	return r != NULL;
}

struct visits {
	void (*visit)(void *ctx, struct str visit);
	void *ctx;
	bool started;
};

static bool take_visit(void *ctx, const char *p, size_t n, struct err *e)
{
	struct visits *v = ctx;
	struct pgrow row;
	if (!pgrow_begin(&row, p, n, &v->started))
		return !row.failed || err_set(e, ERR_BUG, "a COPY row of visits is cut");
	v->visit(v->ctx, pgrow_text(&row));
	return !row.failed || err_set(e, ERR_BUG, "a COPY row of visits is not a text");
}

bool restore_left_out(struct db *db, int32_t floor, void (*visit)(void *ctx, struct str visit),
		      void *ctx, struct err *e)
{
	struct visits v = { .visit = visit, .ctx = ctx };
	struct buf sql;
	buf_init(&sql, 0);
	buf_adds(&sql, "COPY (");
	floor_sql_left_out(&sql, floor);
	buf_adds(&sql, ") TO STDOUT (FORMAT binary)");
	db->patient = true;
	bool ok = db_exec(db, "BEGIN READ ONLY; SET LOCAL statement_timeout = 0", e) &&
		  db_copy_out(db, buf_cstr(&sql), take_visit, &v, e) && db_exec(db, "COMMIT", e);
	db->patient = false;
	buf_fini(&sql);
	return ok;
}

bool restore_more(struct db *db, const struct floor_more *what, const struct restore_to *to,
		  uint64_t *records, struct err *e)
{
	struct restored out = { 0 };
	struct reader r = { .to = to, .out = &out, .more = what };
	if (!db_exec(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", e))
		return false;
	for (enum stream s = 0; s < STREAM_STORED; s++)
		if (!take_records(db, &r, s, e))
			return err_wrap(e, "reading back %s", stream_name(s));
	*records = out.records;
	return db_exec(db, "COMMIT", e);
}
