/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/source/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon/host/fault.h"
#include "daemon/host/log.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"

#define EVENTS_BYTES 65536
#define WAITING_MAX 1000000u
#define SAME_NAME_MAX 100000
#define NAME_BYTES (NAME_MAX - sizeof ".100000.report.json")

/* Names in falling order: the next to be read is the last, and is taken off cheaply. */
struct names {
	char **name;
	uint32_t n, cap;
};

struct spool {
	char *path;
	int dir, watch;
	struct names waiting;
	struct names given;   /* being read */
	struct names refused; /* told in the log */
};

static int falling(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

/* Where the name is or belongs. */
static uint32_t names_place(const struct names *l, const char *name, bool *there)
{
	uint32_t low = 0, high = l->n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (strcmp(l->name[middle], name) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	*there = low < l->n && strcmp(l->name[low], name) == 0;
	return low;
}

static bool names_has(const struct names *l, const char *name)
{
	bool there;
	(void)names_place(l, name, &there);
	return there;
}

static void names_add(struct names *l, const char *name)
{
	bool there;
	uint32_t at = names_place(l, name, &there);
	if (there || l->n == WAITING_MAX)
		return;
	GROW(l->name, l->cap, l->n + 1);
	memmove(l->name + at + 1, l->name + at, (l->n - at) * sizeof *l->name);
	l->name[at] = xstrdup(name);
	l->n++;
}

static void names_drop(struct names *l, const char *name)
{
	bool there;
	uint32_t at = names_place(l, name, &there);
	if (!there)
		return;
	xfree(l->name[at]);
	l->n--;
	memmove(l->name + at, l->name + at + 1, (l->n - at) * sizeof *l->name);
}

static void names_fini(struct names *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		xfree(l->name[i]);
	xfree(l->name);
}

static void refuse(struct spool *s, const char *name, const char *why)
{
	if (names_has(&s->refused, name))
		return;
	names_add(&s->refused, name);
	log_warn("spool", "`%s` is not taken: %s", name, why);
}

static bool ends(const char *name, const char *tail)
{
	return str_ends(str_of(name), str_of(tail));
}

static bool unfinished(const char *name)
{
	return name[0] == '.' || ends(name, ".part") || ends(name, ".tmp");
}

static bool ordinary(const char *name)
{
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '/')
			return false;
	return utf8_valid(name, strlen(name));
}

/* A name that turned up. What kind of file it is shows when it is opened. */
static void offer(struct spool *s, const char *name)
{
	if (unfinished(name) || strcmp(name, "done") == 0 || strcmp(name, "failed") == 0)
		return;
	if (!ordinary(name))
		refuse(s, name, "its name has control characters or is not UTF-8");
	else if (strlen(name) > NAME_BYTES)
		refuse(s, name, "its name is too long to have a report beside it");
	else if (!names_has(&s->given, name))
		names_add(&s->waiting, name);
}

/* Gathers first and offers in falling order, which is where each belongs: no name is moved. */
static bool scan(struct spool *s, struct err *e)
{
	struct names found = { NULL, 0, 0 };
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return err_set(e, ERR_WORLD, "spool folder %s: %s", s->path, strerror(errno));
	for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		GROW(found.name, found.cap, found.n + 1);
		found.name[found.n++] = xstrdup(entry->d_name);
	}
	(void)closedir(d);
	if (found.n > 0)
		qsort(found.name, found.n, sizeof *found.name, falling);
	for (uint32_t i = 0; i < found.n; i++)
		offer(s, found.name[i]);
	names_fini(&found);
	return true;
}

static bool make_folder(const char *dir, const char *name, struct err *e)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s%s%s", dir, *name ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof path)
		return err_set(e, ERR_CONF, "spool folder %s: the path is too long", dir);
	if (mkdir(path, 0750) == 0 || errno == EEXIST)
		return true;
	return err_set(e, ERR_WORLD, "folder %s: %s", path, strerror(errno));
}

struct spool *spool_open(const char *dir, struct err *e)
{
	if (!make_folder(dir, "", e) || !make_folder(dir, "done", e) ||
	    !make_folder(dir, "failed", e))
		return NULL;
	struct spool *s = xcalloc(1, sizeof *s);
	s->path = xstrdup(dir);
	s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	bool ok = s->dir >= 0 && s->watch >= 0 &&
		  inotify_add_watch(s->watch, dir, IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR) >= 0;
	if (!ok)
		(void)err_set(e, ERR_WORLD, "spool folder %s: %s", dir, strerror(errno));
	if (ok && scan(s, e))
		return s;
	spool_close(s);
	return NULL;
}

void spool_close(struct spool *s)
{
	if (!s)
		return;
	if (s->dir >= 0)
		(void)close(s->dir);
	if (s->watch >= 0)
		(void)close(s->watch);
	names_fini(&s->waiting);
	names_fini(&s->given);
	names_fini(&s->refused);
	xfree(s->path);
	xfree(s);
}

int spool_fd(const struct spool *s)
{
	return s->watch;
}

unsigned spool_waiting(const struct spool *s)
{
	return s->waiting.n;
}

