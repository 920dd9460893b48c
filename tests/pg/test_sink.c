/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_sink.c - epochs in, all of it back; whole or not at all; also when the server dies.
 */
#include "daemon/sink/commit.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/host/log.h"
#include "daemon/sink/migrate.h"
#include "daemon/sink/restore.h"
#include "daemon/sink/sink.h"
#include "daemon/work/queue.h"
#include "lib/base/mem.h"
#include "tests/pg/pg.h"

#define RULE_SET "0123456789abcdef0123456789abcdef"
#define AT INT64_C(1774000000123456)

static char conninfo[512];
static struct db db;
static const struct ruleset no_rules;

static int fresh(void **state)
{
	struct err e;
	(void)state;
	(void)log_set_level("error");
	pg_create("sink", conninfo, sizeof conninfo);
	return db_open(&db, conninfo, NULL, &e) && db_migrate(&db, NULL, &e) ? 0 : -1;
}

static int gone(void **state)
{
	(void)state;
	db_close(&db);
	pg_drop();
	return 0;
}

/* ---- invented records ---- */

/* A value for a field, different for each row; row 2 leaves optional fields missing. */
static void fill(struct chunk *c, enum field f, uint32_t at, uint32_t n)
{
	char text[64];
	const struct field_info *i = field_get(f);
	bool plain = i->req == REQ_OPTIONAL && i->role == ROLE_VALUE;
	if (n == 2 && plain)
		return;
	switch (i->type) {
	case TYPE_CODE:
	case TYPE_TEXT:
		(void)snprintf(text, sizeof text, n ? "%s值%u" : "%s \"x\"\t\\N,%u", i->name, n);
		chunk_set_text(c, f, at, str_of(n == 1 && plain ? "" : text));
		break;
	case TYPE_DATE:
		chunk_set_i32(c, f, at, n ? 20513 : -40000);
		break;
	case TYPE_TIME:
		chunk_set_i64(c, f, at,
			      INT64_C(1772323200) + (int64_t)n * 86400 * 40 + (int64_t)i->index);
		break;
	default:
		chunk_set_i64(c, f, at, n ? INT64_C(-123456789012) : INT64_C(9000000000000001));
	}
}

static struct chunk_ref *make_chunk(uint32_t intake, uint64_t first_line)
{
	struct chunk *c = chunk_new();
	struct err e;
	for (enum stream s = 0; s < STREAM_STORED; s++) {
		for (uint32_t n = 0; n < 3; n++) {
			uint32_t at = chunk_row(c, s);
			for (unsigned k = 0; k < stream_stored_width(s); k++)
				fill(c, (enum field)((unsigned)stream_first(s) + k), at, n);
			if (!chunk_row_done(c, s, n == 2 ? MISSING_I64 : 1772323200, &e))
				fail_msg("%s", e.text);
			c->table[s].src[at].line = first_line + c->rows++;
		}
	}
	struct reject j = { .line = 99, .column = 3, .stream = STREAM_FEE, .reason = "bad-number",
			    .field = STR("cnt"), .sentence = STR("不是数"), .raw = STR("a,b\xff\0c") };
	chunk_reject(c, &j);
	return chunk_ref_new(c, intake);
}

static struct epoch *make_epoch(int64_t number, int64_t intake)
{
	struct epoch *ep = epoch_new(number, EPOCH_INTAKE, RULE_SET, AT);
	epoch_add_chunk(ep, make_chunk((uint32_t)intake, 2));
	ep->rows_to = 30;
	struct intake_row *row = epoch_add_intake(ep);
	*row = (struct intake_row){ .id = intake, .file_name = xstrdup("a.csv"),
		.feed = xstrdup("default"), .bytes = 5, .rows_done = 30, .records = 30,
		.rejects = 1, .state = INTAKE_DONE, .report = xstrdup("{\"x\": 1}") };
	(void)snprintf(row->digest, DIGEST_HEX, "d%lld", (long long)intake);
	(void)snprintf(row->feed_digest, DIGEST_HEX, "f");
	return ep;
}

/* ---- invented findings ---- */

