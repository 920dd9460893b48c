/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * write.c - the writer's thread: entries of all who wait into the segment, one sync, then
 * everybody is told.
 *
 * When writing fails the segment is cut back to where the batch began, and the batch is
 * refused. When syncing fails nobody knows what the disk holds: the journal is broken.
 */
#include "daemon/journal/state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/host/fault.h"
#include "lib/base/hash.h"
#include "lib/base/mem.h"

#define BATCH_MAX 256u
#define BATCH_BYTES (4u << 20)

/* What was put in one batch, to be told after the sync. */
struct batch {
	struct journal_notice notice[BATCH_MAX];
	uint64_t fresh[BATCH_MAX];   /* bytes to be given back: the item is no new one */
	uint32_t n;
	struct position begun;
	uint64_t next;
	bool sync;
};

static void *value_of(const struct map64 *m, uint64_t key)
{
	uint64_t v = 0;
	return map64_get(m, key, &v) ? (void *)(uintptr_t)v : NULL;
}

/* ---- items that wait ---- */

static uint64_t name_key(const struct journal_item *it)
{
	return hash_join(hash_join(hash_str(str_of(it->in.name)), hash_str(str_of(it->digest))),
			 hash_str(str_of(it->in.feed_digest)));
}

static uint64_t sender_key(const struct journal_item *it)
{
	return hash_join(hash_join(hash_str(str_of(it->in.feed)), hash_str(str_of(it->in.key))),
			 hash_str(str_of(it->in.scope)));
}

static struct segment_use *use_of(struct journal *j, uint64_t segment)
{
	for (uint32_t i = j->n_use; i > 0; i--)
		if (j->use[i - 1].number == segment)
			return &j->use[i - 1];
	return NULL;
}

void journal_wait(struct journal *j, struct journal_item *take_item, uint64_t segment, bool bytes)
{
	struct waiting *w = xmalloc(sizeof *w);
	struct segment_use *use = use_of(j, segment);
	*w = (struct waiting){ take_item, segment, bytes };
	assert(use);
	use->left++;
	use->bytes = use->bytes || bytes;
	(void)map64_put(&j->by_number, take_item->number, (uintptr_t)w);
	(void)map64_put(&j->by_name, name_key(take_item), (uintptr_t)w);
	if (*take_item->in.key)
		(void)map64_put(&j->by_key, sender_key(take_item), (uintptr_t)w);
}

static void unlist(struct map64 *m, uint64_t key, const struct waiting *w)
{
	if (value_of(m, key) == w)
		(void)map64_del(m, key);
}

void journal_forget(struct journal *j, uint64_t number)
{
	struct waiting *w = value_of(&j->by_number, number);
	struct segment_use *use;
	if (!w)
		return;
	use = use_of(j, w->segment);
	if (use)
		use->left--;
	(void)map64_del(&j->by_number, number);
	unlist(&j->by_name, name_key(w->item), w);
	if (*w->item->in.key)
		unlist(&j->by_key, sender_key(w->item), w);
	journal_item_free(w->item);
	xfree(w);
}

static bool same_input(const struct journal_item *a, const struct journal_item *b)
{
	return strcmp(a->in.name, b->in.name) == 0 && strcmp(a->digest, b->digest) == 0 &&
	       strcmp(a->in.feed_digest, b->in.feed_digest) == 0;
}

/* An item that waits already and is this one, or has its key. */
static const struct journal_item *find_earlier(struct journal *j, const struct journal_item *it,
					       enum journal_answer *answer)
{
	const struct waiting *w = value_of(&j->by_name, name_key(it));
	*answer = JOURNAL_KNOWN;
	if (w && same_input(w->item, it))
		return w->item;
	w = *it->in.key ? value_of(&j->by_key, sender_key(it)) : NULL;
	if (!w || strcmp(w->item->in.key, it->in.key) != 0)
		return NULL;
	*answer = strcmp(w->item->digest, it->digest) == 0 ? JOURNAL_KNOWN : JOURNAL_CONFLICT;
	return w->item;
}

/* ---- files ---- */

static bool fail(struct err *e, const char *what)
{
	return err_set(e, ERR_WORLD, "journal: %s: %s", what, strerror(errno));
}

static bool write_all(int fd, const char *p, size_t n, uint64_t at, struct err *e)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);
		if (done < 0 && errno != EINTR)
			return fail(e, "writing");
		if (done > 0) {
			p += done;
			at += (uint64_t)done;
			n -= (size_t)done;
		}
	}
	return true;
}

bool journal_place(struct journal *j, struct err *e)
{
	unsigned char bytes[POSITION_BYTES];
	position_put(&j->end, bytes);
	if (fault_fails(journal_position))
		return fail(e, "position");
	return write_all(j->position_fd, (const char *)bytes, sizeof bytes, 0, e);
}

