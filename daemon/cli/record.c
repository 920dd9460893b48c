/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * record.c - `fundwatch record show`: every version of a record, with its raw line as it came.
 *
 * Which versions there are is asked of the database, the lines are read from the raw archive;
 * several lines of one input are found in one reading. Results are sorted: records as asked
 * for or as the alert has them, the winning version first.
 */
#include "daemon/cli/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/commands.h"
#include "daemon/cli/db.h"
#include "daemon/cli/folders.h"
#include "daemon/journal/archive.h"
#include "daemon/work/feeds.h"
#include "lib/base/dec.h"
#include "lib/base/mem.h"
#include "lib/record/identity.h"

struct record_opts {
	struct db_opts db;
	const char *archive, *alert;
};

/* ---- which versions ---- */

/* Rows without a serial of their own go by several fields, as the timeline joins them. */
static const struct joined_serial {
	enum stream stream;
	enum field part[5];
} joined[] = {
	{ STREAM_TRACE, { FIELD_trace_setl_id, FIELD_trace_drug_trac_codg,
			  FIELD_trace_trac_chg_type, FIELD_NONE } },
	{ STREAM_REPORT, { FIELD_report_rpotc_no, FIELD_report_med_list_codg,
			   FIELD_report_exam_item_detl_code, FIELD_NONE } },
	{ STREAM_STOCK, { FIELD_stock_infno, FIELD_stock_fixmedins_bchno, FIELD_stock_rtal_docno,
			  FIELD_stock_drug_trac_codg, FIELD_stock_inv_chg_time } },
};

static const struct joined_serial *joined_serial(enum stream s)
{
	for (size_t i = 0; i < sizeof joined / sizeof joined[0]; i++)
		if (joined[i].stream == s)
			return &joined[i];
	return NULL;
}

static void add_joined(struct buf *sql, const struct joined_serial *x)
{
	for (unsigned i = 0; i < 5 && x->part[i] != FIELD_NONE; i++) {
		const struct field_info *f = field_get(x->part[i]);
		if (f->type == TYPE_TIME)
			buf_addf(sql, "%scoalesce(extract(epoch FROM r.%s)::bigint::text, '')",
				 i ? " || chr(31) || " : "", f->name);
		else
			buf_addf(sql, "%scoalesce(r.%s, '')", i ? " || chr(31) || " : "", f->name);
	}
}

/* The row's own serial, as identity.h names it, as text. */
static void add_serial(struct buf *sql, enum stream s)
{
	enum field f = identity_serial(s);
	if (joined_serial(s))
		add_joined(sql, joined_serial(s));
	else if (s == STREAM_FEE)
		buf_adds(sql, "coalesce(r.feedetl_sn, r.bkkp_sn, '')");
	else if (f == FIELD_NONE)
		buf_adds(sql, "''");
	else
		buf_addf(sql, "coalesce(r.%s::text, '')", field_get(f)->name);
}

static bool has_field(enum stream s, const char *name)
{
	return field_find(s, str_of(name)) != FIELD_NONE;
}

static void add_field(struct buf *sql, enum stream s, const char *name)
{
	if (has_field(s, name))
		buf_addf(sql, ", coalesce(r.%s, '')", name);
	else
		buf_adds(sql, ", ''");
}

static void add_select(struct buf *sql, enum stream s)
{
	buf_addf(sql, "SELECT '%s', r.identity, r.intake_id, r.line, r.revision, i.file_name, "
		 "i.digest, i.feed_digest, i.feed, i.archive, ", stream_name(s));
	add_serial(sql, s);
	add_field(sql, s, "fixmedins_code");
	add_field(sql, s, "mdtrt_id");
	buf_addf(sql, " FROM fundwatch.%s r JOIN fundwatch.intake i USING (intake_id) ",
		 stream_name(s));
}

