/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * journal.c - the doors: tickets and files in, items out; what waits is counted here.
 */
#include "daemon/journal/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host/clock.h"
#include "daemon/host/fault.h"
#include "lib/base/mem.h"

#define INBOX_DEPTH 2048u
#define COPIES_DEPTH 256u
#define COMING_MAX 512u     /* less than a mailbox takes, so that telling never waits */
#define ITEMS_MAX 1000000u

struct journal_ticket {
	struct journal *j;
	struct journal_item *item;
	void *tag;
	struct buf bytes;
	struct spill *spill;
};

int64_t journal_now(void)
{
	return clock_wall();
}

static struct journal_item *new_item(const struct journal_input *in)
{
	struct journal_item *it = xcalloc(1, sizeof *it);
	const char *const from[] = { in->source, in->name, in->feed, in->feed_digest, in->key,
				     in->scope };
	const char **const to[] = { &it->in.source, &it->in.name, &it->in.feed,
				    &it->in.feed_digest, &it->in.key, &it->in.scope };
	for (unsigned i = 0; i < sizeof to / sizeof to[0]; i++)
		*to[i] = xstrdup(from[i] ? from[i] : "");
	it->in.extract_date = in->extract_date;
	it->at = journal_now();
	return it;
}

struct journal_item *journal_item_copy(const struct journal_item *it)
{
	struct journal_item *copy = new_item(&it->in);
	copy->number = it->number;
	copy->bytes = it->bytes;
	copy->at = it->at;
	memcpy(copy->digest, it->digest, DIGEST_HEX);
	return copy;
}

void journal_tell(struct journal *j, struct journal_notice *n)
{
	fault(journal_told);
	j->coming--;
	j->conf.told(j->conf.ctx, n);
}

void journal_refuse(struct journal *j, struct journal_item *take_item, void *tag,
		    const struct err *why)
{
	struct journal_notice n = { JOURNAL_REFUSED, tag, NULL, *why };
	j->bytes -= take_item->bytes;
	j->items--;
	journal_item_free(take_item);
	journal_tell(j, &n);
}

void journal_break(struct journal *j, const char *why)
{
	if (!j->broken && j->conf.broken)
		j->conf.broken(j->conf.ctx, why);
	j->broken = true;
}

/* ---- full or not ---- */

bool journal_full(const struct journal *j)
{
	return j->broken || j->bytes >= j->conf.bound || j->items >= ITEMS_MAX ||
	       j->coming >= COMING_MAX;
}

static bool turned_away(const struct journal *j, struct err *e)
{
	if (j->broken)
		return err_set(e, ERR_WORLD, "the journal's disk failed: nothing is taken");
	return err_set(e, ERR_LIMIT, "the journal is full: %" PRIu64 " inputs of %" PRIu64
		       " bytes wait for the database", (uint64_t)j->items, (uint64_t)j->bytes);
}

/* One input larger than the bound is taken when nothing else waits. */
static bool fits(const struct journal *j, uint64_t mine, uint64_t more)
{
	return j->bytes == mine || j->bytes + more <= j->conf.bound;
}

static void count(struct journal *j, struct journal_item *it, uint64_t bytes)
{
	it->bytes += bytes;
	j->bytes += bytes;
}

/* ---- tickets ---- */

struct journal_ticket *journal_begin(struct journal *j, const struct journal_input *in, void *tag,
				     struct err *e)
{
	if (journal_full(j)) {
		(void)turned_away(j, e);
		return NULL;
	}
	struct journal_ticket *t = xcalloc(1, sizeof *t);
	t->j = j;
	t->item = new_item(in);
	t->tag = tag;
	buf_init(&t->bytes, 0);
	j->items++;
	j->coming++;
	return t;
}

