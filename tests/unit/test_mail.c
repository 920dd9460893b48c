/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work/mail.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <poll.h>
#include <pthread.h>

#include <cmocka.h>

#include "lib/base/mem.h"

#define MAILS 5000

static void *post_many(void *arg)
{
	for (int i = 0; i < MAILS; i++)
		mail_post(arg, &(struct mail){ .kind = MAIL_READY, .good = i % 2 });
	return NULL;
}

/* Reads until all mails of two writers are in; the box is smaller than what they write. */
static void nobody_is_forgotten(void **state)
{
	struct err e;
	struct mailbox *box = mailbox_new(&e);
	struct mail mail[64];
	pthread_t writer[2];
	uint32_t got = 0;
	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&writer[i], NULL, post_many, box), 0);
	while (got < 2 * MAILS) {
		struct pollfd p = { .fd = mailbox_fd(box), .events = POLLIN };
		assert_int_equal(poll(&p, 1, 60000), 1);
		for (uint32_t n = mail_take(box, mail, 64); n > 0; n = mail_take(box, mail, 64))
			got += n;
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(writer[i], NULL), 0);
	assert_int_equal(got, 2 * MAILS);
	mailbox_free(box);
}

static void what_is_left_inside_is_freed(void **state)
{
	struct err e;
	struct mailbox *box = mailbox_new(&e);
	(void)state;
	mail_post(box, &(struct mail){ .kind = MAIL_FATAL, .text = xstrdup("why") });
	mailbox_free(box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_forgotten),
		cmocka_unit_test(what_is_left_inside_is_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