static void add_order(struct buf *sql)
{
	buf_adds(sql, " ORDER BY r.identity, r.revision DESC NULLS LAST, r.digest < 0 DESC, "
		 "r.digest DESC, r.intake_id, r.line");
}

static bool add_versions(struct versions *v, struct db *db, const struct buf *sql, int n,
			 const char *const *value, struct err *e)
{
	PGresult *r = db_query(db, buf_cstr(sql), n, value, e);
	if (!r)
		return false;
	for (int i = 0; i < PQntuples(r); i++) {
		const char *t[RECORD_TEXTS];
		for (int k = 0; k < RECORD_TEXTS; k++)
			t[k] = PQgetvalue(r, i, k);
		versions_add(v, t);
	}
	PQclear(r);
	return true;
}

/* By uuid, or by the record's own serial. */
static bool find_identity(struct versions *v, struct db *db, enum stream s, const char *id,
			  struct err *e)
{
	struct buf sql;
	const char *value[] = { id };
	bool uuid = strlen(id) == 36 && strspn(id, "0123456789abcdefABCDEF-") == 36;
	buf_init(&sql, 0);
	add_select(&sql, s);
	buf_adds(&sql, "WHERE ");
	if (uuid)
		buf_adds(&sql, "r.identity = $1::uuid");
	else
		add_serial(&sql, s);
	buf_adds(&sql, uuid ? "" : " = $1");
	add_order(&sql);
	bool ok = add_versions(v, db, &sql, 1, value, e);
	buf_fini(&sql);
	return ok;
}

/* What a finding names: a record of a visit; of a stay all that makes it. */
static bool find_record(struct versions *v, struct db *db, enum stream s, bool all,
			const char *const value[3], struct err *e)
{
	struct buf sql;
	buf_init(&sql, 0);
	add_select(&sql, s);
	buf_adds(&sql, "WHERE num_nulls($1::text, $2::text, $3::text) = 0");
	if (has_field(s, "mdtrt_id"))
		buf_adds(&sql, " AND coalesce(r.mdtrt_id, '') = $2");
	if (has_field(s, "fixmedins_code") && s != STREAM_DIAGNOSIS && s != STREAM_OPERATION)
		buf_adds(&sql, " AND coalesce(r.fixmedins_code, '') = $1");
	if (!all) {
		buf_adds(&sql, " AND ");
		add_serial(&sql, s);
		buf_adds(&sql, " = $3");
	}
	add_order(&sql);
	bool ok = add_versions(v, db, &sql, 3, value, e);
	buf_fini(&sql);
	return ok;
}

static bool find_alert(struct versions *v, struct db *db, const char *id, bool *there,
		       struct err *e)
{
	const char *value[] = { id };
	PGresult *r = db_query(db, "SELECT stream, fixmedins_code, mdtrt_id, record_id "
				   "FROM fundwatch.alert_record WHERE alert_id = $1 ORDER BY seq",
			       1, value, e);
	bool ok = r != NULL;
	*there = ok && PQntuples(r) > 0;
	for (int i = 0; ok && i < PQntuples(r); i++) {
		enum stream s = stream_find(str_of(PQgetvalue(r, i, 0)));
		const char *key[3] = { PQgetvalue(r, i, 1), PQgetvalue(r, i, 2),
				       PQgetvalue(r, i, 3) };
		if (s < STREAM_STORED)
			ok = find_record(v, db, s, false, key, e);
		else
			ok = find_record(v, db, STREAM_ENCOUNTER, true, key, e) &&
			     find_record(v, db, STREAM_SETTLEMENT, true, key, e);
	}
	PQclear(r);
	return ok;
}

/* ---- the command ---- */

