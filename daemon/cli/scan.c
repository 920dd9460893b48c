/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan.c - `fundwatch scan`: files in, findings out, no database.
 *
 * Readers decode the files and bring the timelines their rows, workers judge them, this thread
 * waits for both. All periods count as closed. Nothing is written unless everything was read and
 * the sums add up, so a result is always a whole one.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/progress.h"
#include "daemon/cli/ruleload.h"
#include "daemon/cli/scan_out.h"
#include "daemon/cli/scan_rejects.h"
#include "daemon/cli/scan_report.h"
#include "daemon/host/pages.h"
#include "daemon/work/parts.h"
#include "lib/base/mem.h"

#define THREADS_MAX 256
#define CHUNKS_WAITING 4 /* for each worker: still in the cache when they are taken in */
#define PIECE_OF_LITTLE ((size_t)512 << 10) /* of a file, where memory is bounded */

struct scan_opts {
	const char *rules, *feed, *format, *out, *report, *rejects, *year, *trial, *held;
	const char *memory, *temp;
	struct text_list rule;
	struct number threads;
	bool all_fields;
};

struct scan {
	struct cli *c;
	const struct scan_opts *o;
	struct loaded loaded;
	struct plan *plan;
	struct feed *feed;
	uint8_t needed[FIELD_BITMAP]; /* what must be decoded */
	struct path_list files;
	uint32_t skipped;
	struct readers *readers;
	struct pool *pool;            /* or, of more than memory holds: */
	struct parts *parts;
	struct scan_out out, trial, held; /* trial, held: when asked for */
	struct scan_rejects *rejects;
	struct progress progress;
	struct rule_sum *sum;
	uint64_t findings, trials;
	struct excepted excepted;
};

/* Rules not asked for are switched off for this run. */
static enum cli_exit choose_rules(struct scan *s)
{
	struct ruleset *rs = s->loaded.set;
	const struct text_list *only = &s->o->rule;
	uint8_t *wanted = xcalloc(rs->n_rule + 1u, 1);
	enum cli_exit code = CLI_OK;
	for (unsigned i = 0; code == CLI_OK && i < only->n; i++) {
		const struct rule *r = rule_need(s->c, rs, only->v[i]);
		if (r && !rule_active(r))
			code = cli_error(s->c, CLI_FAILED,
					 cli_text(s->c, "规则 %s 是停用的，先把状态改为试行或启用",
						  "rule %s is off; set its state to trial or on "
						  "first"),
					 only->v[i]);
		else if (r)
			wanted[r - rs->rule] = 1;
		else
			code = CLI_USAGE;
	}
	for (uint32_t i = 0; only->n > 0 && i < rs->n_rule; i++)
		if (!wanted[i])
			rs->rule[i].state = STATE_OFF;
	xfree(wanted);
	return code;
}

/* One PATH: a file the feed must take, or a folder of which it takes what it knows. */
static bool add_path(struct scan *s, const char *path, struct err *e)
{
	struct path_list found = { 0 };
	bool ok = input_files_find(path, &found, e);
	for (uint32_t i = 0; ok && i < found.n; i++) {
		bool explicit = strcmp(found.path[i], path) == 0;
		if (feed_takes(s->feed, path_base(found.path[i])))
			path_list_add(&s->files, found.path[i]);
		else if (explicit)
			ok = err_set(e, ERR_INPUT,
				     "%s: feed %s has no entry for a file of this name", path,
				     feed_name(s->feed));
		else
			s->skipped++;
	}
	path_list_fini(&found);
	return ok;
}

static enum cli_exit choose_files(struct scan *s, int n, char *const *arg)
{
	struct err e = { 0 };
	for (int i = 0; i < n; i++)
		if (!add_path(s, arg[i], &e))
			return cli_err(s->c, &e);
	if (s->files.n > 0)
		return CLI_OK;
	return cli_error(s->c, CLI_WORLD,
			 cli_text(s->c, "没有可读的文件：数据源 %s 不认识这些目录中的任何文件",
				  "nothing to read: feed %s takes no file of these folders"),
			 feed_name(s->feed));
}

