/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/journal/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host/fault.h"
#include "lib/base/mem.h"

#define BLOCK (1u << 20)
#define ARCHIVE_ASIDE (DIGEST_HEX + 9)

static bool fail(struct err *e, const char *what, const char *name)
{
	return err_set(e, ERR_WORLD, "archive: %s %s: %s", what, name, strerror(errno));
}

static bool clear_incoming(struct archive *a, struct err *e)
{
	int fd = openat(a->dir, "incoming", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return fail(e, "opening", "incoming");
	bool ok = true;
	for (struct dirent *entry = readdir(d); ok && entry; entry = readdir(d)) {
		if (strlen(entry->d_name) == DIGEST_HEX - 1)
			ok = archive_back(a, entry->d_name, e);
		else if (entry->d_name[0] != '.')
			(void)unlinkat(fd, entry->d_name, 0);
	}
	(void)closedir(d);
	return ok;
}

bool archive_open(struct archive *a, const char *dir, bool writer, struct err *e)
{
	a->next = 1;
	if (writer && mkdir(dir, 0750) != 0 && errno != EEXIST)
		return err_set(e, ERR_WORLD, "archive folder %s: %s", dir, strerror(errno));
	a->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->dir < 0)
		return err_set(e, ERR_WORLD, "archive folder %s: %s", dir, strerror(errno));
	if (!writer)
		return true;
	bool ok = mkdirat(a->dir, "incoming", 0750) == 0 || errno == EEXIST;
	if (!ok)
		(void)fail(e, "making", "incoming");
	ok = ok && clear_incoming(a, e);
	if (!ok)
		archive_close(a);
	return ok;
}

void archive_close(struct archive *a)
{
	if (a->dir >= 0)
		(void)close(a->dir);
	a->dir = -1;
}

void archive_name(const char *digest, char out[ARCHIVE_NAME])
{
	(void)snprintf(out, ARCHIVE_NAME, "%.2s/%.*s", digest, DIGEST_HEX - 3, digest + 2);
}

bool archive_begin(struct archive *a, struct archive_file *f, struct err *e)
{
	(void)snprintf(f->name, sizeof f->name, "incoming/%" PRIu64, (uint64_t)a->next++);
	f->fd = fault_fails(archive_begin) ? -1
		: openat(a->dir, f->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0440);
	f->bytes = 0;
	digest_init(&f->digest);
	return f->fd >= 0 || fail(e, "making", f->name);
}

bool archive_write(struct archive_file *f, const void *p, size_t n, struct err *e)
{
	const char *at = p;
	digest_add(&f->digest, p, n);
	f->bytes += n;
	while (n > 0) {
		ssize_t done = fault_fails(archive_write) ? -1 : write(f->fd, at, n);
		if (done < 0 && errno != EINTR)
			return fail(e, "writing", f->name);
		if (done > 0) {
			at += done;
			n -= (size_t)done;
		}
	}
	return true;
}

void archive_drop(struct archive *a, struct archive_file *f)
{
	if (f->fd < 0)
		return;
	(void)close(f->fd);
	f->fd = -1;
	(void)unlinkat(a->dir, f->name, 0);
}