static struct finding_record two_records[] = {
	{ STREAM_FEE, STR("H1"), STR("M1"), STR("F1"), 1772323200, HIT_AGAINST, 0 },
	{ STREAM_SETTLEMENT, STR("H2"), STR("M2"), STR(""), MISSING_I64, HIT_EXCESS, 12345 },
};
static struct str key_names[] = { STR("psn_no"), STR("day") };
static struct str key_values[] = { STR("P1"), STR("甲\"\\,{}") };

static struct finding make_finding(int64_t amount)
{
	return (struct finding){
		.rule = STR("dup.same_day"), .digest = STR("00ff"), .subject_kind = SUBJECT_PERSON,
		.subject = STR("P1"), .n_key = 2, .key_name = key_names, .key_value = key_values,
		.begin = 1772323200, .end = 1772323260, .observed = STR("3"), .limit = STR("1"),
		.has_amount = true, .amount = amount, .fund_amount = 45, .n_record = 2,
		.record = two_records, .sentence = STR("说明"), .psn_no = STR("P1"),
		.fixmedins_code = STR("H2"),
	};
}

static void tell(struct epoch *ep, struct chain *chain, enum change_kind kind, uint64_t id,
		 uint32_t revision, const struct finding *before, const struct finding *now)
{
	struct epoch_teller t = { ep, chain, &no_rules };
	struct change c = { .kind = kind, .id = id, .revision = revision, .before = before,
			    .now = now, .why = "records" };
	epoch_change(&t, &c);
}

static void commit(struct epoch *ep)
{
	struct commit_state cs = { .staged = false };
	struct err e;
	if (!commit_epoch(&db, &cs, ep, &e))
		fail_msg("%s", e.text);
}

/* ---- what came back ---- */

struct back {
	struct chunk_ref *chunk[STREAM_STORED * 4];
	uint32_t n_chunk, n_alert;
	char line[4][2048];
	uint64_t id[4];
	uint32_t revision[4];
	bool live[4];
};

static void take_chunk(void *ctx, struct chunk_ref *chunk)
{
	struct back *b = ctx;
	b->chunk[b->n_chunk++] = chunk;
}

static void take_alert(void *ctx, const struct finding *f, uint64_t id, uint32_t revision,
		       bool live)
{
	struct back *b = ctx;
	struct buf line;
	buf_init(&line, 0);
	finding_json(f, &line);
	(void)snprintf(b->line[b->n_alert], sizeof b->line[0], "%s", buf_cstr(&line));
	buf_fini(&line);
	b->id[b->n_alert] = id;
	b->revision[b->n_alert] = revision;
	b->live[b->n_alert++] = live;
}

static void bring_back(struct back *b, struct restored *got)
{
	const struct restore_to to = { .chunk = take_chunk, .alert = take_alert, .ctx = b };
	struct ledger *ledger = ledger_new();
	struct err e;
	*b = (struct back){ .n_chunk = 0 };
	if (!restore(&db, &no_rules, ledger, &to, got, &e))
		fail_msg("%s", e.text);
	assert_int_equal(got->differing, 0);
	ledger_free(ledger);
}

static void drop_back(struct back *b)
{
	for (uint32_t i = 0; i < b->n_chunk; i++)
		chunk_ref_put(b->chunk[i]);
}

static void same_row(const struct chunk *a, const struct chunk *b, enum stream s, uint32_t row)
{
	const struct source *x = &a->table[s].src[row], *y = &b->table[s].src[row];
	assert_int_equal(x->line, y->line);
	assert_int_equal(x->digest, y->digest);
	assert_int_equal(x->revision, y->revision);
	for (unsigned k = 0; k < stream_stored_width(s); k++) {
		enum field f = (enum field)((unsigned)stream_first(s) + k);
		enum width w = type_width(field_get(f)->type);
		bool same = w == WIDTH_I64 ? chunk_i64(a, f, row) == chunk_i64(b, f, row)
			  : w == WIDTH_I32 ? chunk_i32(a, f, row) == chunk_i32(b, f, row)
			  : str_eq(chunk_text(a, f, row), chunk_text(b, f, row)) &&
			    !chunk_code(a, f, row) == !chunk_code(b, f, row);
		if (!same)
			fail_msg("%s.%s, row %u", stream_name(s), field_get(f)->name, row);
	}
}

