/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/source/desk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/host/log.h"
#include "daemon/source/report.h"
#include "daemon/work/queue.h"
#include "lib/base/mem.h"

#define NOTICES 1024u       /* more than the journal tells before it is answered */
#define FILES_AT_ONCE 8u    /* being copied into the archive */
#define RETRY_MAX 32        /* seconds */
#define SMALL_MAX (256u << 10) /* bytes of an input that shares an epoch */
#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)

/* Somebody who waits for an input: a sender, or a file of the spool. */
struct watcher {
	struct watcher *next;
	struct desk_sender sender;
	struct spool_file *file;
	uint64_t holds;            /* item that is not given before this is told; 0: none */
};

/* A durable item until it is through. */
struct entry {
	struct entry *next;
	struct journal_item *item;
	struct watcher *watchers;
	bool held;                 /* its file is still being looked at */
};

struct desk {
	struct desk_conf conf;
	struct journal *journal;
	struct queue *notices;
	int fd;
	struct event *on_notice, *on_retry;
	struct entry *first, **last;
	struct entry *give;        /* the first that the engine has not got */
	struct watcher *coming;    /* handed in, nothing heard */
	unsigned files;            /* of them, of the spool */
	bool full, refused;        /* as the log says */
	int retry;                 /* seconds until refused ones are tried again */
};

/* ---- where it lies ---- */

static void folder(const char *set, const struct conf *c, const char *name, struct buf *out)
{
	if (*set)
		buf_adds(out, set);
	else
		buf_addf(out, "%s/%s", c->spool_dir, name);
}

void desk_journal_dir(const struct conf *c, struct buf *out)
{
	folder(c->journal_dir, c, ".journal", out);
}

void desk_archive_dir(const struct conf *c, struct buf *out)
{
	folder(c->archive_dir, c, ".archive", out);
}

/* ---- watchers and entries ---- */

static void free_watcher(struct watcher *w)
{
	if (w->file) {
		spool_file_fini(w->file);
		xfree(w->file);
	}
	xfree(w);
}

static void free_watchers(struct watcher *w)
{
	while (w) {
		struct watcher *next = w->next;
		free_watcher(w);
		w = next;
	}
}

static void unlink_watcher(struct watcher **list, const struct watcher *w)
{
	while (*list && *list != w)
		list = &(*list)->next;
	if (*list)
		*list = w->next;
}

static struct entry *find_entry(const struct desk *d, uint64_t number)
{
	struct entry *en = d->first;
	while (en && en->item->number != number)
		en = en->next;
	return en;
}

static struct entry *add_entry(struct desk *d, struct journal_item *take_item)
{
	struct entry *en = xcalloc(1, sizeof *en);
	en->item = take_item;
	*d->last = en;
	d->last = &en->next;
	if (!d->give)
		d->give = en;
	return en;
}

static void watch(struct entry *en, struct watcher *take_watcher)
{
	take_watcher->next = en->watchers;
	en->watchers = take_watcher;
}

/* ---- files of the spool ---- */

static void finish_file(struct desk *d, const struct spool_file *f, bool good, const char *report)
{
	struct err e;
	if (!spool_finish(d->conf.spool, f, good, str_of(report), &e))
		log_error("spool", "%s", e.text);
	else
		log_line(good ? LOG_INFO : LOG_WARN, "spool", "`%s` is %s", f->name,
			 good ? "done" : "failed, see its report");
	if (good)
		d->conf.stats->files_done++;
	else
		d->conf.stats->files_failed++;
}

static void refuse_file(struct desk *d, const struct spool_file *f, const char *why)
{
	struct buf text;
	struct err ignored;
	const struct named_feed *nf = feeds_of_file(d->conf.feeds, f->name, &ignored);
	struct report r = { .file = f->name, .feed = nf ? feed_name(nf->feed) : "", .reason = why,
			    .bytes = (uint64_t)f->was.st_size };
	buf_init(&text, 0);
	report_json(&r, &text);
	finish_file(d, f, false, buf_cstr(&text));
	buf_fini(&text);
}