/* A folder's entries are durable: `name` below the archive, "." itself. */
static bool sync_folder(struct archive *a, const char *name, struct err *e)
{
	int fd = openat(a->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (!ok)
		(void)fail(e, "syncing", name);
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

/* A file that has the name already may have come there without being synced. */
static bool sync_file(struct archive *a, const char *name, struct err *e)
{
	int fd = openat(a->dir, name, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;
	if (!ok)
		(void)fail(e, "syncing", name);
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool make_folder(struct archive *a, const char *digest, bool durable, struct err *e)
{
	char folder[3] = { digest[0], digest[1], '\0' };
	if (mkdirat(a->dir, folder, 0750) == 0)
		return !durable || sync_folder(a, ".", e);
	return errno == EEXIST || fail(e, "making", folder);
}

static bool sync_place(struct archive *a, const char *digest, struct err *e)
{
	char folder[3] = { digest[0], digest[1], '\0' };
	return sync_folder(a, folder, e);
}

/* The same bytes are there already: they only have to be as durable as was asked. */
static bool seal_again(struct archive *a, struct archive_file *f, const char *digest,
		       bool durable, struct err *e)
{
	char name[ARCHIVE_NAME];
	archive_name(digest, name);
	archive_drop(a, f);
	return !durable || (sync_file(a, name, e) && sync_place(a, digest, e) &&
			    sync_folder(a, ".", e));
}

bool archive_seal(struct archive *a, struct archive_file *f, bool durable,
		  char digest[DIGEST_HEX], struct err *e)
{
	char to[ARCHIVE_NAME];
	digest_hex(&f->digest, digest);
	archive_name(digest, to);
	if (archive_size(a, digest) == (int64_t)f->bytes)
		return seal_again(a, f, digest, durable, e);
	bool ok = !durable || (!fault_fails(archive_sync) && fsync(f->fd) == 0) ||
		  fail(e, "syncing", f->name);
	ok = ok && make_folder(a, digest, durable, e);
	ok = ok && ((!fault_fails(archive_rename) &&
		     renameat(a->dir, f->name, a->dir, to) == 0) || fail(e, "renaming", f->name));
	ok = ok && (!durable || sync_place(a, digest, e));
	if (!ok) {
		archive_drop(a, f);
		return false;
	}
	(void)close(f->fd);
	f->fd = -1;
	return true;
}

bool archive_sync(struct archive *a, struct err *e)
{
	return syncfs(a->dir) == 0 || fail(e, "syncing", "all");
}

int archive_fd(const struct archive *a, const char *digest, struct err *e)
{
	char name[ARCHIVE_NAME];
	archive_name(digest, name);
	int fd = fault_fails(archive_open) ? -1
		 : openat(a->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		(void)err_set(e, ERR_INPUT, "archive: the file %s is missing", name);
	else if (fd < 0)
		(void)fail(e, "opening", name);
	return fd;
}

int64_t archive_size(const struct archive *a, const char *digest)
{
	char name[ARCHIVE_NAME];
	struct stat st;
	archive_name(digest, name);
	return fstatat(a->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)
		       ? (int64_t)st.st_size : -1;
}

static bool digest_fd(int fd, struct digest *d)
{
	char *block = xmalloc(BLOCK);
	ssize_t n;
	digest_init(d);
	while ((n = read(fd, block, BLOCK)) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			digest_add(d, block, (size_t)n);
	}
	xfree(block);
	return n == 0;
}

bool archive_check(const struct archive *a, const char *digest, struct err *e)
{
	struct digest d;
	char got[DIGEST_HEX];
	int fd = archive_fd(a, digest, e);
	if (fd < 0)
		return false;
	bool ok = digest_fd(fd, &d) || fail(e, "reading", digest);
	(void)close(fd);
	if (!ok)
		return false;
	digest_hex(&d, got);
	return strcmp(got, digest) == 0 ||
	       err_set(e, ERR_INPUT, "archive: the file %s has the digest %s: its bytes are not "
		       "those that came", digest, got);
}

/* Files of one two-letter folder. */
static bool check_folder(const struct archive *a, const char *folder, uint64_t *checked,
			 struct err *e)
{
	int fd = openat(a->dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	bool ok = d || fail(e, "opening", folder);
	for (struct dirent *en = d ? readdir(d) : NULL; ok && en; en = readdir(d)) {
		char digest[DIGEST_HEX + 256];
		if (en->d_name[0] == '.')
			continue;
		(void)snprintf(digest, sizeof digest, "%s%s", folder, en->d_name);
		ok = strlen(digest) == DIGEST_HEX - 1 ? archive_check(a, digest, e)
		     : err_set(e, ERR_INPUT, "archive: %s/%s is no file of it", folder, en->d_name);
		*checked += ok;
	}
	if (d)
		(void)closedir(d);
	return ok;
}

bool archive_each(const struct archive *a, uint64_t *checked, struct err *e)
{
	bool ok = true;
	for (unsigned i = 0; ok && i < 256; i++) {
		char folder[3];
		(void)snprintf(folder, sizeof folder, "%02x", i);
		if (faccessat(a->dir, folder, F_OK, 0) == 0)
			ok = check_folder(a, folder, checked, e);
	}
	return ok;
}

static void aside_name(const char *digest, char out[ARCHIVE_ASIDE])
{
	(void)snprintf(out, ARCHIVE_ASIDE, "incoming/%.*s", DIGEST_HEX - 1, digest);
}

bool archive_aside(struct archive *a, const char *digest, struct err *e)
{
	char name[ARCHIVE_NAME], aside[ARCHIVE_ASIDE];
	archive_name(digest, name);
	aside_name(digest, aside);
	return renameat(a->dir, name, a->dir, aside) == 0 || fail(e, "moving", name);
}

bool archive_is_aside(const struct archive *a, const char *digest)
{
	char aside[ARCHIVE_ASIDE];
	aside_name(digest, aside);
	return faccessat(a->dir, aside, F_OK, 0) == 0;
}

bool archive_back(struct archive *a, const char *digest, struct err *e)
{
	char name[ARCHIVE_NAME], aside[ARCHIVE_ASIDE];
	archive_name(digest, name);
	aside_name(digest, aside);
	return renameat(a->dir, aside, a->dir, name) == 0 || fail(e, "moving", aside);
}

bool archive_remove(struct archive *a, const char *digest, struct err *e)
{
	char name[ARCHIVE_NAME], aside[ARCHIVE_ASIDE];
	archive_name(digest, name);
	aside_name(digest, aside);
	if (unlinkat(a->dir, aside, 0) == 0)
		return true;
	return unlinkat(a->dir, name, 0) == 0 || errno == ENOENT || fail(e, "removing", name);
}