static void every_type_comes_back(void **state)
{
	struct epoch *ep = make_epoch(1, 7);
	struct restored got;
	struct back b;
	(void)state;
	commit(ep);
	bring_back(&b, &got);
	assert_int_equal(got.records, 3 * STREAM_STORED);
	assert_int_equal(got.last_epoch, 1);
	assert_int_equal(got.last_intake, 7);
	assert_int_equal(b.n_chunk, STREAM_STORED);
	for (enum stream s = 0; s < STREAM_STORED; s++) {
		assert_int_equal(chunk_ref_intake(b.chunk[s]), 7);
		for (uint32_t row = 0; row < 3; row++)
			same_row(chunk_ref_chunk(ep->chunk[0]), chunk_ref_chunk(b.chunk[s]), s,
				 row);
	}
	assert_string_equal(pg_ask(&db, "SELECT raw FROM fundwatch.reject"), "a,b\uFFFD\uFFFDc");
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM fundwatch.fee_other"), "0");
	drop_back(&b);
	epoch_free(ep);
}

static void alerts_live_through_changes(void **state)
{
	struct finding first = make_finding(12345), second = make_finding(20000);
	struct chain chain = { 0 };
	struct restored got;
	struct back b;
	struct epoch *one = make_epoch(1, 1), *two = epoch_new(2, EPOCH_DRAIN, RULE_SET, AT + 1);
	(void)state;
	tell(one, &chain, CHANGE_RAISED, 11, 1, NULL, &first);
	tell(one, &chain, CHANGE_RAISED, 12, 1, NULL, &first);
	tell(two, &chain, CHANGE_AMENDED, 11, 2, &first, &second);
	tell(two, &chain, CHANGE_WITHDRAWN, 12, 2, &first, NULL);
	commit(one);
	commit(two);
	bring_back(&b, &got);
	assert_int_equal(b.n_alert, 2);
	assert_int_equal(b.id[0], 11);
	assert_int_equal(b.revision[0], 2);
	assert_true(b.live[0]);
	assert_non_null(strstr(b.line[0], "\"200.00\""));
	assert_int_equal(b.id[1], 12);
	assert_false(b.live[1]);
	assert_non_null(strstr(b.line[1], "\"123.45\""));
	assert_int_equal(got.chain.last_event, 4);
	assert_memory_equal(got.chain.hash, chain.hash, CHAIN_HASH);
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM fundwatch.alert_event_broken"), "0");
	assert_string_equal(pg_ask(&db, "SELECT string_agg(kind || revision, ',' "
					"ORDER BY event_id) FROM fundwatch.alert_event"),
			    "raised1,raised1,amended2,withdrawn2");
	(void)pg_ask(&db, "UPDATE fundwatch.alert_event SET why = 'x' WHERE event_id = 2");
	assert_string_equal(pg_ask(&db, "SELECT event_id FROM fundwatch.alert_event_broken"), "2");
	drop_back(&b);
	epoch_free(one);
	epoch_free(two);
}

static void a_record_bears_once_over_all_alerts(void **state)
{
	struct finding f = make_finding(12345);
	struct chain chain = { 0 };
	struct epoch *ep = make_epoch(1, 1);
	(void)state;
	tell(ep, &chain, CHANGE_RAISED, 12, 1, NULL, &f);
	tell(ep, &chain, CHANGE_RAISED, 11, 1, NULL, &f);
	f.trial = true;
	tell(ep, &chain, CHANGE_RAISED, 10, 1, NULL, &f);
	commit(ep);
	assert_string_equal(pg_ask(&db, "SELECT string_agg(alert_id || '=' || bearing_amount, ' ' "
					"ORDER BY alert_id) FROM fundwatch.alert_bearing"),
			    "11=123.45 12=0");
	assert_string_equal(pg_ask(&db, "SELECT violation_amount || ' ' || bearing_amount "
					"FROM fundwatch.rule_total"),
			    "246.90 123.45");
	assert_string_equal(pg_ask(&db, "SELECT alert_id FROM fundwatch.alert_trial"), "10");
	epoch_free(ep);
}