/* What has come is handed to the copier, which writes it into the archive. */
static bool spill(struct journal_ticket *t)
{
	struct copy_msg m = { .kind = COPY_PIECE };
	if (!t->spill) {
		t->spill = xcalloc(1, sizeof *t->spill);
		t->spill->file.fd = -1;
	}
	m.spill = t->spill;
	m.bytes = t->bytes.p;
	m.n = t->bytes.n;
	if (!queue_try_put(t->j->copies, &m, NULL))
		return false;
	buf_init(&t->bytes, 0);
	return true;
}

bool journal_append(struct journal_ticket *t, const void *p, size_t n, struct err *e)
{
	const char *at = p;
	if (t->j->broken || !fits(t->j, t->item->bytes, n))
		return turned_away(t->j, e);
	count(t->j, t->item, n);
	while (n > 0) {
		size_t room = INLINE_MAX - t->bytes.n, part = n < room ? n : room;
		buf_add(&t->bytes, at, part);
		at += part;
		n -= part;
		if (n > 0 && !spill(t))
			return err_set(e, ERR_LIMIT, "the archive's disk is slower than what "
				       "comes in");
	}
	return true;
}

static void free_ticket(struct journal_ticket *t)
{
	buf_fini(&t->bytes);
	xfree(t);
}

static void end_large(struct journal_ticket *t)
{
	struct copy_msg last = { .kind = COPY_PIECE, .spill = t->spill };
	struct copy_msg end = { .kind = COPY_END, .spill = t->spill };
	last.bytes = buf_take(&t->bytes, &last.n);
	t->spill->item = t->item;
	t->spill->tag = t->tag;
	bool put = queue_put(t->j->copies, &last, NULL) && queue_put(t->j->copies, &end, NULL);
	(void)put; /* false: the journal is closed, which its user must not do before */
}

static void end_small(struct journal_ticket *t)
{
	struct writer_msg m = { .kind = WRITER_PUT, .item = t->item, .tag = t->tag };
	struct digest d;
	digest_init(&d);
	digest_add(&d, t->bytes.p, t->bytes.n);
	digest_hex(&d, t->item->digest);
	m.bytes = t->bytes.n ? buf_take(&t->bytes, NULL) : xstrdup("");
	bool put = queue_put(t->j->inbox, &m, NULL);
	(void)put;
}

void journal_end(struct journal_ticket *t)
{
	if (t->spill)
		end_large(t);
	else
		end_small(t);
	free_ticket(t);
}

void journal_drop(struct journal_ticket *t)
{
	if (!t)
		return;
	t->j->bytes -= t->item->bytes;
	t->j->items--;
	t->j->coming--;
	struct copy_msg drop = { .kind = COPY_DROP, .spill = t->spill };
	if (t->spill && !queue_put(t->j->copies, &drop, NULL))
		xfree(t->spill);
	journal_item_free(t->item);
	free_ticket(t);
}

void *journal_ticket_tag(const struct journal_ticket *t)
{
	return t->tag;
}