static enum cli_exit prepare(struct scan *s, int n, char *const *arg)
{
	struct err e = { 0 };
	char *rules[] = { (char *)(s->o->rules ? s->o->rules : "rules") };
	enum cli_exit code = rules_need(s->c, &s->loaded, 1, rules, s->o->year);
	if (code == CLI_OK)
		code = choose_rules(s);
	if (code != CLI_OK)
		return code;
	s->plan = plan_new(s->loaded.set);
	s->feed = s->o->feed ? feed_load(s->o->feed, &e) : feed_default();
	if (!s->feed)
		return cli_err(s->c, &e);
	return choose_files(s, n, arg);
}

static uint32_t thread_count(const struct number *asked)
{
	long n = asked->given ? (long)asked->v : sysconf(_SC_NPROCESSORS_ONLN);
	if (n < 1)
		n = 1;
	return n > THREADS_MAX ? THREADS_MAX : (uint32_t)n;
}

/* "512M", "2G"; false when it is none. */
static bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;
	if (end == text || n == 0 || n > 1u << 20 || (*end && (!unit || end[1])))
		return false;
	*bytes = (uint64_t)n << (unit ? 10 * (unit - units + 1) : 0);
	return *bytes >= (uint64_t)8 << 20;
}

/* About the bytes of the files as text; what comes through a pipe may be any number. */
static uint64_t input_bytes(const struct scan *s)
{
	uint64_t sum = 0;
	struct stat st;
	for (uint32_t i = 0; i < s->files.n; i++) {
		const char *path = s->files.path[i];
		size_t n = strlen(path);
		bool zipped = n > 3 && strcmp(path + n - 3, ".gz") == 0;
		if (stat(path, &st) != 0)
			continue;
		if (!S_ISREG(st.st_mode))
			return UINT64_MAX;
		sum += (uint64_t)st.st_size * (zipped ? 8 : 1);
	}
	return sum;
}

/* Everything at once when there is room for it, else part by part. */
static bool start_judging(struct scan *s, const struct pool_conf *pc, struct err *e)
{
	struct parts_conf c = { .pool = *pc, .dir = s->o->temp };
	if (!c.dir && !(c.dir = getenv("TMPDIR")))
		c.dir = "/var/tmp";
	if (s->o->memory && !parse_size(s->o->memory, &c.memory))
		return err_set(e, ERR_CONF, "--memory takes a size of 8M or more, like 512M or 2G, "
			       "not %s", s->o->memory);
	c.input = input_bytes(s);
	if (s->o->memory && c.input > c.memory / 3)
		s->parts = parts_new(&c, e);
	else
		s->pool = pool_new(pc, e);
	return s->parts || s->pool;
}

static bool start(struct scan *s, struct err *e)
{
	uint32_t threads = thread_count(&s->o->threads);
	const uint8_t *wanted = plan_wanted(s->plan);
	const struct pool_conf pc = { .plan = s->plan,
				      .feed = s->feed,
				      .wanted = wanted,
				      .workers = threads > 1 ? threads : 0,
				      .inbox = CHUNKS_WAITING };
	struct readers_conf rc = { .files = &s->files,
					 .feed = s->feed,
					 .wanted = s->o->all_fields ? NULL : s->needed,
					 .threads = threads > 1 ? threads : 0,
					 .shards = threads };
	timeline_needs(wanted, s->needed);
	s->held.held = true;
	if (!scan_out_open(&s->out, s->c, s->o->out, s->o->format, e) ||
	    (s->o->trial && !scan_out_open(&s->trial, s->c, s->o->trial, s->o->format, e)) ||
	    (s->o->held && !scan_out_open(&s->held, s->c, s->o->held, s->o->format, e)))
		return false;
	s->rejects = scan_rejects_new(s->o->rejects, &s->files);
	if (!start_judging(s, &pc, e))
		return false;
	if (s->parts)
		rc.piece = PIECE_OF_LITTLE;
	s->readers = readers_new(&rc, e);
	return s->readers;
}