/* Excepted and reported again: the same alert, the ledger in between. */
static void the_ledger_keeps_what_is_excepted(void **state)
{
	struct finding f = make_finding(12345), x = make_finding(12345);
	struct chain chain = { 0 };
	struct epoch *one = make_epoch(1, 1), *two = make_epoch(2, 2), *three = make_epoch(3, 3);
	const char *ledger = "SELECT concat_ws('|', owner, reason, cells, valid_from, valid_until, "
			     "violation_amount, first_excepted_at IS NOT NULL) "
			     "FROM fundwatch.exception_ledger";
	(void)state;
	x.excepted = true;
	x.except_owner = STR("王科长");
	x.except_reason = STR("设备故障");
	x.except_cells = STR("H1,A1");
	x.except_from = MISSING_I32;
	x.except_until = 20513;
	tell(one, &chain, CHANGE_RAISED, 11, 1, NULL, &f);
	commit(one);
	assert_int_equal(one->raised, 1);
	tell(two, &chain, CHANGE_AMENDED, 11, 2, &f, &x);
	commit(two);
	assert_int_equal(two->withdrawn, 1);
	assert_int_equal(two->silent, 0);
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM fundwatch.alert_live"), "0");
	assert_non_null(strstr(pg_ask(&db, ledger), "王科长|设备故障|H1,A1|2026-03-01|123.45"));
	tell(three, &chain, CHANGE_AMENDED, 11, 3, &x, &f);
	commit(three);
	assert_int_equal(three->raised, 1);
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM fundwatch.alert_live"), "1");
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM fundwatch.exception_ledger"), "0");
	epoch_free(one);
	epoch_free(two);
	epoch_free(three);
}

static void a_failed_epoch_leaves_nothing(void **state)
{
	struct finding f = make_finding(1);
	struct chain chain = { 0 };
	struct commit_state cs = { .staged = false };
	struct err e;
	struct epoch *ep = make_epoch(1, 1);
	(void)state;
	tell(ep, &chain, CHANGE_RAISED, 11, 1, NULL, &f);
	(void)pg_ask(&db, "ALTER TABLE fundwatch.alert_event "
			  "ADD CONSTRAINT no CHECK (event_id < 0)");
	assert_false(commit_epoch(&db, &cs, ep, &e));
	assert_non_null(strstr(e.text, "[23514]"));
	assert_string_equal(pg_ask(&db, "SELECT (SELECT count(*) FROM fundwatch.fee) + "
					"(SELECT count(*) FROM fundwatch.alert) + "
					"(SELECT count(*) FROM fundwatch.intake) + "
					"(SELECT count(*) FROM fundwatch.epoch)"), "0");
	(void)pg_ask(&db, "ALTER TABLE fundwatch.alert_event DROP CONSTRAINT no");
	assert_true(commit_epoch(&db, &cs, ep, &e));
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM fundwatch.fee"), "3");
	epoch_free(ep);
}

static void twice_is_once(void **state)
{
	struct epoch *ep = make_epoch(1, 1);
	(void)state;
	commit(ep);
	commit(ep);
	assert_string_equal(pg_ask(&db, "SELECT count(*) FROM fundwatch.fee"), "3");
	epoch_free(ep);
}

/* ---- the thread, and a server that dies ---- */

static void told(void *ctx, const struct epoch *ep)
{
	int64_t number = ep->number;
	assert_true(queue_put(ctx, &number, NULL));
}

static void cluster(const char *verb, const char *dir, const char *option)
{
	char command[512];
	(void)snprintf(command, sizeof command, "scripts/pg %s %s %s", verb, dir, option);
	if (system(command) != 0)
		fail_msg("%s", command);
}

/* With fsync: what was acknowledged must be there after the server was killed. */
static void own_cluster(const char *dir, char *out, size_t size)
{
	char command[512];
	(void)snprintf(command, sizeof command, "scripts/pg start %s", dir);
	FILE *p = popen(command, "r");
	assert_non_null(p);
	assert_non_null(fgets(out, (int)size, p));
	out[strcspn(out, "\n")] = '\0';
	assert_int_equal(pclose(p), 0);
}

