/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_pool.c - what the pool finds does not depend on workers, chunks or arrival order;
 * alerts follow their records through refunds, corrections, new rules and a restart.
 * Run under ThreadSanitizer too.
 */
#include "daemon/work/pool.h"

#include "lib/base/mem.h"
#include "lib/rule/ruleset.h"
#include "tests/check.h"
#include "tests/support/rowtext.h"

#define HEAD                                                                                     \
	"规则 t.same_day 「同日重复」\n"                                                 \
	"  版本      1\n  依据      测试\n  类别      政策类\n  性质      违规\n" \
	"  环节      事后\n  级别      高\n  状态      启用\n"                        \
	"  看        费用明细\n"

static const char one_rule[] = HEAD "  归并      人员、项目、自然日\n"
				    "  触发      合计(数量) > 1\n"
				    "  违规金额  合计(金额) × (合计(数量) − 1) ÷ 合计(数量)\n"
				    "  说明      {人员}于{自然日}收费{合计(数量)}次\n";

static const char limit_two[] = HEAD "  归并      人员、项目、自然日\n"
				     "  触发      合计(数量) > 2\n"
				     "  违规金额  合计(金额) × (合计(数量) − 2) ÷ 合计(数量)\n"
				     "  说明      {人员}于{自然日}收费{合计(数量)}次\n";

/* A rule over a facility's month beside the person's. */
static const char with_cells[] = HEAD "  归并      人员、项目、自然日\n"
				      "  触发      合计(数量) > 1\n"
				      "  违规金额  合计(金额) × (合计(数量) − 1) ÷ 合计(数量)\n"
				      "  说明      {人员}于{自然日}收费{合计(数量)}次\n"
				      "\n"
				      "规则 t.month 「机构月金额」\n"
				      "  版本      1\n  依据      测试\n  类别      管理类\n  性质 "
				      "     线索\n"
				      "  环节      事后\n  级别      低\n  状态      启用\n"
				      "  看        费用明细\n"
				      "  归并      机构、自然月\n"
				      "  触发      合计(金额) > 500 元\n"
				      "  说明      {机构}于{自然月}共{合计(金额)}元\n";

struct rules {
	struct ruleset *set;
	struct plan *plan;
};

static bool no_files(void *ctx, const char *path, struct buf *out, struct err *e)
{
	(void)ctx, (void)out;
	return err_set(e, ERR_WORLD, "%s: no file in this test", path);
}

static struct rules compile(const char *text)
{
	const struct rule_text rt = { "test.rules", str_of(text) };
	const struct loader loader = { no_files, NULL };
	const struct rule_settings settings = { 1, 1 };
	struct diag_list d;
	struct buf said;
	diag_init(&d, true);
	struct rules r = { ruleset_compile(&rt, 1, &loader, &settings, &d), NULL };
	if (!r.set) {
		buf_init(&said, 0);
		diag_print(&d, &said);
		fail_msg("%s", buf_cstr(&said));
	}
	diag_fini(&d);
	r.plan = plan_new(r.set);
	return r;
}

static void rules_free(struct rules *r)
{
	plan_free(r->plan);
	ruleset_free(r->set);
}

/* What was told, as lines. */
struct heard {
	struct buf lines;
	unsigned findings, raised, amended, withdrawn;
	uint64_t last_id;
	uint32_t last_revision;
	struct findings kept; /* contents of the last change */
};

static void hear_finding(void *ctx, const struct finding *f)
{
	struct heard *h = ctx;
	h->findings++;
	finding_json(f, &h->lines);
	buf_addc(&h->lines, '\n');
}

static void hear_change(void *ctx, const struct change *c)
{
	struct heard *h = ctx;
	h->raised += c->kind == CHANGE_RAISED;
	h->amended += c->kind == CHANGE_AMENDED;
	h->withdrawn += c->kind == CHANGE_WITHDRAWN;
	h->last_id = c->id;
	h->last_revision = c->revision;
	buf_addf(&h->lines, "%d %llu %u ", c->kind, (unsigned long long)c->id, c->revision);
	if (c->now) {
		finding_json(c->now, &h->lines);
		finding_copy(&h->kept, c->now);
	}
	buf_addc(&h->lines, '\n');
}

static void heard_init(struct heard *h)
{
	*h = (struct heard){ 0 };
	buf_init(&h->lines, 0);
	findings_init(&h->kept);
}

static void heard_fini(struct heard *h)
{
	buf_fini(&h->lines);
	findings_fini(&h->kept);
}