static bool take_chunk(void *ctx, struct chunk_ref *chunk, struct err *e)
{
	struct scan *s = ctx;
	uint64_t bytes, total, rows;
	readers_progress(s->readers, &bytes, &total, &rows);
	progress_reading(&s->progress, bytes, total, rows);
	return scan_rejects_add(s->rejects, chunk_ref_chunk(chunk), chunk_ref_intake(chunk), e) &&
	       (!s->parts || parts_add(s->parts, chunk_ref_get(chunk), e));
}

static void take_rows(void *ctx, struct chunk_ref *chunk, uint32_t shard)
{
	struct scan *s = ctx;
	pool_take(s->pool, chunk, shard);
}

static bool read_all(struct scan *s, struct err *e)
{
	const struct readers_sink sink = { take_chunk, s->pool ? take_rows : NULL, s };
	return readers_run(s->readers, &sink, e);
}

/* Every broken file is told; true when there was none and something was read. */
static bool all_read(struct scan *s)
{
	uint64_t rows = 0;
	uint32_t failed = 0;
	for (uint32_t i = 0; i < s->files.n; i++) {
		const struct reader_file *f = readers_file(s->readers, i);
		rows += f->stats.rows;
		failed += f->failed;
		if (f->failed)
			cli_err(s->c, &f->e);
	}
	if (failed == 0 && rows == 0)
		cli_error(
			s->c, CLI_WORLD, "%s",
			cli_text(s->c, "文件里没有一行数据", "there is not one row in the files"));
	return failed == 0 && rows > 0;
}

static void take_suppressed(struct scan *s, const struct finding *f)
{
	struct rule_sum *sum = &s->sum[f->rule_index];
	int64_t amount = f->has_amount ? f->amount : 0;
	bool by_rule = f->except_owner.n == 0;
	sum->held += by_rule;
	sum->held_amount += by_rule ? amount : 0;
	sum->excepted += !by_rule;
	sum->excepted_amount += by_rule ? 0 : amount;
	excepted_add(&s->excepted, f);
}

/* Where a finding is told, or NULL. */
static struct scan_out *told_in(struct scan *s, const struct finding *f)
{
	struct scan_out *o = f->excepted ? &s->held : f->trial ? &s->trial : &s->out;
	return o->to ? o : NULL;
}

static void make_line(void *ctx, const struct finding *f, struct buf *line)
{
	const struct scan_out *o = told_in(ctx, f);
	if (o)
		scan_out_text(o, f, line);
}

static void count_finding(struct scan *s, const struct finding *f)
{
	struct rule_sum *sum = &s->sum[f->rule_index];
	if (f->excepted) {
		take_suppressed(s, f);
		return;
	}
	sum->findings++;
	sum->amount += f->has_amount ? f->amount : 0;
	sum->fund += f->has_amount ? f->fund_amount : 0;
	s->findings += !f->trial;
	s->trials += f->trial;
}

static void take_line(void *ctx, const struct finding *f, struct str line)
{
	struct scan *s = ctx;
	struct scan_out *o = told_in(s, f);
	count_finding(s, f);
	if (o)
		scan_out_line(o, f, line);
}

static void take_finding(void *ctx, const struct finding *f)
{
	struct scan *s = ctx;
	struct scan_out *o = told_in(s, f);
	count_finding(s, f);
	if (o)
		scan_out_finding(o, f);
}

static bool judge(struct scan *s, struct err *e)
{
	const struct pool_sink sink = { .text = make_line, .line = take_line, .ctx = s };
	progress_step(&s->progress, cli_text(s->c, "判定…", "judging..."));
	s->sum = xcalloc(s->loaded.set->n_rule + 1u, sizeof *s->sum);
	return s->parts ? parts_judge(s->parts, take_finding, s, e)
			: pool_judge(s->pool, POOL_ALL, true, &sink, e);
}