static void retry_later(struct desk *d, const char *why)
{
	struct timeval pause;
	if (!d->refused)
		log_error("journal", "cannot take inputs: %s; trying again, files wait in the "
			  "spool", why);
	d->refused = true;
	d->retry = d->retry == 0 ? 1 : d->retry * 2 < RETRY_MAX ? d->retry * 2 : RETRY_MAX;
	pause = (struct timeval){ .tv_sec = d->retry };
	(void)event_add(d->on_retry, &pause);
}

/* The disk's fault is no fault of the file: it waits. */
static void file_refused(struct desk *d, struct watcher *w, const struct err *why)
{
	if (why->code == ERR_INPUT) {
		refuse_file(d, w->file, why->text);
		return;
	}
	spool_again(d->conf.spool, w->file);
	retry_later(d, why->text);
}

static void tell_room(struct desk *d, bool full)
{
	struct journal_stats st;
	journal_stats_get(d->journal, &st);
	if (full && !d->full)
		log_warn("journal", "full: %" PRIu64 " inputs of %" PRIu64 " bytes wait for "
			 "the database; files wait in the spool, others are turned away", st.items,
			 st.bytes);
	if (!full && d->full)
		log_notice("journal", "has room again: %" PRIu64 " inputs of %" PRIu64
			   " bytes wait", st.items, st.bytes);
	d->full = full;
}

static bool hand_in(struct desk *d, struct spool_file *take_file, const struct named_feed *nf,
		    uint64_t holds)
{
	struct err ignored;
	struct journal_input in = { .source = "spool", .name = take_file->name,
				    .feed = feed_name(nf->feed), .feed_digest = nf->digest,
				    .extract_date = INT32_MIN };
	struct watcher *w = xcalloc(1, sizeof *w);
	int fd = take_file->fd;
	take_file->fd = -1;
	w->file = take_file;
	w->holds = holds;
	if (!journal_file(d->journal, &in, fd, holds != 0, w, &ignored)) {
		spool_again(d->conf.spool, take_file);
		free_watcher(w);
		return false;
	}
	w->next = d->coming;
	d->coming = w;
	d->files++;
	return true;
}

/* With nothing on its way, nobody else would wake us when there is room. */
static void ask_again(struct desk *d)
{
	const struct timeval moment = { .tv_sec = 1 };
	if (d->files == 0 && !d->first)
		(void)event_add(d->on_retry, &moment);
}

void desk_feed(struct desk *d)
{
	struct err e;
	while (!d->refused && d->files < FILES_AT_ONCE && spool_waiting(d->conf.spool) > 0) {
		struct spool_file *f = xcalloc(1, sizeof *f);
		if (!spool_next(d->conf.spool, f)) {
			xfree(f);
			return;
		}
		log_debug("spool", "`%s` is taken", f->name);
		const struct named_feed *nf = feeds_of_file(d->conf.feeds, f->name, &e);
		if (!nf) {
			refuse_file(d, f, e.text);
			spool_file_fini(f);
			xfree(f);
			continue;
		}
		if (!hand_in(d, f, nf, 0)) {
			tell_room(d, true);
			ask_again(d);
			return;
		}
		tell_room(d, false);
	}
}

/* ---- what the journal tells ---- */

static void told_sender(struct watcher *w, const struct journal_notice *n)
{
	if (w->sender.told)
		w->sender.told(w->sender.ctx, n);
}

/* The same waits already: whoever handed it in again waits for that one. */
static void known(struct desk *d, struct watcher *w, const struct journal_notice *n)
{
	struct entry *en = find_entry(d, n->item->number);
	told_sender(w, n);
	if (en) {
		watch(en, w);
		return;
	}
	if (w->file) /* through meanwhile: read again, it will be known to the database */
		spool_again(d->conf.spool, w->file);
	free_watcher(w);
}

static void durable(struct desk *d, struct watcher *w, struct journal_notice *n)
{
	told_sender(w, n);
	watch(add_entry(d, n->item), w);
	n->item = NULL;
	if (d->refused)
		log_notice("journal", "takes inputs again");
	d->refused = false;
	d->retry = 0;
}