static bool make_segment(struct journal *j, uint64_t number, struct buf *head, int *fd,
			 struct err *e)
{
	char name[SEGMENT_NAME];
	segment_name(number, name);
	*fd = openat(j->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (*fd >= 0 && write_all(*fd, head->p, head->n, 0, e) && fdatasync(*fd) == 0 &&
	    fsync(j->dir) == 0)
		return true;
	(void)fail(e, name);
	if (*fd >= 0)
		(void)close(*fd);
	(void)unlinkat(j->dir, name, 0);
	return false;
}

/* The old segment is whole on disk before the new one is there. */
bool journal_rotate(struct journal *j, struct err *e)
{
	struct segment_head h = { j->end.segment + 1, j->next, j->end.check, journal_now() };
	struct buf head;
	uint64_t check;
	int fd = -1;
	if (fault_fails(journal_rotate))
		return fail(e, "making a segment");
	if (j->fd >= 0 && fdatasync(j->fd) != 0) {
		(void)fail(e, "syncing");
		journal_break(j, e->text);
		return false;
	}
	buf_init(&head, 0);
	segment_add_head(&head, &h, &check);
	bool ok = make_segment(j, h.number, &head, &fd, e);
	buf_fini(&head);
	if (!ok)
		return false;
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = fd;
	j->end = (struct position){ h.number, SEGMENT_HEAD, check };
	GROW(j->use, j->cap_use, j->n_use + 1);
	j->use[j->n_use++] = (struct segment_use){ h.number, 0, false };
	j->segments = j->n_use;
	return journal_place(j, e);
}

bool journal_keep(struct journal *j, const struct journal_item *it, struct str bytes,
		  struct err *e)
{
	struct archive_file f;
	char digest[DIGEST_HEX];
	if (!archive_begin(&j->archive, &f, e))
		return false;
	if (!archive_write(&f, bytes.p, bytes.n, e)) {
		archive_drop(&j->archive, &f);
		return false;
	}
	return archive_seal(&j->archive, &f, false, digest, e) &&
	       (strcmp(digest, it->digest) == 0 ||
		err_set(e, ERR_INPUT, "journal: item %" PRIu64 " has other bytes than its digest "
			"says", it->number));
}

/* Strictly from the oldest: what is done stands in later segments than what it is about. */
void journal_release(struct journal *j)
{
	uint32_t gone = 0;
	while (gone + 1 < j->n_use && j->use[gone].left == 0) {
		struct copy_msg m = { .kind = COPY_RELEASE, .segment = j->use[gone].number,
				      .sync = j->use[gone].bytes };
		if (!queue_try_put(j->copies, &m, NULL))
			break;
		gone++;
	}
	if (gone == 0)
		return;
	j->n_use -= gone;
	memmove(j->use, j->use + gone, j->n_use * sizeof *j->use);
	j->segments = j->n_use;
}

/* ---- one batch ---- */

static void add_entry(struct journal *j, enum entry_kind kind, uint64_t number, struct str payload)
{
	segment_add_entry(&j->out, kind, number, payload, &j->end.check);
	j->written++;
}

static void add_item(struct journal *j, struct journal_item *it, struct str bytes, bool in_journal)
{
	struct buf payload;
	buf_init(&payload, 0);
	it->number = j->next++;
	input_add(&payload, it, bytes);
	add_entry(j, in_journal ? ENTRY_BYTES : ENTRY_FILE, it->number, buf_str(&payload));
	buf_fini(&payload);
}

static void put(struct journal *j, struct batch *b, struct writer_msg *m)
{
	struct journal_notice *n = &b->notice[b->n];
	struct str bytes = str_make(m->bytes, m->bytes ? m->item->bytes : 0);
	const struct journal_item *earlier = find_earlier(j, m->item, &n->answer);
	n->tag = m->tag;
	n->item = NULL;
	b->fresh[b->n] = m->item->bytes;
	if (earlier) {
		n->item = journal_item_copy(earlier);
	} else if (m->bytes && !journal_keep(j, m->item, bytes, &n->why)) {
		n->answer = JOURNAL_REFUSED;
	} else {
		add_item(j, m->item, bytes, m->bytes != NULL);
		n->answer = JOURNAL_DURABLE;
		n->item = journal_item_copy(m->item);
		journal_wait(j, m->item, j->end.segment, m->bytes != NULL);
		m->item = NULL;
		b->fresh[b->n] = 0;
		b->sync = true;
	}
	b->n++;
	journal_item_free(m->item);
	xfree(m->bytes);
}

static void take(struct journal *j, struct batch *b, struct writer_msg *m)
{
	if (m->kind == WRITER_PUT) {
		put(j, b, m);
		return;
	}
	if (!value_of(&j->by_number, m->number))
		return;
	add_entry(j, ENTRY_DONE, m->number, (struct str){ NULL, 0 });
	journal_forget(j, m->number);
}

/* Two halves, so that a test may stop between them. */
static bool write_out(struct journal *j, struct err *e)
{
	size_t half = FAULTS ? j->out.n / 2 : j->out.n;
	if (fault_fails(journal_write))
		return fail(e, "writing");
	if (!write_all(j->fd, j->out.p, half, j->end.offset, e))
		return false;
	if (fault_fails(journal_torn))
		return fail(e, "writing");
	return write_all(j->fd, j->out.p + half, j->out.n - half, j->end.offset + half, e);
}

/* As if it had never been; what is done is told again after the next start. */
static void undo(struct journal *j, struct batch *b, const struct err *why)
{
	if (ftruncate(j->fd, (off_t)b->begun.offset) != 0)
		journal_break(j, "a segment cannot be cut back");
	for (uint32_t i = 0; i < b->n; i++) {
		struct journal_notice *n = &b->notice[i];
		if (!n->item || n->item->number < b->next)
			continue;
		if (n->answer == JOURNAL_DURABLE) {
			b->fresh[i] = n->item->bytes;
			journal_forget(j, n->item->number);
		}
		journal_item_free(n->item);
		*n = (struct journal_notice){ JOURNAL_REFUSED, n->tag, NULL, *why };
	}
	j->end = b->begun;
	j->next = b->next;
}

static bool sync_out(struct journal *j, struct batch *b, struct err *e)
{
	if (!b->sync)
		return true;
	if (fault_fails(journal_sync) || fdatasync(j->fd) != 0) {
		(void)fail(e, "syncing");
		journal_break(j, e->text);
		return false;
	}
	j->synced++;
	if (journal_place(j, e))
		return true;
	journal_break(j, e->text);
	return false;
}

static bool commit(struct journal *j, struct batch *b, struct err *e)
{
	if (j->out.n == 0)
		return true;
	if (j->broken)
		return err_set(e, ERR_WORLD, "journal: its disk failed");
	if (!write_out(j, e))
		return false;
	j->end.offset += j->out.n;
	return sync_out(j, b, e);
}

/* A mark at once, so that it is there whenever the item's entry is. */
static bool mark_done(struct journal *j, uint64_t number, struct err *e)
{
	buf_reset(&j->out);
	add_entry(j, ENTRY_DONE, number, (struct str){ NULL, 0 });
	journal_forget(j, number);
	if (!write_all(j->fd, j->out.p, j->out.n, j->end.offset, e) || fdatasync(j->fd) != 0)
		return fail(e, "writing");
	j->end.offset += j->out.n;
	return journal_place(j, e);
}

/* A purge may have taken the same bytes out of the archive while they came in again: nobody was
 * told yet, so they are refused, and come once more. */
static void check_archive(struct journal *j, struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		struct journal_notice *n = &b->notice[i];
		struct err e;
		if (n->answer != JOURNAL_DURABLE ||
		    archive_size(&j->archive, n->item->digest) == (int64_t)n->item->bytes)
			continue;
		if (!mark_done(j, n->item->number, &e))
			journal_break(j, e.text);
		b->fresh[i] = n->item->bytes;
		journal_item_free(n->item);
		*n = (struct journal_notice){ .answer = JOURNAL_REFUSED, .tag = n->tag };
		(void)err_set(&n->why, ERR_WORLD, "the archive's copy went away");
	}
}

