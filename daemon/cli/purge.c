/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * purge.c - `fundwatch purge`: raw inputs past their time leave the archive, typed records the
 * database.
 *
 * What goes: the input as it came, and the raw texts of its rejected lines; and, when asked for,
 * all records of visits that ended before a day. What stays: alerts, history, registers, and
 * that the input was there. Whatever a hold or the evidence of an
 * alert needs is kept and told. First the database says that it is gone, then the file goes; a
 * purge that was cut short is finished by the next.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/folders.h"
#include "daemon/cli/purge_files.h"
#include "daemon/cli/rows.h"
#include "daemon/cli/words.h"
#include "daemon/source/desk.h"
#include "lib/base/civil.h"

#define DAY 86400
#define CHINA_SECONDS (8 * 3600)

struct purge_opts {
	struct db_opts db;
	const char *archive, *before, *records, *by;
	bool dry_run;
};

struct sums {
	uint64_t inputs, bytes, kept, files;
	PGresult *records;       /* what, n; NULL: not asked for */
};

struct places {
	struct buf day, records, journal, archive; /* days: "" is not asked for */
};

/* Inputs taken before the day that are still in the archive, and why they must stay. */
static const char list_sql[] =
	"SELECT i.intake_id AS intake, i.file_name AS file, i.begun_at::date AS taken, i.bytes, "
	"i.digest, coalesce(n.why, '') AS needed FROM fundwatch.intake i "
	"LEFT JOIN (SELECT intake_id, min(why) AS why FROM fundwatch.intake_needed "
	"GROUP BY intake_id) n USING (intake_id) "
	"WHERE i.archive = 'kept' AND i.state <> 'reading' AND i.begun_at < $1::date "
	"ORDER BY i.intake_id";
enum { LIST_INTAKE, LIST_FILE, LIST_TAKEN, LIST_BYTES, LIST_DIGEST, LIST_NEEDED };

/* A day: told, or as many days back as the settings keep things; else none. */
static bool find_day(const char *told, const char *option, int64_t keep, struct buf *day,
		     struct err *e)
{
	int32_t ignored;
	if (told) {
		buf_adds(day, told);
		return civil_parse_date(str_of(told), &ignored) ||
		       err_set(e, ERR_CONF, "%s takes a date like 2026-03-01, not %s", option,
			       told);
	}
	if (keep > 0)
		civil_add_date(day, (int32_t)((time(NULL) + CHINA_SECONDS) / DAY - keep));
	return true;
}

static bool find_days(const struct purge_opts *o, const struct conf *conf, struct places *at,
		      struct err *e)
{
	if (!find_day(o->before, "--before", conf->retention_raw_days, &at->day, e) ||
	    !find_day(o->records, "--records-before", conf->retention_record_days, &at->records, e))
		return false;
	return at->day.n > 0 || at->records.n > 0 ||
	       err_set(e, ERR_CONF, "--before or --records-before says up to when; "
		       "retention.raw_days and record_days are 0, which keeps everything");
}

static void sum_up(const PGresult *r, struct sums *s)
{
	for (int i = 0; i < PQntuples(r); i++) {
		bool kept = *PQgetvalue(r, i, LIST_NEEDED) != '\0';
		s->kept += kept;
		s->inputs += !kept;
		s->bytes += kept ? 0 : strtoull(PQgetvalue(r, i, LIST_BYTES), NULL, 10);
	}
}

/* The same question is asked again inside the statement: a hold may have come meanwhile. */
static bool mark(struct db *db, const char *day, const char *by, struct err *e)
{
	const char *value[] = { day, by };
	return db_execp(db,
		"WITH gone AS (UPDATE fundwatch.intake i SET archive = 'purged', "
		"purged_at = now(), purged_by = $2 WHERE i.archive = 'kept' "
		"AND i.state <> 'reading' AND i.begun_at < $1::date AND NOT EXISTS "
		"(SELECT FROM fundwatch.intake_needed n WHERE n.intake_id = i.intake_id) "
		"RETURNING i.intake_id) "
		"UPDATE fundwatch.reject r SET raw = '' FROM gone "
		"WHERE r.intake_id = gone.intake_id", 2, value, e);
}

