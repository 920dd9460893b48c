/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * purge_files.c - files set aside, the journal asked, then gone or back.
 *
 * In this order, nothing is lost: what the journal named before a file was set aside is seen
 * here; what it names later finds the file missing before anybody is told that it is safe.
 */
#include "daemon/cli/purge_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/journal/read.h"
#include "lib/base/hash.h"
#include "lib/base/map.h"

static const char gone_sql[] =
	"SELECT digest FROM fundwatch.intake GROUP BY digest "
	"HAVING bool_and(archive = 'purged')";

struct waiting {
	struct map64 item;      /* number -> hash of digest */
};

static bool take_entry(void *ctx, uint64_t segment, const struct segment_entry *en, struct err *e)
{
	struct waiting *w = ctx;
	(void)segment;
	if (en->kind == ENTRY_DONE) {
		(void)map64_del(&w->item, en->number);
		return true;
	}
	struct journal_item *it = input_parse(en, NULL);
	if (!it)
		return err_set(e, ERR_INPUT, "the journal has an entry that says nothing");
	(void)map64_put(&w->item, en->number, hash_str(str_of(it->digest)));
	journal_item_free(it);
	return true;
}

/* Hashes of the digests that wait, as keys of `out`. No journal, nothing waits. */
static bool ask_journal(const char *path, struct map64 *out, struct err *e)
{
	struct waiting w;
	struct journal_found found;
	uint64_t number, digest;
	size_t at = 0;
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ||
		       err_set(e, ERR_WORLD, "journal folder %s: %s", path, strerror(errno));
	map64_init(&w.item);
	bool ok = journal_read(dir, take_entry, &w, &found, e);
	while (ok && map64_next(&w.item, &at, &number, &digest))
		(void)map64_put(out, digest, 1);
	map64_fini(&w.item);
	(void)close(dir);
	return ok;
}

static bool set_aside(const PGresult *r, struct archive *a, struct err *e)
{
	for (int i = 0; i < PQntuples(r); i++) {
		const char *digest = PQgetvalue(r, i, 0);
		if (archive_size(a, digest) >= 0 && !archive_aside(a, digest, e))
			return false;
	}
	return true;
}

/* `waits` NULL: all of them back. */
static bool settle(const PGresult *r, struct archive *a, const struct map64 *waits,
		   uint64_t *removed, struct err *e)
{
	bool ok = true;
	for (int i = 0; ok && i < PQntuples(r); i++) {
		const char *digest = PQgetvalue(r, i, 0);
		if (!archive_is_aside(a, digest))
			continue;
		bool back = !waits || map64_get(waits, hash_str(str_of(digest)), NULL);
		ok = back ? archive_back(a, digest, e) : archive_remove(a, digest, e);
		*removed += ok && !back;
	}
	return ok;
}

bool purge_files(struct db *db, struct archive *a, const char *journal, uint64_t *removed,
		 struct err *e)
{
	struct map64 waits;
	struct err ignored;
	PGresult *r = db_query(db, gone_sql, 0, NULL, e);
	if (!r)
		return false;
	map64_init(&waits);
	bool ok = set_aside(r, a, e) && ask_journal(journal, &waits, e);
	if (ok)
		ok = settle(r, a, &waits, removed, e);
	else
		(void)!settle(r, a, NULL, removed, &ignored);
	map64_fini(&waits);
	PQclear(r);
	return ok;
}