static void refused(struct desk *d, struct watcher *w, const struct journal_notice *n)
{
	told_sender(w, n);
	if (w->file)
		file_refused(d, w, &n->why);
	free_watcher(w);
}

static void hear(struct desk *d, struct journal_notice *n)
{
	struct watcher *w = n->tag;
	struct entry *held;
	if (!w) {
		d->conf.broken(d->conf.ctx, n->why.text);
		return;
	}
	unlink_watcher(&d->coming, w);
	d->files -= w->file != NULL;
	held = w->holds ? find_entry(d, w->holds) : NULL;
	if (held)
		held->held = false;
	if (n->answer == JOURNAL_DURABLE)
		durable(d, w, n);
	else if (n->answer == JOURNAL_KNOWN)
		known(d, w, n);
	else
		refused(d, w, n);
	journal_item_free(n->item);
}

static void notice_cb(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;
	struct journal_notice n;
	uint64_t ignored;
	(void)what;
	while (read(fd, &ignored, sizeof ignored) < 0 && errno == EINTR)
		;
	while (queue_take(d->notices, &n, 1) == 1)
		hear(d, &n);
	desk_feed(d);
	d->conf.changed(d->conf.ctx);
}

static void retry_cb(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;
	(void)fd;
	(void)what;
	bool refused = d->refused;
	d->refused = false; /* one more is handed in; the log hears of it when it is taken */
	desk_feed(d);
	d->refused = d->files == 0 ? d->refused : refused;
}

/* On a thread of the journal; there is room for all it can tell. */
static void told(void *ctx, const struct journal_notice *n)
{
	struct desk *d = ctx;
	uint64_t one = 1;
	bool was_empty;
	if (queue_put(d->notices, n, &was_empty) && was_empty)
		while (write(d->fd, &one, sizeof one) < 0 && errno == EINTR)
			;
}

static void broken(void *ctx, const char *why)
{
	struct journal_notice n = { .answer = JOURNAL_REFUSED };
	(void)err_set(&n.why, ERR_WORLD, "%s", why);
	told(ctx, &n);
}

/* ---- for the engine ---- */

static bool is_small_body(const struct journal_item *it)
{
	return it->bytes <= SMALL_MAX && strcmp(it->in.source, "http") == 0;
}

static bool is_file(const struct journal_item *it)
{
	return strcmp(it->in.source, "spool") == 0;
}

/* The books are kept by feed. */
static bool share(const struct journal_item *a, const struct journal_item *b)
{
	bool alike = (is_small_body(a) && is_small_body(b)) || (is_file(a) && is_file(b));
	return alike && strcmp(a->in.feed, b->in.feed) == 0;
}

uint32_t desk_next(struct desk *d, const struct journal_item **out, uint32_t max)
{
	uint32_t n = 0;
	while (n < max && d->give && !d->give->held) {
		const struct journal_item *it = d->give->item;
		if (n > 0 && !share(out[0], it))
			break;
		out[n++] = it;
		d->give = d->give->next;
	}
	return n;
}

void desk_not_taken(struct desk *d, const struct journal_item *it)
{
	d->give = find_entry(d, it->number);
}

static struct entry *unlink_entry(struct desk *d, const struct journal_item *it)
{
	struct entry **at = &d->first;
	while (*at && (*at)->item != it)
		at = &(*at)->next;
	struct entry *en = *at;
	if (!en)
		return NULL;
	*at = en->next;
	if (d->last == &en->next)
		d->last = at;
	return en;
}

void desk_finished(struct desk *d, const struct journal_item *it, bool good, const char *report)
{
	struct entry *en = unlink_entry(d, it);
	if (!en)
		return;
	for (struct watcher *w = en->watchers; w; w = w->next) {
		if (w->file)
			finish_file(d, w->file, good, report);
		if (w->sender.finished)
			w->sender.finished(w->sender.ctx, good, report);
	}
	free_watchers(en->watchers);
	journal_item_free(en->item);
	xfree(en);
	desk_feed(d);
}

bool desk_empty(const struct desk *d)
{
	return spool_waiting(d->conf.spool) == 0 && !d->coming && !d->give;
}

/* ---- other senders ---- */