static void records_out(const struct cli *c, const PGresult *r, bool dry, struct buf *b)
{
	buf_adds(b, dry ? cli_text(c, "将清除记录", "records would go:")
			: cli_text(c, "已清除记录", "records are gone:"));
	for (int i = 0; i < PQntuples(r); i++) {
		enum stream s = stream_find(str_of(PQgetvalue(r, i, 0)));
		if (s < STREAM_COUNT)
			buf_addf(b, " %s %s", word_stream(c, s), PQgetvalue(r, i, 1));
		else
			buf_addf(b, cli_text(c, "；保留就诊 %s 次", "; %s visits are needed"),
				 PQgetvalue(r, i, 1));
	}
	buf_addc(b, '\n');
}

static void text_out(const struct cli *c, const PGresult *r, const struct sums *s, bool dry,
		     struct buf *b)
{
	if (s->records)
		records_out(c, s->records, dry, b);
	if (!r)
		return;
	for (int i = 0; i < PQntuples(r); i++) {
		if (*PQgetvalue(r, i, LIST_NEEDED))
			buf_addf(b, cli_text(c, "保留 第 %s 次收件 %s：%s\n", "kept  intake %s %s: %s\n"),
				 PQgetvalue(r, i, LIST_INTAKE), PQgetvalue(r, i, LIST_FILE),
				 PQgetvalue(r, i, LIST_NEEDED));
	}
	buf_addf(b, dry ? cli_text(c, "将清除 %" PRIu64 " 份收件、%" PRIu64 " 字节；保留 %" PRIu64
				      " 份（没有改动任何东西）\n",
				   "%" PRIu64 " inputs of %" PRIu64 " bytes would go, %" PRIu64
				   " are needed (nothing was changed)\n")
			: cli_text(c, "已清除 %" PRIu64 " 份收件、%" PRIu64 " 字节；保留 %" PRIu64
				      " 份\n",
				   "%" PRIu64 " inputs of %" PRIu64 " bytes are gone, %" PRIu64
				   " are needed\n"),
		 s->inputs, s->bytes, s->kept);
}

static void json_out(const PGresult *r, const struct sums *s, bool dry, struct buf *b)
{
	buf_addf(b, "{\"dry_run\":%s,\"purged\":%" PRIu64 ",\"bytes\":%" PRIu64
		 ",\"needed\":%" PRIu64 ",\"files_removed\":%" PRIu64 ",\"inputs\":[",
		 dry ? "true" : "false", s->inputs, s->bytes, s->kept, s->files);
	if (r)
		rows_json(b, r);
	buf_adds(b, "],\"records\":{");
	for (int i = 0; s->records && i < PQntuples(s->records); i++)
		buf_addf(b, "%s\"%s\":%s", i ? "," : "", PQgetvalue(s->records, i, 0),
			 PQgetvalue(s->records, i, 1));
	buf_adds(b, "}}\n");
}

static bool purge_raw(struct db *db, const struct purge_opts *o, const struct places *at,
		      struct sums *s, PGresult **list, struct err *e)
{
	struct archive a;
	const char *day = buf_cstr(&at->day), *value[] = { day };
	*list = db_query(db, list_sql, 1, value, e);
	if (!*list)
		return false;
	sum_up(*list, s);
	if (o->dry_run)
		return true;
	if (!archive_open(&a, buf_cstr(&at->archive), false, e))
		return false;
	bool ok = mark(db, day, o->by, e) &&
		  purge_files(db, &a, buf_cstr(&at->journal), &s->files, e);
	archive_close(&a);
	return ok;
}

/* A dry run does it and takes it back: so what it tells is what would be. */
static bool purge_records(struct db *db, const struct purge_opts *o, const struct places *at,
			  struct sums *s, struct err *e)
{
	const char *value[] = { buf_cstr(&at->records), o->by ? o->by : "" };
	if (!db_exec(db, "BEGIN", e))
		return false;
	s->records = db_query(db, "SELECT what, n FROM fundwatch.purge_records($1::date, $2)", 2,
			      value, e);
	return s->records && db_exec(db, o->dry_run ? "ROLLBACK" : "COMMIT", e);
}

