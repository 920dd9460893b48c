/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * copy.c - the copier's thread: large inputs into the archive, so that the writer never waits
 * for their bytes; and old segments away.
 */
#include "daemon/journal/state.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host/fault.h"
#include "daemon/host/log.h"
#include "lib/base/mem.h"

#define BLOCK (1u << 20)

/* In the archive for good: now the journal may name it. */
static void hand_on(struct journal *j, struct journal_item *item, void *tag)
{
	struct writer_msg m = { .kind = WRITER_PUT, .item = item, .tag = tag };
	bool put = queue_put(j->inbox, &m, NULL);
	(void)put; /* the inbox is closed after this thread has ended */
}

static bool copy_bytes(struct journal *j, struct archive_file *f, int fd, char *block,
		       struct err *e)
{
	ssize_t n;
	while ((n = fault_fails(archive_copy) ? -1 : read(fd, block, BLOCK)) != 0) {
		if (n < 0 && errno != EINTR)
			return err_set(e, ERR_WORLD, "reading: %s", strerror(errno));
		if (j->closing)
			return err_set(e, ERR_WORLD, "the journal is being closed");
		if (n > 0 && !archive_write(f, block, (size_t)n, e))
			return false;
	}
	return true;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The counted size is the one of when it was handed in: another one now is a change too. */
static bool copy_whole(struct journal *j, const struct copy_msg *m, struct archive_file *f,
		       char *block, struct err *e)
{
	struct stat before, after;
	if (fstat(m->fd, &before) != 0 || !copy_bytes(j, f, m->fd, block, e) ||
	    fstat(m->fd, &after) != 0)
		return *e->text ? false : err_set(e, ERR_WORLD, "reading: %s", strerror(errno));
	if (!same_file(&before, &after) || f->bytes != m->item->bytes)
		return err_set(e, ERR_INPUT, "the file was changed while it was read");
	return true;
}

static void copy_file(struct journal *j, struct copy_msg *m, char *block)
{
	struct archive_file f = { .fd = -1 };
	struct err e = { .text = "" };
	bool ok = archive_begin(&j->archive, &f, &e) && copy_whole(j, m, &f, block, &e) &&
		  archive_seal(&j->archive, &f, true, m->item->digest, &e);
	(void)close(m->fd);
	if (ok) {
		hand_on(j, m->item, m->tag);
		return;
	}
	archive_drop(&j->archive, &f);
	journal_refuse(j, m->item, m->tag, &e);
}

static void add_piece(struct journal *j, struct copy_msg *m)
{
	struct spill *s = m->spill;
	if (!s->begun && !s->failed)
		s->failed = !archive_begin(&j->archive, &s->file, &s->why);
	s->begun = true;
	if (!s->failed)
		s->failed = !archive_write(&s->file, m->bytes, m->n, &s->why);
	xfree(m->bytes);
}

static void end_spill(struct journal *j, struct spill *s)
{
	s->failed = s->failed ||
		    !archive_seal(&j->archive, &s->file, true, s->item->digest, &s->why);
	if (s->failed) {
		archive_drop(&j->archive, &s->file);
		journal_refuse(j, s->item, s->tag, &s->why);
	} else {
		hand_on(j, s->item, s->tag);
	}
	xfree(s);
}

static void drop_spill(struct journal *j, struct spill *s)
{
	archive_drop(&j->archive, &s->file);
	xfree(s);
}

/* What stood in the segment's own bytes is in the archive; once that is synced it may go. */
static void release(struct journal *j, const struct copy_msg *m)
{
	char name[SEGMENT_NAME];
	struct err e;
	segment_name(m->segment, name);
	if (j->stuck)
		return; /* no gap among those that stay */
	if (m->sync && !archive_sync(&j->archive, &e)) {
		log_error("journal", "%s and later ones are kept: %s", name, e.text);
		j->stuck = true;
		return;
	}
	fault(journal_release);
	if (unlinkat(j->dir, name, 0) == 0 && fsync(j->dir) == 0)
		return;
	log_error("journal", "%s and later ones are kept: %s", name, strerror(errno));
	j->stuck = true;
}

void *journal_copier(void *journal)
{
	struct journal *j = journal;
	struct copy_msg m;
	char *block = xmalloc(BLOCK);
	while (queue_get(j->copies, &m)) {
		if (m.kind == COPY_FILE)
			copy_file(j, &m, block);
		else if (m.kind == COPY_PIECE)
			add_piece(j, &m);
		else if (m.kind == COPY_END)
			end_spill(j, m.spill);
		else if (m.kind == COPY_DROP)
			drop_spill(j, m.spill);
		else
			release(j, &m);
	}
	xfree(block);
	return NULL;
}
