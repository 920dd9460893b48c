/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control.h - a local socket on which the daemon is asked to reload, or how it stands.
 *
 * One line in ("reload", "status", "metrics", "period ..."; see control.c), one answer out, then
 * the connection ends. Its first line is "live DIGEST" or "refused DIGEST" (the rule set in
 * force), what follows is text; the answer to "metrics" is the numbers alone. The socket is a
 * file of mode 0600: who may ask is who the daemon runs as.
 * Runs on the event loop of the main thread; knows nothing of rules.
 */
#pragma once

#include <event2/event.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

struct control;

struct control_conf {
	struct event_base *base;       /* borrowed for life */
	void (*reload)(void *ctx);     /* somebody asked; answered by control_reading and after */
	void (*status)(void *ctx, struct buf *answer);
	/* "period WORDS": answered by control_kept and control_ticket; false with a sentence:
	 * refused at once */
	bool (*period)(void *ctx, const char *words, uint64_t ticket, struct err *e);
	void (*metrics)(void *ctx, struct buf *answer); /* all numbers, as Prometheus reads them */
	void *ctx;
};

/* The path of the socket by the settings: `socket`, or a hidden file of the spool folder. */
void control_path(const char *socket, const char *spool, struct buf *out);

/* Listens. NULL with a sentence: another daemon listens there, or the path will not do. */
struct control *control_open(const char *path, const struct control_conf *conf, struct err *e);
void control_close(struct control *c); /* removes the socket. NULL is fine */

/* Reading begins: who asked before is answered by its outcome, who asks later by the next. */
void control_reading(struct control *c);

/* What was read goes to the engine as rule set `digest`; `said` (warnings) comes with the answer
 * once it is live. */
void control_swapping(struct control *c, const char *digest, const char *said);

/* The set is live; those who wait for it are told. */
void control_live(struct control *c, const char *digest);

/* Durable as this item of the journal; whatever happens now, it will be done. */
void control_kept(struct control *c, uint64_t ticket, uint64_t item);

/* The answer to whom the ticket was given, if it still waits. */
void control_ticket(struct control *c, uint64_t ticket, bool done, const char *said);

/* What was read is refused; `digest` stays. With `all`, who waits for anything is told. */
void control_refused(struct control *c, const char *digest, const char *said, bool all);