bool journal_file(struct journal *j, const struct journal_input *in, int take_fd, bool again,
		  void *tag, struct err *e)
{
	struct stat st;
	struct copy_msg m = { .kind = COPY_FILE, .fd = take_fd, .tag = tag };
	uint64_t size = fstat(take_fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	bool ok = !j->broken && (again || (!journal_full(j) && fits(j, 0, size)));
	if (ok) {
		m.item = new_item(in);
		j->items++;
		j->coming++;
		count(j, m.item, size);
		if (queue_try_put(j->copies, &m, NULL))
			return true;
		j->items--;
		j->coming--;
		j->bytes -= size;
		journal_item_free(m.item);
	}
	(void)close(take_fd);
	return turned_away(j, e);
}

/* ---- items ---- */

struct journal_item *journal_replay(struct journal *j)
{
	return j->replay_at < j->n_replay ? j->replay[j->replay_at++] : NULL;
}

struct journal_item *journal_recheck(struct journal *j)
{
	return j->recheck_at < j->n_done ? j->done[j->recheck_at++] : NULL;
}

void journal_again(struct journal *j, const struct journal_item *it)
{
	j->items++;
	j->bytes += it->bytes;
}

int journal_item_fd(struct journal *j, const struct journal_item *it, struct err *e)
{
	return archive_fd(&j->archive, it->digest, e);
}

void journal_done(struct journal *j, const struct journal_item *it)
{
	struct writer_msg m = { .kind = WRITER_DONE, .number = it->number };
	fault(journal_done);
	j->bytes -= it->bytes;
	j->items--;
	bool put = queue_put(j->inbox, &m, NULL);
	(void)put; /* false while closing: it is given again, and known */
}

void journal_stats_get(const struct journal *j, struct journal_stats *out)
{
	*out = (struct journal_stats){
		.items = j->items, .bytes = j->bytes, .bound = j->conf.bound,
		.segments = j->segments, .written = j->written, .synced = j->synced,
	};
}

/* ---- life ---- */

static bool open_folder(struct journal *j, struct err *e)
{
	const char *dir = j->conf.dir;
	if (mkdir(dir, 0750) != 0 && errno != EEXIST)
		return err_set(e, ERR_WORLD, "journal folder %s: %s", dir, strerror(errno));
	j->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir < 0)
		return err_set(e, ERR_WORLD, "journal folder %s: %s", dir, strerror(errno));
	if (flock(j->dir, LOCK_EX | LOCK_NB) != 0)
		return err_set(e, ERR_CONF, "journal folder %s: another fundwatchd writes there",
			       dir);
	return archive_open(&j->archive, j->conf.archive, true, e);
}

static bool start(struct journal *j, struct err *e)
{
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&j->writer, NULL, journal_writer, j);
	j->writer_runs = error == 0;
	if (error == 0)
		error = pthread_create(&j->copier, NULL, journal_copier, j);
	j->copier_runs = error == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0 || err_set(e, ERR_WORLD, "the journal's threads do not start: %s",
				     strerror(error));
}

struct journal *journal_open(const struct journal_conf *conf, struct err *e)
{
	struct journal *j = xcalloc(1, sizeof *j);
	j->conf = *conf;
	j->dir = j->fd = j->position_fd = j->archive.dir = -1;
	j->inbox = queue_new(sizeof(struct writer_msg), INBOX_DEPTH);
	j->copies = queue_new(sizeof(struct copy_msg), COPIES_DEPTH);
	map64_init(&j->by_number);
	map64_init(&j->by_name);
	map64_init(&j->by_key);
	buf_init(&j->out, 0);
	if (open_folder(j, e) && journal_recover(j, e) && start(j, e))
		return j;
	journal_close(j);
	return NULL;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

static void free_waiting(struct journal *j)
{
	uint64_t key, value;
	size_t at = 0;
	while (map64_next(&j->by_number, &at, &key, &value)) {
		struct waiting *w = (struct waiting *)(uintptr_t)value;
		journal_item_free(w->item);
		xfree(w);
	}
	map64_fini(&j->by_number);
	map64_fini(&j->by_name);
	map64_fini(&j->by_key);
	while (j->replay_at < j->n_replay)
		journal_item_free(j->replay[j->replay_at++]);
	xfree(j->replay);
	while (j->recheck_at < j->n_done)
		journal_item_free(j->done[j->recheck_at++]);
	xfree(j->done);
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	j->closing = true;
	queue_close(j->copies);
	if (j->copier_runs)
		(void)pthread_join(j->copier, NULL);
	queue_close(j->inbox);
	if (j->writer_runs)
		(void)pthread_join(j->writer, NULL);
	queue_free(j->copies);
	queue_free(j->inbox);
	free_waiting(j);
	xfree(j->use);
	buf_fini(&j->out);
	archive_close(&j->archive);
	close_fd(j->fd);
	close_fd(j->position_fd);
	close_fd(j->dir);
	xfree(j);
}