static bool write_report(const struct scan *s, const struct scan_report *r, struct err *e)
{
	struct buf b;
	bool ok = true;
	buf_init(&b, 0);
	if (s->o->report) {
		report_json(r, &b);
		ok = file_write(s->o->report, buf_str(&b), e);
		buf_reset(&b);
	}
	if (s->c->json)
		report_json(r, &b);
	else
		report_text(s->c, r, &b);
	cli_note(&b);
	buf_fini(&b);
	return ok;
}

static enum cli_exit report(struct scan *s)
{
	struct err e = { 0 };
	struct scan_report r = { .rules = s->loaded.set,
				 .readers = s->readers,
				 .n_file = s->files.n,
				 .skipped = s->skipped,
				 .feed = feed_name(s->feed),
				 .sum = s->sum,
				 .findings = s->findings,
				 .trials = s->trials,
				 .excepted = &s->excepted };
	if (s->parts)
		parts_stats(s->parts, &r.stats);
	else
		pool_stats_get(s->pool, &r.stats);
	r.account = s->parts ? parts_accounts(s->parts) : pool_accounts(s->pool);
	r.seconds = progress_seconds(&s->progress);
	excepted_sort(&s->excepted);
	progress_end(&s->progress);
	if (!write_report(s, &r, &e))
		return cli_err(s->c, &e);
	if (report_balance(&r, &e))
		return CLI_OK;
	cli_err(s->c, &e);
	return CLI_FAILED;
}

static enum cli_exit run(struct scan *s)
{
	struct err e = { 0 };
	bool ok = start(s, &e) && read_all(s, &e);
	if (ok && !all_read(s)) {
		progress_end(&s->progress);
		return CLI_WORLD;
	}
	ok = ok && judge(s, &e);
	if (ok)
		return report(s);
	progress_end(&s->progress);
	return cli_err(s->c, &e);
}

/* The files appear only when all went well. */
static enum cli_exit finish(struct scan *s, enum cli_exit code)
{
	struct err e = { 0 };
	bool keep = code == CLI_OK;
	pool_leave(s->pool);
	if (s->out.to && !scan_out_close(&s->out, keep, &e))
		code = cli_err(s->c, &e);
	if (s->held.to && !scan_out_close(&s->held, keep, &e))
		code = cli_err(s->c, &e);
	if (s->trial.to && !scan_out_close(&s->trial, keep, &e))
		code = cli_err(s->c, &e);
	if (!scan_rejects_close(s->rejects, keep, &e))
		code = cli_err(s->c, &e);
	readers_free(s->readers);
	pool_free(s->pool);
	parts_free(s->parts);
	path_list_fini(&s->files);
	if (s->feed)
		feed_free(s->feed);
	if (s->plan)
		plan_free(s->plan);
	xfree(s->sum);
	excepted_fini(&s->excepted);
	loaded_fini(&s->loaded);
	return code;
}

static enum cli_exit scan_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	struct scan s = { .c = c, .o = opt };
	pages_one_heap();
	progress_begin(&s.progress, c);
	excepted_init(&s.excepted);
	enum cli_exit code = prepare(&s, n, arg);
	if (code == CLI_OK)
		code = run(&s);
	return finish(&s, code);
}