static bool take_event(struct spool *s, const struct inotify_event *ev, struct err *e)
{
	if (ev->mask & IN_Q_OVERFLOW)
		return scan(s, e);
	if (ev->mask & IN_IGNORED)
		return err_set(e, ERR_WORLD, "spool folder %s is gone", s->path);
	if (ev->len > 0)
		offer(s, ev->name);
	return true;
}

bool spool_read(struct spool *s, struct err *e)
{
	_Alignas(struct inotify_event) static char bytes[EVENTS_BYTES];
	for (;;) {
		ssize_t n = read(s->watch, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 || errno == EAGAIN ||
			       err_set(e, ERR_WORLD, "inotify: %s", strerror(errno));
		for (char *p = bytes; p < bytes + n;) {
			const struct inotify_event *ev = (const void *)p;
			if (!take_event(s, ev, e))
				return false;
			p += sizeof *ev + ev->len;
		}
	}
}

/* Non-blocking, so that a pipe does not hold us; no links. */
static bool open_file(struct spool *s, const char *name, struct spool_file *out)
{
	int fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT) /* taken back: nothing to say */
			refuse(s, name, errno == ELOOP ? "it is a symbolic link" : strerror(errno));
		return false;
	}
	if (fstat(fd, &out->was) != 0 || !S_ISREG(out->was.st_mode)) {
		refuse(s, name, S_ISDIR(out->was.st_mode) ? "it is a folder"
							  : "it is not a plain file");
		(void)close(fd);
		return false;
	}
	out->fd = fd;
	out->name = xstrdup(name);
	return true;
}

bool spool_next(struct spool *s, struct spool_file *out)
{
	while (s->waiting.n > 0) {
		char *name = s->waiting.name[--s->waiting.n];
		bool ok = open_file(s, name, out);
		xfree(name);
		if (ok) {
			names_add(&s->given, out->name);
			return true;
		}
	}
	return false;
}

bool spool_take(struct spool *s, const char *name, struct spool_file *out)
{
	if (!names_has(&s->waiting, name))
		return false;
	names_drop(&s->waiting, name);
	if (!open_file(s, name, out))
		return false;
	names_add(&s->given, name);
	return true;
}

void spool_again(struct spool *s, const struct spool_file *f)
{
	names_drop(&s->given, f->name);
	offer(s, f->name);
}

void spool_file_fini(struct spool_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	xfree(f->name);
	*f = (struct spool_file){ .fd = -1 };
}

enum spool_change spool_check(const struct spool *s, const struct spool_file *f)
{
	struct stat now;
	if (fstatat(s->dir, f->name, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
	    now.st_dev != f->was.st_dev || now.st_ino != f->was.st_ino)
		return SPOOL_REPLACED;
	if (now.st_size != f->was.st_size || now.st_mtim.tv_sec != f->was.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != f->was.st_mtim.tv_nsec)
		return SPOOL_CHANGED;
	return SPOOL_SAME;
}

/* folder/name, or folder/name.2, .3, ... when that is there already. */
static bool free_name(struct spool *s, const char *folder, const char *name, char out[PATH_MAX],
		      struct err *e)
{
	struct stat st;
	for (int i = 1; i < SAME_NAME_MAX; i++) {
		int n = i == 1 ? snprintf(out, PATH_MAX, "%s/%s", folder, name)
			       : snprintf(out, PATH_MAX, "%s/%s.%d", folder, name, i);
		if (n < 0 || n >= PATH_MAX)
			break;
		if (fstatat(s->dir, out, &st, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
			return true;
	}
	return err_set(e, ERR_WORLD, "no free name for %s in %s/", name, folder);
}

static bool write_report(struct spool *s, const char *path, struct str report, struct err *e)
{
	char name[PATH_MAX], part[PATH_MAX];
	if ((size_t)snprintf(name, sizeof name, "%s.report.json", path) >= sizeof name ||
	    (size_t)snprintf(part, sizeof part, "%s.report.part", path) >= sizeof part)
		return err_set(e, ERR_WORLD, "report of %s: the name is too long", path);
	fault(spool_report);
	int fd = openat(s->dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	bool ok = fd >= 0 && write(fd, report.p, report.n) == (ssize_t)report.n;
	if (fd >= 0 && close(fd) != 0)
		ok = false;
	ok = ok && renameat(s->dir, part, s->dir, name) == 0;
	return ok || err_set(e, ERR_WORLD, "report %s: %s", name, strerror(errno));
}

bool spool_finish(struct spool *s, const struct spool_file *f, bool good, struct str report,
		  struct err *e)
{
	char to[PATH_MAX];
	enum spool_change change = spool_check(s, f);
	bool replaced = change == SPOOL_REPLACED || (good && change == SPOOL_CHANGED);
	names_drop(&s->given, f->name);
	if (!free_name(s, good ? "done" : "failed", f->name, to, e) ||
	    !write_report(s, to, report, e))
		return false;
	if (replaced) {
		log_warn("spool", "`%s` was %s while it was read; what it was is taken in, what it "
			 "is now comes next", f->name,
			 change == SPOOL_REPLACED ? "replaced" : "written to");
		offer(s, f->name);
		return true;
	}
	fault(spool_move);
	if (renameat(s->dir, f->name, s->dir, to) != 0)
		return err_set(e, ERR_WORLD, "moving %s to %s: %s", f->name, to, strerror(errno));
	return true;
}