static void tell_all(struct journal *j, struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++) {
		struct journal_notice *n = &b->notice[i];
		j->bytes -= b->fresh[i];
		if (n->answer != JOURNAL_DURABLE)
			j->items--;
		journal_tell(j, n);
	}
}

static void begin(struct journal *j, struct batch *b)
{
	struct err e;
	if (j->end.offset >= j->conf.segment && !j->broken && !journal_rotate(j, &e) &&
	    j->end.offset == SEGMENT_HEAD)
		journal_break(j, e.text); /* the new one is there, its position is not */
	b->begun = j->end;
	b->next = j->next;
	b->n = 0;
	b->sync = false;
	buf_reset(&j->out);
}

void *journal_writer(void *journal)
{
	struct journal *j = journal;
	struct batch *b = xmalloc(sizeof *b);
	struct writer_msg m;
	struct err e;
	while (queue_get(j->inbox, &m)) {
		begin(j, b);
		do
			take(j, b, &m);
		while (b->n < BATCH_MAX && j->out.n < BATCH_BYTES &&
		       queue_take(j->inbox, &m, 1) == 1);
		if (!commit(j, b, &e))
			undo(j, b, &e);
		else
			check_archive(j, b);
		tell_all(j, b);
		journal_release(j);
	}
	if (!j->broken && fdatasync(j->fd) == 0)
		(void)!journal_place(j, &e);
	xfree(b);
	return NULL;
}