static struct pool *new_pool(const struct rules *r, uint32_t workers, bool alerts)
{
	struct err e = { 0 };
	const struct pool_conf conf = {
		.plan = r->plan, .workers = workers, .inbox = 2, .keep_alerts = alerts
	};
	struct pool *p = pool_new(&conf, &e);
	if (!p)
		fail_msg("%s", e.text);
	return p;
}

static void add(struct pool *p, const char *rows)
{
	pool_add(p, chunk_ref_new(rowtext_chunk(rows), 1));
}

/* Judge; afterwards `h` holds what was told. */
static void judge(struct pool *p, enum pool_what what, bool cells, struct heard *h)
{
	const struct pool_sink sink = { .finding = hear_finding, .change = hear_change, .ctx = h };
	struct err e = { 0 };
	heard_init(h);
	if (!pool_judge(p, what, cells, &sink, &e))
		fail_msg("%s", e.text);
}

static void make_line(void *ctx, const struct finding *f, struct buf *line)
{
	(void)ctx;
	finding_json(f, line);
}

static void hear_line(void *ctx, const struct finding *f, struct str line)
{
	struct heard *h = ctx;
	(void)f;
	h->findings++;
	buf_addstr(&h->lines, line);
	buf_addc(&h->lines, '\n');
}

/* The same with lines that the workers make. */
static void judge_lines(struct pool *p, struct heard *h)
{
	const struct pool_sink sink = { .text = make_line, .line = hear_line, .ctx = h };
	struct err e = { 0 };
	heard_init(h);
	if (!pool_judge(p, POOL_ALL, true, &sink, &e))
		fail_msg("%s", e.text);
	pool_leave(p);
}

/* `n` persons with two to four lines a day over ten days at three facilities; seeded. */
static char *many_rows(unsigned persons, uint64_t seed, bool backwards)
{
	struct buf b;
	buf_init(&b, 0);
	buf_adds(&b, "fee | feedetl_sn | mdtrt_id | psn_no | fixmedins_code | fee_ocur_time | 项目 "
		     "| cnt | "
		     "det_item_fee_sumamt\n");
	for (unsigned i = 0; i < persons * 10; i++) {
		unsigned k = backwards ? persons * 10 - 1 - i : i;
		uint64_t state = seed + k, r = check_random(&state);
		buf_addf(&b, "| %u | V%u | P%u | H%u | 2026-03-%02u 09:%02u | I%u | %u | %u.25\n",
			 k, k / 10, k % persons, (unsigned)(r % 3), (unsigned)(1 + k / persons),
			 (unsigned)(r >> 8 & 31), (unsigned)(r >> 16 & 1),
			 (unsigned)(1 + (r >> 20 & 1)), (unsigned)(10 + (r >> 24 & 63)));
	}
	return buf_take(&b, NULL);
}

static void same_for_any_workers(void **state)
{
	(void)state;
	struct rules r = compile(with_cells);
	struct heard first = { 0 };
	for (uint32_t workers = 0; workers <= 5; workers++) {
		struct pool *p = new_pool(&r, workers, false);
		struct heard h;
		for (uint64_t seed = 0; seed < 8; seed++) {
			char *rows = many_rows(20, 1000 * seed, workers % 2);
			add(p, rows);
			xfree(rows);
		}
		if (workers % 3)
			judge_lines(p, &h);
		else
			judge(p, POOL_ALL, true, &h);
		CHECK(h.findings > 3);
		if (workers == 0) {
			first = h;
		} else {
			assert_string_equal(buf_cstr(&h.lines), buf_cstr(&first.lines));
			heard_fini(&h);
		}
		pool_free(p);
	}
	heard_fini(&first);
	rules_free(&r);
}

static void sums_add_up_over_shards(void **state)
{
	(void)state;
	struct rules r = compile(one_rule);
	for (uint32_t workers = 1; workers <= 3; workers++) {
		struct pool *p = new_pool(&r, workers, false);
		struct heard h;
		struct pool_stats s;
		char *rows = many_rows(30, 5, false);
		add(p, rows);
		add(p, rows); /* the same lines again */
		add(p, "facility | fixmedins_code | begndate\n | H1 | 2026-01-01\n");
		judge(p, POOL_ALL, true, &h);
		pool_stats_get(p, &s);
		CHECK_INT(s.timeline.records[STREAM_FEE], 600);
		CHECK_INT(s.timeline.resent[STREAM_FEE], 300);
		CHECK_INT(s.gather.live[STREAM_FEE], 300);
		CHECK_INT(s.timeline.records[STREAM_FACILITY], 1);
		CHECK_INT(s.timeline.subjects, 30);
		const struct account *a = pool_accounts(p);
		CHECK_INT(a[0].records, 300);
		CHECK_INT(a[0].records,
			  a[0].scope_out + a[0].hit + a[0].excepted + a[0].unknown + a[0].no_hit);
		CHECK_INT(a[0].hits, h.findings);
		heard_fini(&h);
		pool_free(p);
		xfree(rows);
	}
	rules_free(&r);
}

