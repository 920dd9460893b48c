/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feeds.c - files of feeds into one list in a fixed order, checked against each other.
 */
#include "daemon/work/feeds.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/work/files.h"
#include "lib/base/mem.h"

static int by_name(const void *a, const void *b)
{
	const struct named_feed *x = a, *y = b;
	return strcmp(feed_name(x->feed), feed_name(y->feed));
}

/* The same file twice is one feed. */
static bool add(struct feeds *fs, struct feed *take_feed, const char digest[DIGEST_HEX],
		struct err *e)
{
	const struct named_feed *at = feeds_named(fs, str_of(feed_name(take_feed)));
	if (at) {
		bool same = strcmp(at->digest, digest) == 0;
		if (!same)
			(void)err_set(e, ERR_CONF, "two feeds are named %s", feed_name(at->feed));
		feed_free(take_feed);
		return same;
	}
	GROW(fs->item, fs->cap, fs->n + 1);
	fs->item[fs->n].feed = take_feed;
	memcpy(fs->item[fs->n++].digest, digest, DIGEST_HEX);
	return true;
}

static bool add_file(struct feeds *fs, const char *path, struct err *e)
{
	struct digest d;
	struct buf text;
	char hex[DIGEST_HEX];
	struct feed *f = NULL;
	digest_init(&d);
	buf_init(&text, 0);
	if (file_read(path, FEED_FILE_MAX, &text, e)) {
		digest_addstr(&d, buf_str(&text));
		f = feed_parse(buf_str(&text), path, e);
	}
	digest_hex(&d, hex);
	buf_fini(&text);
	return f && add(fs, f, hex, e);
}

static bool add_built_in(struct feeds *fs, struct err *e)
{
	struct digest d;
	char hex[DIGEST_HEX];
	digest_init(&d);
	digest_addstr(&d, STR("built in"));
	digest_hex(&d, hex);
	return add(fs, feed_default(), hex, e);
}

/* A feed file, or a folder of them. */
static bool add_path(struct feeds *fs, const char *path, struct err *e)
{
	struct path_list found = { 0 };
	bool ok = input_files_find(path, &found, e);
	for (uint32_t i = 0; ok && i < found.n; i++) {
		struct str name = str_of(found.path[i]);
		if (strcmp(found.path[i], path) == 0 || str_ends(name, STR(".yaml")))
			ok = add_file(fs, found.path[i], e);
	}
	path_list_fini(&found);
	return ok;
}

static bool classes_agree(const struct feeds *fs, struct err *e)
{
	const struct feed *first = feeds_classes(fs);
	for (unsigned i = 0; i < fs->n; i++)
		if (feed_has_classes(fs->item[i].feed) &&
		    !feed_same_classes(first, fs->item[i].feed))
			return err_set(e, ERR_CONF, "feeds %s and %s have different visit_class "
				       "maps: one is needed for all, or none but in one feed",
				       feed_name(first), feed_name(fs->item[i].feed));
	return true;
}

static bool read_all(struct feeds *fs, const struct conf *c, struct err *e)
{
	if (!(*c->feed_file ? add_file(fs, c->feed_file, e) : add_built_in(fs, e)))
		return false;
	for (unsigned i = 0; i < c->feed_others.n; i++)
		if (!add_path(fs, c->feed_others.item[i], e))
			return err_wrap(e, "feed.others");
	if (fs->n > 2)
		qsort(fs->item + 1, fs->n - 1, sizeof *fs->item, by_name);
	return classes_agree(fs, e);
}

struct feeds *feeds_read(const struct conf *c, struct err *e)
{
	struct feeds *fs = xcalloc(1, sizeof *fs);
	if (read_all(fs, c, e))
		return fs;
	feeds_free(fs);
	return NULL;
}

void feeds_free(struct feeds *fs)
{
	if (!fs)
		return;
	for (unsigned i = 0; i < fs->n; i++)
		feed_free(fs->item[i].feed);
	xfree(fs->item);
	xfree(fs);
}

const struct named_feed *feeds_named(const struct feeds *fs, struct str name)
{
	for (unsigned i = 0; i < fs->n; i++)
		if (str_eq(str_of(feed_name(fs->item[i].feed)), name))
			return &fs->item[i];
	return NULL;
}

static const struct named_feed *of_prefix(const struct feeds *fs, const char *file)
{
	int64_t mark = str_chr(str_of(file), FEED_MARK);
	return mark < 0 ? NULL : feeds_named(fs, str_make(file, (size_t)mark));
}

const struct named_feed *feeds_of_file(const struct feeds *fs, const char *file, struct err *e)
{
	const struct named_feed *found = of_prefix(fs, file);
	if (found || feed_takes(fs->item[0].feed, file))
		return found ? found : &fs->item[0];
	for (unsigned i = 1; i < fs->n; i++) {
		if (!feed_takes(fs->item[i].feed, file))
			continue;
		if (found) {
			(void)err_set(e, ERR_INPUT, "feeds %s and %s both take a file of this "
				      "name: name it FEED~FILE, as %s~%s", feed_name(found->feed),
				      feed_name(fs->item[i].feed), feed_name(found->feed), file);
			return NULL;
		}
		found = &fs->item[i];
	}
	return found ? found : &fs->item[0];
}

const struct named_feed *feeds_of_item(const struct feeds *fs, const char *name, const char *file,
				       struct err *e)
{
	const struct named_feed *at = feeds_named(fs, str_of(name));
	return at ? at : feeds_of_file(fs, file, e);
}

const struct feed *feeds_classes(const struct feeds *fs)
{
	for (unsigned i = 0; i < fs->n; i++)
		if (feed_has_classes(fs->item[i].feed))
			return fs->item[i].feed;
	return fs->item[0].feed;
}
