/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work/mail.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/work/queue.h"
#include "lib/base/mem.h"

#define BOX_DEPTH 256

struct mailbox {
	struct queue *queue;
	int fd;
};

struct mailbox *mailbox_new(struct err *e)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0) {
		(void)err_set(e, ERR_WORLD, "eventfd: %s", strerror(errno));
		return NULL;
	}
	struct mailbox *m = xcalloc(1, sizeof *m);
	m->fd = fd;
	m->queue = queue_new(sizeof(struct mail), BOX_DEPTH);
	return m;
}

void mailbox_free(struct mailbox *m)
{
	struct mail mail;
	if (!m)
		return;
	while (queue_take(m->queue, &mail, 1) == 1)
		xfree(mail.text);
	queue_free(m->queue);
	(void)close(m->fd);
	xfree(m);
}

int mailbox_fd(const struct mailbox *m)
{
	return m->fd;
}

void mail_post(struct mailbox *m, const struct mail *mail)
{
	uint64_t one = 1;
	bool was_empty;
	if (queue_put(m->queue, mail, &was_empty) && was_empty)
		while (write(m->fd, &one, sizeof one) < 0 && errno == EINTR)
			;
}

uint32_t mail_take(struct mailbox *m, struct mail *out, uint32_t max)
{
	uint64_t ignored;
	while (read(m->fd, &ignored, sizeof ignored) < 0 && errno == EINTR)
		;
	return queue_take(m->queue, out, max);
}