#define FEE                                                                                 \
	"fee | feedetl_sn | psn_no | 项目 | fee_ocur_time | cnt | det_item_fee_sumamt | " \
	"init_feedetl_sn | updt_time\n"

static void an_alert_follows_its_records(void **state)
{
	(void)state;
	for (uint32_t workers = 0; workers <= 3; workers++) {
		struct rules r = compile(one_rule);
		struct pool *p = new_pool(&r, workers, true);
		struct heard h;
		add(p, FEE "| 1 | P1 | A | 2026-03-01 09:00 | 1 | 100 | | 2026-03-01\n"
			   "| 2 | P1 | A | 2026-03-01 10:00 | 1 | 100 | | 2026-03-01\n"
			   "| 3 | P2 | A | 2026-03-01 10:00 | 1 | 100 | | 2026-03-01\n");
		judge(p, POOL_DIRTY, false, &h);
		CHECK_INT(h.raised, 1);
		CHECK_INT(h.amended + h.withdrawn, 0);
		uint64_t id = h.last_id;
		heard_fini(&h);

		judge(p, POOL_DIRTY, false, &h); /* nothing touched */
		CHECK_INT(h.raised + h.amended + h.withdrawn, 0);
		heard_fini(&h);

		add(p, FEE "| 4 | P1 | A | 2026-03-01 11:00 | 1 | 100 | | 2026-03-02\n");
		judge(p, POOL_DIRTY, false, &h);
		CHECK_INT(h.amended, 1);
		CHECK(h.last_id == id);
		heard_fini(&h);

		add(p, FEE "| 5 | P1 | A | 2026-03-03 11:00 | -1 | -100 | 4 | 2026-03-03\n"
			   "| 6 | P1 | A | 2026-03-03 11:00 | -1 | -100 | 2 | 2026-03-03\n");
		judge(p, POOL_DIRTY, false, &h);
		CHECK_INT(h.withdrawn, 1);
		CHECK(h.last_id == id);
		heard_fini(&h);
		pool_free(p);
		rules_free(&r);
	}
}

/* A correction gives the line to another person, whose shard may be another worker's. */
static void a_correction_moves_between_shards(void **state)
{
	(void)state;
	struct rules r = compile(one_rule);
	for (unsigned other = 2; other < 12; other++) {
		struct pool *p = new_pool(&r, 3, true);
		struct heard h;
		struct buf b;
		add(p, FEE "| 1 | P1 | A | 2026-03-01 09:00 | 1 | 100 | | 2026-03-01\n"
			   "| 2 | P1 | A | 2026-03-01 10:00 | 1 | 100 | | 2026-03-01\n");
		judge(p, POOL_DIRTY, false, &h);
		CHECK_INT(h.raised, 1);
		heard_fini(&h);
		buf_init(&b, 0);
		buf_addf(&b, FEE "| 2 | P%u | A | 2026-03-01 10:00 | 1 | 100 | | 2026-03-05\n",
			 other);
		add(p, buf_cstr(&b));
		judge(p, POOL_DIRTY, false, &h);
		CHECK_INT(h.withdrawn, 1);
		CHECK_INT(h.raised + h.amended, 0);
		heard_fini(&h);
		judge(p, POOL_ALL, false, &h);
		CHECK_INT(h.raised + h.amended + h.withdrawn, 0);
		heard_fini(&h);
		buf_fini(&b);
		pool_free(p);
	}
	rules_free(&r);
}

