/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/release.h"

#include <stdio.h>
#include <string.h>

#include "daemon/sink/pgcopy.h"
#include "daemon/sink/words.h"
#include "daemon/work/files.h"
#include "lib/base/mem.h"

struct text {
	char *path;
	char *bytes;
	size_t n;
	char digest[DIGEST_HEX];
};

struct release {
	char digest[DIGEST_HEX];
	uint32_t n_rule;
	struct buf rules;        /* COPY rows of rule_release_rule */
	struct text *text;
	uint32_t n_text, cap_text;
};

static void add_text(struct release *r, const char *path, struct str bytes)
{
	struct digest d;
	GROW(r->text, r->cap_text, r->n_text + 1);
	struct text *t = &r->text[r->n_text++];
	*t = (struct text){ .path = xstrdup(path), .bytes = xmemdup(bytes.p, bytes.n),
			    .n = bytes.n };
	digest_init(&d);
	digest_addstr(&d, bytes);
	digest_hex(&d, t->digest);
}

static bool has_text(const struct release *r, const char *path)
{
	for (uint32_t i = 0; i < r->n_text; i++)
		if (strcmp(r->text[i].path, path) == 0)
			return true;
	return false;
}

static bool add_knowledge(struct release *r, const struct knowledge_part *k, struct err *e)
{
	char path[4096];
	struct buf bytes;
	(void)snprintf(path, sizeof path, STR_FMT, STR_ARG(k->path));
	if (has_text(r, path))
		return true;
	buf_init(&bytes, 0);
	bool ok = file_read(path, KNOWLEDGE_FILE_MAX, &bytes, e);
	if (ok)
		add_text(r, path, buf_str(&bytes));
	buf_fini(&bytes);
	return ok;
}

static void add_rule(struct release *r, const struct rule *rule)
{
	struct buf *b = &r->rules;
	pgcopy_row(b, 10);
	pgcopy_text(b, str_of(r->digest));
	pgcopy_text(b, rule->id);
	pgcopy_text(b, str_of(rule->digest));
	pgcopy_text(b, rule->title);
	pgcopy_bigint(b, rule->version);
	pgcopy_text(b, rule->basis);
	pgcopy_text(b, str_of(word_category(rule->category)));
	pgcopy_text(b, str_of(word_nature(rule->nature)));
	pgcopy_text(b, str_of(word_severity(rule->severity)));
	pgcopy_text(b, str_of(word_rule_state(rule->state)));
}

bool release_make(struct release **out, const struct ruleset *rs, const struct diag_list *d,
		  struct err *e)
{
	struct release *r = xcalloc(1, sizeof *r);
	bool ok = true;
	memcpy(r->digest, rs->digest, DIGEST_HEX);
	r->n_rule = rs->n_rule;
	buf_init(&r->rules, 0);
	pgcopy_begin(&r->rules);
	for (uint32_t i = 0; i < rs->n_rule; i++)
		add_rule(r, &rs->rule[i]);
	pgcopy_end(&r->rules);
	for (uint32_t i = 0; i < d->n_files; i++)
		if (!has_text(r, d->file[i].name))
			add_text(r, d->file[i].name, d->file[i].text);
	for (uint32_t i = 0; ok && i < rs->n_knowledge; i++)
		for (uint32_t k = 0; ok && k < rs->knowledge[i]->n_part; k++)
			ok = add_knowledge(r, &rs->knowledge[i]->part[k], e);
	if (!ok) {
		release_free(r);
		r = NULL;
	}
	*out = r;
	return ok;
}

void release_free(struct release *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->n_text; i++) {
		xfree(r->text[i].path);
		xfree(r->text[i].bytes);
	}
	xfree(r->text);
	buf_fini(&r->rules);
	xfree(r);
}

static bool write_release(const struct release *r, struct db *db, int64_t at, bool *fresh,
			  struct err *e)
{
	char when[24], n_rules[16];
	const char *const value[] = { r->digest, when, FUNDWATCH_VERSION, n_rules };
	(void)snprintf(when, sizeof when, "%lld", (long long)at);
	(void)snprintf(n_rules, sizeof n_rules, "%u", r->n_rule);
	PGresult *res = db_query(db,
		"INSERT INTO fundwatch.rule_release (digest, published_at, published_by, engine, "
		"n_rules) VALUES ($1, 'epoch'::timestamptz + "
		"$2::bigint * interval '1 microsecond', 'fundwatchd', "
		"$3, $4) ON CONFLICT DO NOTHING RETURNING digest", 4, value, e);
	if (!res)
		return false;
	*fresh = PQntuples(res) > 0;
	PQclear(res);
	return true;
}

static bool write_text(const struct release *r, const struct text *t, struct db *db, struct err *e)
{
	const char *value[] = { t->digest, t->bytes };
	const int length[] = { 0, (int)t->n }, format[] = { 0, 1 };
	PGresult *res = PQexecParams(db->conn,
		"INSERT INTO fundwatch.rule_text (text_digest, content) VALUES ($1, $2) "
		"ON CONFLICT DO NOTHING", 2, NULL, value, length, format, 0);
	bool ok = PQresultStatus(res) == PGRES_COMMAND_OK;
	if (!ok)
		(void)err_set(e, ERR_WORLD, "PostgreSQL: %s", PQresultErrorMessage(res));
	PQclear(res);
	const char *const link[] = { r->digest, t->path, t->digest };
	return ok && db_execp(db, "INSERT INTO fundwatch.rule_release_text (release, path, "
				  "text_digest) VALUES ($1, $2, $3)", 3, link, e);
}

bool release_write(const struct release *r, struct db *db, int64_t at, struct err *e)
{
	bool fresh, ok = write_release(r, db, at, &fresh, e);
	if (!ok || !fresh)
		return ok;
	ok = db_copy_in(db, "COPY fundwatch.rule_release_rule (release, rule_id, rule_digest, "
			    "title, version, basis, category, nature, severity, state) "
			    "FROM STDIN (FORMAT binary)", e) &&
	     db_copy_put(db, &r->rules, e) && db_copy_done(db, e);
	for (uint32_t i = 0; ok && i < r->n_text; i++)
		ok = write_text(r, &r->text[i], db, e);
	return ok;
}
