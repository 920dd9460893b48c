/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recover.c - from what is on disk to a journal that can be written to.
 *
 * Every entry is read and checked; items without a done mark wait again. Bytes that stood in
 * the journal itself may not have reached the archive: they are put there anew.
 */
#include "daemon/journal/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/host/log.h"
#include "lib/base/mem.h"

static void note_segment(struct journal *j, uint64_t segment)
{
	if (j->n_use > 0 && j->use[j->n_use - 1].number == segment)
		return;
	GROW(j->use, j->cap_use, j->n_use + 1);
	j->use[j->n_use++] = (struct segment_use){ segment, 0, false };
}

static void keep_done(struct journal *j, uint64_t number)
{
	uint64_t value;
	if (!map64_get(&j->by_number, number, &value))
		return;
	const struct waiting *w = (const struct waiting *)(uintptr_t)value;
	GROW(j->done, j->cap_done, j->n_done + 1);
	j->done[j->n_done++] = journal_item_copy(w->item);
	journal_forget(j, number);
}

static bool take_entry(void *ctx, uint64_t segment, const struct segment_entry *en, struct err *e)
{
	struct journal *j = ctx;
	note_segment(j, segment);
	if (en->kind == ENTRY_DONE) {
		keep_done(j, en->number);
		return true;
	}
	struct journal_item *it = input_parse(en, NULL);
	if (!it)
		return err_set(e, ERR_INPUT, "journal segment %016" PRIu64 " offset %" PRIu64
			       ": the entry does not say what it should", segment, en->offset);
	journal_wait(j, it, segment, en->kind == ENTRY_BYTES);
	return true;
}

/* Second reading: bytes of items that wait, back into the archive where they are missing. */
static bool restore_entry(void *ctx, uint64_t segment, const struct segment_entry *en,
			  struct err *e)
{
	struct journal *j = ctx;
	struct str bytes;
	(void)segment;
	if (en->kind != ENTRY_BYTES || !map64_get(&j->by_number, en->number, NULL))
		return true;
	struct journal_item *it = input_parse(en, &bytes);
	struct err ignored;
	bool ok = archive_check(&j->archive, it->digest, &ignored);
	if (!ok)
		ok = archive_remove(&j->archive, it->digest, e) &&
		     journal_keep(j, it, bytes, e);
	journal_item_free(it);
	return ok;
}

static int by_number(const void *a, const void *b)
{
	const struct journal_item *x = *(struct journal_item *const *)a,
				  *y = *(struct journal_item *const *)b;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Items that wait, in order; those in the archive must be there. */
static bool list_replay(struct journal *j, bool *bytes, struct err *e)
{
	uint64_t key, value;
	size_t at = 0;
	*bytes = false;
	while (map64_next(&j->by_number, &at, &key, &value)) {
		const struct waiting *w = (const struct waiting *)(uintptr_t)value;
		*bytes = *bytes || w->bytes;
		if (!w->bytes &&
		    archive_size(&j->archive, w->item->digest) != (int64_t)w->item->bytes)
			return err_set(e, ERR_INPUT, "journal: item %" PRIu64 " (`%s`) waits, but "
				       "the archive does not hold its %" PRIu64 " bytes (digest "
				       "%s)", key, w->item->in.name, w->item->bytes,
				       w->item->digest);
		GROW(j->replay, j->cap_replay, j->n_replay + 1);
		j->replay[j->n_replay++] = journal_item_copy(w->item);
		j->items++;
		j->bytes += w->item->bytes;
	}
	if (j->n_replay > 0)
		qsort(j->replay, j->n_replay, sizeof *j->replay, by_number);
	return true;
}

static bool fail(struct err *e, const char *name)
{
	return err_set(e, ERR_WORLD, "journal: %s: %s", name, strerror(errno));
}

/* The position file is there before the first segment is. */
static bool make_first(struct journal *j, struct err *e)
{
	j->position_fd = openat(j->dir, "position.new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
				0640);
	if (j->position_fd < 0)
		return fail(e, "position");
	j->next = 1;
	if (!journal_rotate(j, e))
		return false;
	if (fdatasync(j->position_fd) != 0 ||
	    renameat(j->dir, "position.new", j->dir, "position") != 0 || fsync(j->dir) != 0)
		return fail(e, "position");
	return true;
}

/* A first segment without a position never held anything: the first start was cut short. */
static bool drop_stillborn(struct journal *j, struct err *e)
{
	char name[SEGMENT_NAME];
	if (faccessat(j->dir, "position.new", F_OK, 0) != 0 ||
	    faccessat(j->dir, "position", F_OK, 0) == 0)
		return true;
	segment_name(1, name);
	if (unlinkat(j->dir, name, 0) != 0 && errno != ENOENT)
		return fail(e, name);
	return true;
}

static bool cut_tail(struct journal *j, const struct journal_found *f, struct err *e)
{
	char name[SEGMENT_NAME];
	if (f->torn_segment == 0)
		return true;
	segment_name(f->torn_segment, name);
	log_warn("journal", "%s: %" PRIu64 " bytes behind offset %" PRIu64 " are cut off, a crash "
		 "left them unfinished (%s); nobody was told that they are safe", name, f->torn,
		 f->torn_head ? 0 : f->end.offset, f->torn_why);
	if (f->torn_head)
		return (unlinkat(j->dir, name, 0) == 0 && fsync(j->dir) == 0) || fail(e, name);
	int fd = openat(j->dir, name, O_RDWR | O_CLOEXEC);
	bool ok = fd >= 0 && ftruncate(fd, (off_t)f->end.offset) == 0 && fsync(fd) == 0;
	if (!ok)
		(void)fail(e, name);
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool go_on(struct journal *j, const struct journal_found *f, struct err *e)
{
	char name[SEGMENT_NAME];
	segment_name(f->end.segment, name);
	note_segment(j, f->end.segment);
	j->end = f->end;
	j->next = f->next;
	j->segments = j->n_use;
	j->position_fd = openat(j->dir, "position", O_RDWR | O_CLOEXEC);
	j->fd = openat(j->dir, name, O_RDWR | O_CLOEXEC);
	if (j->fd < 0 || j->position_fd < 0)
		return fail(e, name);
	return (fdatasync(j->fd) == 0 || fail(e, name)) && journal_place(j, e);
}

bool journal_recover(struct journal *j, struct err *e)
{
	struct journal_found f;
	bool bytes;
	if (!drop_stillborn(j, e) || !journal_read(j->dir, take_entry, j, &f, e))
		return false;
	if (f.fresh)
		return make_first(j, e);
	if (!list_replay(j, &bytes, e) ||
	    (bytes && !journal_read(j->dir, restore_entry, j, &f, e)) || !cut_tail(j, &f, e) ||
	    !go_on(j, &f, e))
		return false;
	if (j->n_replay > 0)
		log_notice("journal", "%u inputs of %" PRIu64 " bytes wait since before the start",
			   j->n_replay, (uint64_t)j->bytes);
	journal_release(j);
	return true;
}