static void new_rules_judge_the_whole_history(void **state)
{
	(void)state;
	struct rules a = compile(one_rule), b = compile(limit_two);
	struct pool *p = new_pool(&a, 2, true);
	struct heard h;
	add(p, FEE "| 1 | P1 | A | 2026-03-01 09:00 | 2 | 100 | | 2026-03-01\n"
		   "| 2 | P2 | A | 2026-03-01 10:00 | 3 | 100 | | 2026-03-01\n");
	judge(p, POOL_DIRTY, false, &h);
	CHECK_INT(h.raised, 2);
	heard_fini(&h);
	pool_plan(p, b.plan);
	rules_free(&a);
	judge(p, POOL_ALL, false, &h);
	CHECK_INT(h.withdrawn, 1);
	CHECK_INT(h.amended, 1);
	heard_fini(&h);
	pool_free(p);
	rules_free(&b);
}

/* Start-up: the stored alerts and the stored records make no change; a lost record withdraws. */
static void loaded_alerts_are_the_ones_before(void **state)
{
	(void)state;
	struct rules r = compile(with_cells);
	static const char rows[] = FEE "| 1 | P1 | A | 2026-03-01 09:00 | 2 | 400 | | 2026-03-01\n"
				       "| 2 | P2 | A | 2026-03-01 10:00 | 3 | 300 | | 2026-03-01\n";
	struct heard stored, h;
	struct pool *p = new_pool(&r, 2, true);
	add(p, rows);
	judge(p, POOL_ALL, true, &stored);
	CHECK_INT(stored.raised, 3);
	pool_free(p);

	for (int lose = 0; lose <= 1; lose++) {
		p = new_pool(&r, 3, true);
		for (uint32_t i = 0; i < stored.kept.n; i++)
			pool_load_alert(p, &stored.kept.item[i], 100 + i, 1, true);
		add(p, lose ? FEE "| 1 | P1 | A | 2026-03-01 09:00 | 2 | 400 | | 2026-03-01\n"
				  "| 9 | P2 | A | 2026-03-01 09:00 | 1 | 10 | | 2026-03-01\n"
			    : rows);
		judge(p, POOL_ALL, true, &h);
		CHECK_INT(h.raised + h.amended, 0);
		CHECK_INT(h.withdrawn, lose ? 2 : 0);
		struct pool_stats s;
		pool_stats_get(p, &s);
		CHECK_INT(s.alerts_live, lose ? 1 : 3);
		heard_fini(&h);
		pool_free(p);
	}
	heard_fini(&stored);
	rules_free(&r);
}

/* ---- any order of arrival ends in the same alerts ---- */

struct row_text {
	char text[160];
};

/* Versions of few lines: re-sent, corrected (to other persons too), retracted, refunded. */
static uint32_t random_rows(struct row_text *row, uint32_t max, uint64_t *seed)
{
	uint32_t n = 0;
	while (n + 2 < max) {
		uint64_t r = check_random(seed);
		unsigned line = (unsigned)(r % 40), revision = (unsigned)(r >> 8 & 7);
		unsigned person = (unsigned)((r >> 11 & 7) == 0 ? r >> 16 & 3 : line % 6);
		unsigned day = (unsigned)(1 + line % 3);
		snprintf(row[n++].text, sizeof row->text,
			 "| %u | V%u | P%u | H%u | 2026-03-%02u 09:%02u | I%u | %u | %u.00 | | %u "
			 "| 2026-04-%02u\n",
			 line, line % 10, person, line % 3, day, line, line % 2, 1 + revision % 2,
			 100 + 10 * revision, revision == 7 ? 0u : 1u, 1 + revision);
		if ((r >> 24 & 7) == 0)
			row[n] = row[n - 1], n++;
		if ((r >> 27 & 7) == 0)
			snprintf(row[n++].text, sizeof row->text,
				 "| R%u | V%u | P%u | H%u | 2026-03-%02u 18:00 | I%u | -1 | "
				 "-100.00 | %u | 1 | 2026-04-09\n",
				 line, line % 10, line % 6, line % 3, day, line % 2, line);
	}
	return n;
}

static void shuffle(struct row_text *row, uint32_t n, uint64_t *seed)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)(check_random(seed) % i);
		struct row_text t = row[i - 1];
		row[i - 1] = row[k];
		row[k] = t;
	}
}

static void add_rows(struct pool *p, const struct row_text *row, uint32_t n)
{
	struct buf b;
	buf_init(&b, 0);
	buf_adds(&b, "fee | feedetl_sn | mdtrt_id | psn_no | fixmedins_code | fee_ocur_time | 项目 "
		     "| cnt | "
		     "det_item_fee_sumamt | init_feedetl_sn | vali_flag | updt_time\n");
	for (uint32_t i = 0; i < n; i++)
		buf_adds(&b, row[i].text);
	add(p, buf_cstr(&b));
	buf_fini(&b);
}