static enum cli_exit check(const struct cli *c, const struct record_opts *o, int n,
			   char *const *arg)
{
	int64_t number;
	if (o->alert ? n != 0 : n != 2)
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "要一个流和一个编号，或 --alert 疑点编号",
					  "takes a stream and an identity, or --alert ALERT"));
	if (o->alert && !dec_parse(str_of(o->alert), 0, &number))
		return cli_error(c, CLI_USAGE,
				 cli_text(c, "疑点编号是一个整数，不是 %s",
					  "an alert's number is an integer, not %s"), o->alert);
	if (!o->alert && stream_find(str_of(arg[0])) >= STREAM_STORED)
		return cli_error(c, CLI_USAGE, cli_text(c, "没有这个流：%s", "there is no stream %s"),
				 arg[0]);
	return CLI_OK;
}

static bool find(struct versions *v, struct db *db, const struct record_opts *o, char *const *arg,
		 struct err *e)
{
	bool there;
	if (!o->alert)
		return find_identity(v, db, stream_find(str_of(arg[0])), arg[1], e);
	return find_alert(v, db, o->alert, &there, e);
}

/* Archive and feed of the settings; an archive that is not there has none of the lines. */
static bool read_lines(struct versions *v, const struct record_opts *o, struct err *e)
{
	struct conf conf;
	struct buf dir;
	struct archive a = { .dir = -1 };
	struct err ignored;
	if (!o->db.conf)
		conf_init(&conf);
	else if (!conf_load(&conf, o->db.conf, e))
		return false;
	buf_init(&dir, 0);
	folders_archive(&conf, o->archive, &dir);
	struct feeds *feeds = feeds_read(&conf, e);
	if (feeds && !archive_open(&a, buf_cstr(&dir), false, &ignored))
		a.dir = -1;
	if (feeds)
		versions_read(v, &a, feeds);
	archive_close(&a);
	bool ok = feeds != NULL;
	feeds_free(feeds);
	conf_fini(&conf);
	buf_fini(&dir);
	return ok;
}

static enum cli_exit show_exec(struct cli *c, const void *opt, int n, char *const *arg)
{
	const struct record_opts *o = opt;
	struct versions v;
	struct db db;
	struct err e = { 0 };
	struct buf b;
	enum cli_exit code = check(c, o, n, arg);
	if (code == CLI_OK)
		code = cli_db_open(c, &o->db, false, &db);
	if (code != CLI_OK)
		return code;
	versions_init(&v);
	buf_init(&b, 0);
	if (!find(&v, &db, o, arg, &e) || !read_lines(&v, o, &e)) {
		code = cli_err(c, &e);
	} else if (v.n == 0) {
		code = cli_error(c, CLI_WORLD, cli_text(c, "没有这样的记录", "there is no such record"));
	} else {
		versions_print(&v, c, &b);
		code = cli_out(c, &b, CLI_OK);
	}
	buf_fini(&b);
	versions_fini(&v);
	db_close(&db);
	return code;
}

static const struct opt show_opt[] = {
	DB_OPTS(struct record_opts),
	ARCHIVE_OPT(struct record_opts, archive),
	{ "alert", 0, OPT_TEXT, offsetof(struct record_opts, alert), "ALERT",
	  "这条疑点的全部证据记录", "all records an alert stands on" },
	{ 0 },
};

const struct command cmd_record_show = {
	.name = "record show",
	.args = "[STREAM IDENTITY]",
	.zh = "一条记录的全部版本，连同收到时的原始行",
	.en = "every version of a record, with the raw line as it came",
	.more_zh = "STREAM 是 fee、settlement 等；IDENTITY 是表中的 identity，或记录自己的流水号。\n"
		   "原始行取自原始档案，未使用的列也在；第一个版本是现行的。",
	.more_en = "STREAM is fee, settlement and so on; IDENTITY the identity in its table, or\n"
		   "the record's own serial. The raw line comes from the raw archive with all its\n"
		   "columns, also those nobody uses; the first version is the one in force.",
	.opt = show_opt,
	.opt_size = sizeof(struct record_opts),
	.min_args = 0,
	.max_args = 2,
	.exec = show_exec,
};