static bool purge(struct db *db, const struct purge_opts *o, const struct places *at,
		  struct sums *s, PGresult **list, struct err *e)
{
	return (at->day.n == 0 || purge_raw(db, o, at, s, list, e)) &&
	       (at->records.n == 0 || purge_records(db, o, at, s, e));
}

static enum cli_exit run(struct cli *c, const struct purge_opts *o, const struct places *at)
{
	struct sums s = { 0 };
	struct db db;
	struct err e = { 0 };
	struct buf b;
	PGresult *list = NULL;
	enum cli_exit code = cli_db_open(c, &o->db, false, &db);
	if (code != CLI_OK)
		return code;
	buf_init(&b, 0);
	bool ok = purge(&db, o, at, &s, &list, &e);
	if (ok && c->json)
		json_out(list, &s, o->dry_run, &b);
	else if (ok)
		text_out(c, list, &s, o->dry_run, &b);
	code = ok ? cli_out(c, &b, CLI_OK) : cli_err(c, &e);
	PQclear(list);
	PQclear(s.records);
	buf_fini(&b);
	db_close(&db);
	return code;
}

static enum cli_exit purge_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct purge_opts *o = opt;
	struct conf conf;
	struct places at;
	struct err e = { 0 };
	(void)n, (void)arg;
	if (!o->dry_run && (!o->by || !*o->by))
		return cli_error(c, CLI_USAGE, cli_text(c, "--by 写明是谁", "--by says who"));
	if (!o->db.conf)
		conf_init(&conf);
	else if (!conf_load(&conf, o->db.conf, &e))
		return cli_err(c, &e);
	buf_init(&at.day, 0);
	buf_init(&at.records, 0);
	buf_init(&at.journal, 0);
	buf_init(&at.archive, 0);
	desk_journal_dir(&conf, &at.journal);
	folders_archive(&conf, o->archive, &at.archive);
	enum cli_exit code = find_days(o, &conf, &at, &e) ? run(c, o, &at) : cli_err(c, &e);
	conf_fini(&conf);
	buf_fini(&at.day);
	buf_fini(&at.records);
	buf_fini(&at.journal);
	buf_fini(&at.archive);
	return code;
}

static const struct opt purge_opt[] = {
	DB_OPTS(struct purge_opts),
	ARCHIVE_OPT(struct purge_opts, archive),
	{ "before", 0, OPT_TEXT, offsetof(struct purge_opts, before), "DATE",
	  "这天以前收到的；不写则按设置 retention.raw_days",
	  "what was taken before this day; by default as retention.raw_days says" },
	{ "records-before", 0, OPT_TEXT, offsetof(struct purge_opts, records), "DATE",
	  "这天以前结束的就诊的全部记录；不写则按设置 retention.record_days",
	  "all records of visits that ended before this day; by default as retention.record_days "
	  "says" },
	{ "by", 0, OPT_TEXT, offsetof(struct purge_opts, by), "NAME", "是谁", "who" },
	{ "dry-run", 'n', OPT_FLAG, offsetof(struct purge_opts, dry_run), NULL,
	  "只说会清除什么", "only tell what would go" },
	{ 0 },
};

const struct command cmd_purge = {
	.name = "purge",
	.args = "",
	.zh = "清除过了保存期的原始收件和记录",
	.en = "remove raw inputs and records that are past their time",
	.more_zh = "清除的是原始档案中的文件和被拒行的原文；要求时还有早已结束的就诊的全部记录。\n"
		   "疑点、经过、处理和登记都还在。留存的、或者有效疑点和已处理疑点的证据\n"
		   "所需要的，不清除，并说明为什么。",
	.more_en = "What goes are files of the raw archive and the raw texts of rejected lines;\n"
		   "when asked for, all records of visits that ended long ago. Alerts, their\n"
		   "history, acts and registers stay. What a hold needs, or the evidence of an "
		   "alert that\n"
		   "stands or was decided on, is kept: it is told why.",
	.opt = purge_opt,
	.opt_size = sizeof(struct purge_opts),
	.exec = purge_exec,
};