static const struct opt scan_opt[] = {
	{ "rules", 0, OPT_TEXT, offsetof(struct scan_opts, rules), "DIR",
	  "规则目录或文件，默认 rules", "folder or file of rules, \"rules\" by default" },
	{ "feed", 0, OPT_TEXT, offsetof(struct scan_opts, feed), "FILE",
	  "数据源说明（conf/feeds/*.yaml），默认为核心表格式",
	  "what the files look like (conf/feeds/*.yaml), by default core-table extracts" },
	{ "rule", 'r', OPT_LIST, offsetof(struct scan_opts, rule), "ID", "只用这条规则",
	  "judge by this rule only" },
	{ "threads", 't', OPT_NUMBER, offsetof(struct scan_opts, threads), "N",
	  "评估线程数，默认为处理器核数；结果与它无关",
	  "evaluation threads, by default one per processor; results do not depend on it" },
	{ "memory", 0, OPT_TEXT, offsetof(struct scan_opts, memory), "SIZE",
	  "最多用多少内存，如 512M：超出的数据放在临时文件里，分批判定；结果不变",
	  "use about this much memory, like 512M: what is more lies in temporary files and is "
	  "judged in turn; the result is the same" },
	{ "temp", 0, OPT_TEXT, offsetof(struct scan_opts, temp), "DIR",
	  "临时文件的目录，默认 $TMPDIR 或 /var/tmp", "folder for temporary files, by default "
	  "$TMPDIR or /var/tmp" },
	{ "format", 0, OPT_TEXT, offsetof(struct scan_opts, format), "ndjson|csv|table",
	  "结果格式，默认 ndjson，每行一条",
	  "form of the result, ndjson (one finding a line) by default" },
	{ "output", 'o', OPT_TEXT, offsetof(struct scan_opts, out), "FILE",
	  "结果写入文件（全部成功才出现）",
	  "write the result to FILE, which appears only when all went well" },
	{ "trial", 0, OPT_TEXT, offsetof(struct scan_opts, trial), "FILE",
	  "试行规则的疑点写入文件；不写就只计数，从不进入结果和合计",
	  "findings of rules on trial go to FILE; else they are only counted, never in result or "
	  "sums" },
	{ "suppressed", 0, OPT_TEXT, offsetof(struct scan_opts, held), "FILE",
	  "被除外和例外放过的疑点写入文件，每条带原因；不写就只按原因计数",
	  "findings that exclusions and exceptions held back go to FILE, each with its reason; "
	  "else they are only counted by reason" },
	{ "report", 0, OPT_TEXT, offsetof(struct scan_opts, report), "FILE",
	  "读入与判定的报告另存为 JSON", "also write the report as JSON to FILE" },
	{ "rejects", 0, OPT_TEXT, offsetof(struct scan_opts, rejects), "FILE",
	  "拒收的每一行写入文件（NDJSON，带原文）",
	  "write every rejected row, raw text included, to FILE as NDJSON" },
	{ "insurance-year", 0, OPT_TEXT, offsetof(struct scan_opts, year), "MM-DD",
	  "医保年度的第一天，默认 01-01", "first day of the insurance year, 01-01 by default" },
	{ "all-fields", 0, OPT_FLAG, offsetof(struct scan_opts, all_fields), NULL,
	  "读入全部字段（报告各字段缺失比例），较慢",
	  "read every field, for the report's shares of missing; slower" },
	{ 0 },
};

const struct command cmd_scan = {
	.name = "scan",
	.args = "PATH...",
	.zh = "不用数据库，直接判定文件，列出疑点",
	.en = "judge files without any database and list the findings",
	.more_zh = "PATH 是核心表导出文件（可为 "
		   ".gz），或装有这些文件的目录。结果已排序，与线程数无关，\n"
		   "逐字节相同。标准错误输出报告：行数、金额合计、拒收原因与位置、缺失比例、各规则"
		   "的命中、\n"
		   "未命中、例外、无法判断；--json 时报告也是 JSON。\n"
		   "有没有疑点不影响退出码；合计不平为 1；文件读不了、没有数据为 3，此时不写结果。",
	.more_en = "PATH is an extract file (.gz too) or a folder of them. The result is sorted "
		   "and the same, byte\n"
		   "for byte, for any number of threads. Standard error gets a report: rows, sums "
		   "of money, rejects\n"
		   "with places, shares of missing, and per rule hits, no hits, excepted, cannot "
		   "judge; as JSON with\n"
		   "--json. Findings do not change the exit code; 1 when the sums do not add up, 3 "
		   "when a file\n"
		   "cannot be read or there is no data, and then no result is written.",
	.opt = scan_opt,
	.opt_size = sizeof(struct scan_opts),
	.min_args = 1,
	.max_args = -1,
	.exec = scan_exec,
};
