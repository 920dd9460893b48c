/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seen.c - an entry on disk: its head (magic, size of the answer, digests of key and content,
 * check over all of it), then the answer.
 */
#include "daemon/http/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/hash.h"
#include "lib/base/map.h"
#include "lib/base/mem.h"

#define MAGIC UINT32_C(0x4e454553) /* SEEN */
#define ANSWER_MAX (1u << 20)

struct entry_head {
	uint32_t magic, n;
	uint64_t key[2], content[2];
	uint64_t check;
};

struct entry {
	uint64_t key_low, content[2];
	uint64_t offset;           /* of the answer */
	uint32_t n;
};

/* One file and what is in it. */
struct half {
	int fd;
	uint64_t size;
	struct map64 index;        /* high half of the key's digest -> entry + 1 */
	struct entry *entry;
	uint32_t n, cap;
};

struct seen {
	int dir;
	uint32_t most;
	struct half old, fresh;
};

static void digest_of(const char *text, uint64_t out[2])
{
	struct digest d;
	digest_init(&d);
	digest_add(&d, text, strlen(text));
	digest_raw(&d, out);
}

static uint64_t check_of(const struct entry_head *h, const void *answer)
{
	struct entry_head copy = *h;
	copy.check = 0;
	return hash_join(hash_bytes(&copy, sizeof copy), hash_bytes(answer, h->n));
}

static void put_entry(struct half *half, const struct entry_head *h, uint64_t offset)
{
	GROW(half->entry, half->cap, half->n + 1);
	half->entry[half->n++] = (struct entry){
		.key_low = h->key[1], .content = { h->content[0], h->content[1] },
		.offset = offset, .n = h->n,
	};
	(void)map64_put(&half->index, h->key[0], half->n);
}

/* ---- files ---- */

/* Entries up to the first that is not whole; what follows is cut off. */
static bool read_half(struct half *half, const char *name, struct err *e)
{
	struct entry_head h;
	char *answer = xmalloc(ANSWER_MAX);
	off_t at = 0;
	while (pread(half->fd, &h, sizeof h, at) == (ssize_t)sizeof h && h.magic == MAGIC &&
	       h.n <= ANSWER_MAX &&
	       pread(half->fd, answer, h.n, at + (off_t)sizeof h) == (ssize_t)h.n &&
	       check_of(&h, answer) == h.check) {
		put_entry(half, &h, (uint64_t)at + sizeof h);
		at += (off_t)(sizeof h + h.n);
	}
	xfree(answer);
	half->size = (uint64_t)at;
	return ftruncate(half->fd, at) == 0 ||
	       err_set(e, ERR_WORLD, "%s: %s", name, strerror(errno));
}

static bool open_half(struct seen *s, struct half *half, const char *name, struct err *e)
{
	*half = (struct half){ .fd = openat(s->dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
					    S_IRUSR | S_IWUSR) };
	map64_init(&half->index);
	if (half->fd < 0)
		return err_set(e, ERR_WORLD, "%s: %s", name, strerror(errno));
	return read_half(half, name, e);
}

static void close_half(struct half *half)
{
	if (half->fd >= 0)
		(void)close(half->fd);
	map64_fini(&half->index);
	xfree(half->entry);
}

struct seen *seen_open(const char *dir, uint32_t most, struct err *e)
{
	struct seen *s = xcalloc(1, sizeof *s);
	s->most = most;
	s->old.fd = s->fresh.fd = -1;
	s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = s->dir >= 0 || err_set(e, ERR_WORLD, "%s: %s", dir, strerror(errno));
	if (ok && open_half(s, &s->old, "seen.old", e) && open_half(s, &s->fresh, "seen.new", e))
		return s;
	seen_close(s);
	return NULL;
}

void seen_close(struct seen *s)
{
	if (!s)
		return;
	close_half(&s->old);
	close_half(&s->fresh);
	if (s->dir >= 0)
		(void)close(s->dir);
	xfree(s);
}

/* The newer half becomes the older one. */
static bool turn(struct seen *s, struct err *e)
{
	if (renameat(s->dir, "seen.new", s->dir, "seen.old") != 0)
		return err_set(e, ERR_WORLD, "seen.new: %s", strerror(errno));
	close_half(&s->old);
	s->old = s->fresh;
	return open_half(s, &s->fresh, "seen.new", e);
}

/* ---- asking and noting ---- */

static const struct entry *find(const struct half *half, const uint64_t key[2])
{
	uint64_t at;
	if (!map64_get(&half->index, key[0], &at) || half->entry[at - 1].key_low != key[1])
		return NULL;
	return &half->entry[at - 1];
}

static bool read_answer(const struct half *half, const struct entry *en, struct buf *answer)
{
	char *p = xmalloc(en->n + 1u);
	bool whole = pread(half->fd, p, en->n, (off_t)en->offset) == (ssize_t)en->n;
	if (whole)
		buf_add(answer, p, en->n);
	xfree(p);
	return whole;
}

enum seen_answer seen_ask(struct seen *s, const char *key, const char *digest, struct buf *answer)
{
	uint64_t k[2], content[2];
	digest_of(key, k);
	digest_of(digest, content);
	const struct half *half = &s->fresh;
	const struct entry *en = find(half, k);
	if (!en) {
		half = &s->old;
		en = find(half, k);
	}
	if (!en)
		return SEEN_NEW;
	if (en->content[0] != content[0] || en->content[1] != content[1])
		return SEEN_OTHER;
	return read_answer(half, en, answer) ? SEEN_SAME : SEEN_NEW;
}

bool seen_note(struct seen *s, const char *key, const char *digest, struct str answer,
	       struct err *e)
{
	struct entry_head h = { .magic = MAGIC, .n = answer.n };
	struct buf b;
	if (answer.n > ANSWER_MAX)
		return err_set(e, ERR_LIMIT, "an answer of %u bytes is not remembered", answer.n);
	if (s->fresh.n >= s->most / 2 + 1 && !turn(s, e))
		return false;
	digest_of(key, h.key);
	digest_of(digest, h.content);
	h.check = check_of(&h, answer.p);
	buf_init(&b, 0);
	buf_add(&b, &h, sizeof h);
	buf_addstr(&b, answer);
	bool ok = pwrite(s->fresh.fd, b.p, b.n, (off_t)s->fresh.size) == (ssize_t)b.n;
	if (ok) {
		put_entry(&s->fresh, &h, s->fresh.size + sizeof h);
		s->fresh.size += b.n;
	}
	buf_fini(&b);
	return ok || err_set(e, ERR_WORLD, "seen.new: %s", strerror(errno));
}