static void the_sink_outlives_the_server(void **state)
{
	char dir[] = P_tmpdir "/fundwatch-pg-XXXXXX", where[512], again[512];
	struct queue *done = queue_new(sizeof(int64_t), 8);
	struct db own;
	struct err e;
	int64_t number;
	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0); /* the server's own user must come in */
	own_cluster(dir, where, sizeof where);
	assert_true(db_open(&own, where, NULL, &e) && db_migrate(&own, NULL, &e));
	db_close(&own);
	if (!sink_connect(&own, where, NULL, &e))
		fail_msg("%s", e.text);
	struct sink_conf conf = { .conninfo = where, .retry_max = 1, .depth = 2, .committed = told,
				  .ctx = done };
	struct sink *s = sink_new(&conf, own, &e);
	assert_non_null(s);
	assert_true(sink_put(s, make_epoch(1, 1)));
	assert_true(queue_get(done, &number));
	cluster("stop", dir, "--kill");
	assert_true(sink_put(s, make_epoch(2, 2)));
	assert_true(sink_put(s, make_epoch(3, 3)));
	own_cluster(dir, again, sizeof again); /* the same; `where` is the sink's */
	for (int64_t want = 2; want <= 3; want++) {
		assert_true(queue_get(done, &number));
		assert_int_equal(number, want);
	}
	sink_close(s);
	sink_free(s);
	assert_true(db_open(&own, where, NULL, &e));
	assert_string_equal(pg_ask(&own, "SELECT count(*) FROM fundwatch.fee"), "9");
	db_close(&own);
	queue_free(done);
	cluster("remove", dir, "");
	assert_int_equal(rmdir(dir), 0);
}

static void hurrying_gives_up_what_cannot_be_committed(void **state)
{
	struct queue *done = queue_new(sizeof(int64_t), 8);
	struct db own;
	struct err e;
	(void)state;
	if (!sink_connect(&own, conninfo, NULL, &e))
		fail_msg("%s", e.text);
	struct sink_conf conf = { .conninfo = conninfo, .retry_max = 60, .depth = 2,
				  .committed = told, .ctx = done };
	struct sink *s = sink_new(&conf, own, &e);
	assert_non_null(s);
	(void)pg_ask(&db, "ALTER TABLE fundwatch.fee RENAME TO away");
	assert_true(sink_put(s, make_epoch(1, 1)));
	sink_hurry(s);
	sink_close(s);
	sink_free(s);
	assert_int_equal(queue_length(done), 0);
	queue_free(done);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

/* ---- what persons have ---- */

/* However large the tables are, a person is found by indexes: where scanning is forbidden and
 * needed all the same, the plan still says so. */
static void persons_are_found_by_indexes(void **state)
{
	const struct str persons[] = { STR("P'1"), STR("P2") };
	const struct floor_some some = { .person = persons, .n_person = 2 };
	const struct floor_more what = { .lower = MISSING_I32, .some = &some };
	(void)state;
	(void)pg_ask(&db, "SET enable_seqscan = off");
	for (enum stream s = 0; s < STREAM_STOCK; s++) {
		struct buf sql;
		struct err e;
		buf_init(&sql, 0);
		buf_addf(&sql, "EXPLAIN (FORMAT json) SELECT * FROM fundwatch.%s", stream_name(s));
		assert_true(floor_sql_more(&sql, &db, s, &what));
		PGresult *r = db_query(&db, buf_cstr(&sql), 0, NULL, &e);
		assert_non_null(r);
		assert_null(strstr(PQgetvalue(r, 0, 0), "Seq Scan"));
		assert_non_null(strstr(PQgetvalue(r, 0, 0), "Index"));
		PQclear(r);
		buf_fini(&sql);
	}
	(void)pg_ask(&db, "RESET enable_seqscan");
}

static void a_text_that_cannot_be_quoted_is_an_error(void **state)
{
	struct str broken = STR("P\xe4");
	struct err e;
	(void)state;
	assert_false(restore_holders(&db, &broken, 1, NULL, NULL, &e));
	assert_non_null(strstr(e.text, "cannot be quoted"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_type_comes_back),
		TEST(alerts_live_through_changes),
		TEST(a_record_bears_once_over_all_alerts),
		TEST(the_ledger_keeps_what_is_excepted),
		TEST(a_failed_epoch_leaves_nothing),
		TEST(twice_is_once),
		TEST(the_sink_outlives_the_server),
		TEST(hurrying_gives_up_what_cannot_be_committed),
		TEST(persons_are_found_by_indexes),
		TEST(a_text_that_cannot_be_quoted_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