/* Live alerts as told so far. */
struct live {
	uint64_t id[256];
	char *line[256];
	uint32_t n;
};

static void live_change(void *ctx, const struct change *c)
{
	struct live *l = ctx;
	struct buf b;
	uint32_t i = 0;
	while (i < l->n && l->id[i] != c->id)
		i++;
	CHECK((c->kind == CHANGE_RAISED) == (i == l->n));
	if (i < l->n)
		xfree(l->line[i]);
	if (c->kind == CHANGE_WITHDRAWN) {
		l->n--;
		l->id[i] = l->id[l->n];
		l->line[i] = l->line[l->n];
		return;
	}
	CHECK(i < 256);
	buf_init(&b, 0);
	finding_json(c->now, &b);
	l->n += i == l->n;
	l->id[i] = c->id;
	l->line[i] = buf_take(&b, NULL);
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The live alerts as sorted lines; frees them. */
static char *live_text(struct live *l)
{
	struct buf b;
	buf_init(&b, 0);
	qsort(l->line, l->n, sizeof *l->line, by_line);
	for (uint32_t i = 0; i < l->n; i++) {
		buf_adds(&b, l->line[i]);
		buf_addc(&b, '\n');
		xfree(l->line[i]);
	}
	return buf_take(&b, NULL);
}

/* The rows in some batches through `workers`, judged after each: what is live in the end. */
static char *arrive(const struct rules *r, uint32_t workers, const struct row_text *row, uint32_t n,
		    uint64_t *seed)
{
	struct live l = { 0 };
	const struct pool_sink sink = { .change = live_change, .ctx = &l };
	struct pool *p = new_pool(r, workers, true);
	struct err e = { 0 };
	for (uint32_t from = 0; from < n;) {
		uint32_t some = 1 + (uint32_t)(check_random(seed) % 30);
		if (some > n - from)
			some = n - from;
		add_rows(p, row + from, some);
		from += some;
		if (!pool_judge(p, POOL_DIRTY, check_random(seed) % 3 == 0 || from == n, &sink, &e))
			fail_msg("%s", e.text);
	}
	struct pool_stats s;
	pool_stats_get(p, &s);
	CHECK_INT(s.alerts_live, l.n);
	pool_free(p);
	return live_text(&l);
}

/* The same rows at once, without alerts. */
static char *at_once(const struct rules *r, const struct row_text *row, uint32_t n)
{
	struct heard h;
	struct pool *p = new_pool(r, 0, false);
	add_rows(p, row, n);
	judge(p, POOL_ALL, true, &h);
	char *text = xstrdup(buf_cstr(&h.lines));
	heard_fini(&h);
	pool_free(p);
	return text;
}

static void any_arrival_ends_in_the_same_alerts(void **state)
{
	(void)state;
	struct rules r = compile(with_cells);
	struct row_text row[200];
	for (uint64_t round = 0; round < 40; round++) {
		uint64_t seed = round;
		uint32_t n = random_rows(row, 200, &seed);
		char *expected = at_once(&r, row, n);
		CHECK(strlen(expected) > 100);
		for (uint32_t workers = 0; workers <= 3; workers++) {
			shuffle(row, n, &seed);
			char *got = arrive(&r, workers, row, n, &seed);
			if (strcmp(got, expected) != 0)
				fail_msg("round %u, %u workers\nexpected\n%s\ngot\n%s",
					 (unsigned)round, workers, expected, got);
			xfree(got);
		}
		xfree(expected);
	}
	rules_free(&r);
}

static void chunks_are_freed_when_nobody_judges(void **state)
{
	(void)state;
	struct rules r = compile(one_rule);
	struct pool *p = new_pool(&r, 3, false);
	for (int i = 0; i < 20; i++)
		add(p, FEE "| 1 | P1 | A | 2026-03-01 09:00 | 2 | 100 | | 2026-03-01\n");
	pool_free(p);
	rules_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_for_any_workers),
		cmocka_unit_test(sums_add_up_over_shards),
		cmocka_unit_test(an_alert_follows_its_records),
		cmocka_unit_test(a_correction_moves_between_shards),
		cmocka_unit_test(new_rules_judge_the_whole_history),
		cmocka_unit_test(loaded_alerts_are_the_ones_before),
		cmocka_unit_test(any_arrival_ends_in_the_same_alerts),
		cmocka_unit_test(chunks_are_freed_when_nobody_judges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