struct journal_ticket *desk_begin(struct desk *d, const struct journal_input *in,
				  const struct desk_sender *sender, struct err *e)
{
	struct watcher *w = xcalloc(1, sizeof *w);
	w->sender = *sender;
	struct journal_ticket *t = journal_begin(d->journal, in, w, e);
	if (!t) {
		tell_room(d, true);
		free_watcher(w);
		return NULL;
	}
	tell_room(d, false);
	w->next = d->coming;
	d->coming = w;
	return t;
}

void desk_drop(struct desk *d, struct journal_ticket *take_ticket)
{
	struct watcher *w = journal_ticket_tag(take_ticket);
	journal_drop(take_ticket);
	unlink_watcher(&d->coming, w);
	free_watcher(w);
}

static void leave(struct watcher *w, const void *ctx)
{
	for (; w; w = w->next)
		if (!w->file && w->sender.ctx == ctx)
			w->sender = (struct desk_sender){ NULL, NULL, NULL };
}

void desk_leave(struct desk *d, const void *ctx)
{
	leave(d->coming, ctx);
	for (struct entry *en = d->first; en; en = en->next)
		leave(en->watchers, ctx);
}

void desk_each(const struct desk *d, void (*fn)(void *ctx, const struct journal_item *it),
	       void *ctx)
{
	for (const struct entry *en = d->first; en; en = en->next)
		fn(ctx, en->item);
}

struct journal *desk_journal(struct desk *d)
{
	return d->journal;
}

/* ---- life ---- */

/* What waited before the start; a file of its name in the spool is most likely the one it came
 * from, and is looked at first, so that it gets the whole report. */
static void replay(struct desk *d)
{
	struct journal_item *it;
	struct err e;
	while ((it = journal_replay(d->journal))) {
		struct entry *en = add_entry(d, it);
		struct spool_file *f = xcalloc(1, sizeof *f);
		const struct named_feed *nf = feeds_of_file(d->conf.feeds, it->in.name, &e);
		if (nf && strcmp(it->in.source, "spool") == 0 &&
		    spool_take(d->conf.spool, it->in.name, f))
			en->held = hand_in(d, f, nf, it->number);
		else
			xfree(f);
	}
}

static bool open_journal(struct desk *d, struct err *e)
{
	const struct conf *c = d->conf.conf;
	struct buf dir, archive;
	buf_init(&dir, 0);
	buf_init(&archive, 0);
	desk_journal_dir(c, &dir);
	desk_archive_dir(c, &archive);
	struct journal_conf jc = {
		.dir = buf_cstr(&dir), .archive = buf_cstr(&archive),
		.bound = (uint64_t)c->journal_bound * MIB,
		.segment = (uint64_t)c->journal_segment * KIB,
		.told = told, .broken = broken, .ctx = d,
	};
	d->journal = journal_open(&jc, e);
	buf_fini(&dir);
	buf_fini(&archive);
	return d->journal != NULL;
}

struct desk *desk_open(const struct desk_conf *conf, struct err *e)
{
	struct desk *d = xcalloc(1, sizeof *d);
	d->conf = *conf;
	d->last = &d->first;
	d->notices = queue_new(sizeof(struct journal_notice), NOTICES);
	d->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->on_notice = event_new(conf->base, d->fd, EV_READ | EV_PERSIST, notice_cb, d);
	d->on_retry = evtimer_new(conf->base, retry_cb, d);
	(void)event_add(d->on_notice, NULL);
	if (!open_journal(d, e)) {
		desk_close(d);
		return NULL;
	}
	replay(d);
	return d;
}

void desk_close(struct desk *d)
{
	struct journal_notice n;
	if (!d)
		return;
	journal_close(d->journal);
	while (queue_take(d->notices, &n, 1) == 1)
		journal_item_free(n.item);
	queue_free(d->notices);
	event_free(d->on_notice);
	event_free(d->on_retry);
	(void)close(d->fd);
	free_watchers(d->coming);
	while (d->first) {
		struct entry *next = d->first->next;
		free_watchers(d->first->watchers);
		journal_item_free(d->first->item);
		xfree(d->first);
		d->first = next;
	}
	xfree(d);
}
