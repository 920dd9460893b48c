/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feeds.c - the feed of the settings, without the rules: the command needs it, too.
 */
#include "daemon/work/feeds.h"

#include "daemon/work/files.h"

struct feed *feed_read(const struct conf *c, char digest[DIGEST_HEX], struct err *e)
{
	struct digest d;
	struct buf text;
	struct feed *f = NULL;
	digest_init(&d);
	buf_init(&text, 0);
	if (!*c->feed_file) {
		digest_addstr(&d, STR("built in"));
		f = feed_default();
	} else if (file_read(c->feed_file, FEED_FILE_MAX, &text, e)) {
		digest_addstr(&d, buf_str(&text));
		f = feed_parse(buf_str(&text), c->feed_file, e);
	}
	digest_hex(&d, digest);
	buf_fini(&text);
	return f;
}
