/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.c - bounded reads, atomic writes, folder walks and the loader for knowledge files.
 */
#include "daemon/work/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/host/clock.h"
#include "lib/base/civil.h"
#include "lib/base/mem.h"

#define DEPTH_MAX      8u
#define RULE_FILES_MAX 20000u
#define CHINA_SECONDS  28800 /* UTC+8 */

static bool read_all(int fd, const char *path, size_t max, struct buf *out, struct err *e)
{
	char block[65536];
	for (;;) {
		ssize_t n = read(fd, block, sizeof block);
		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
		if (out->n + (size_t)n > max)
			return err_set(e, ERR_LIMIT, "%s: larger than %zu bytes", path, max);
		buf_add(out, block, (size_t)n);
	}
}

bool file_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	struct stat st;
	buf_reset(out);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
	bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!ok)
		err_set(e, ERR_WORLD, "%s: not a regular file", path);
	ok = ok && read_all(fd, path, max, out, e);
	close(fd);
	if (ok && out->failed)
		ok = err_set(e, ERR_LIMIT, "%s: larger than the buffer", path);
	return ok;
}

bool staged_begin(struct staged *s, const char *path, struct err *e)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	size_t room = sizeof s->target;
	if (strlen(path) + 32 > room)
		return err_set(e, ERR_LIMIT, "%s: path too long", path);
	if (!there || !S_ISREG(st.st_mode) || !realpath(path, s->target))
		snprintf(s->target, room, "%s", path);
	if (there && !S_ISREG(st.st_mode))
		memcpy(s->temp, s->target, room);
	else if (snprintf(s->temp, room, "%.4060s.tmp-%ld", s->target, (long)getpid()) < 0)
		return err_set(e, ERR_LIMIT, "%s: path too long", path);
	return true;
}

bool staged_sync(int fd)
{
	/* Devices and pipes know no fsync. */
	return fsync(fd) == 0 || errno == EINVAL || errno == EROFS;
}

static bool is_in_place(const struct staged *s)
{
	return strcmp(s->temp, s->target) == 0;
}

bool staged_keep(const struct staged *s)
{
	return is_in_place(s) || rename(s->temp, s->target) == 0;
}

void staged_drop(const struct staged *s)
{
	if (!is_in_place(s))
		unlink(s->temp);
}

static bool write_all(int fd, struct str text)
{
	size_t done = 0;
	while (done < text.n) {
		ssize_t n = write(fd, text.p + done, text.n - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		done += (size_t)n;
	}
	return staged_sync(fd);
}

bool file_write(const char *path, struct str text, struct err *e)
{
	struct staged s;
	if (!staged_begin(&s, path, e))
		return false;
	int fd = open(s.temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_set(e, ERR_WORLD, "%s: %s", s.temp, strerror(errno));
	bool ok = write_all(fd, text);
	ok = close(fd) == 0 && ok;
	if (ok && staged_keep(&s))
		return true;
	err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
	staged_drop(&s);
	return false;
}

void path_list_fini(struct path_list *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		xfree(l->path[i]);
	xfree(l->path);
	*l = (struct path_list){ 0 };
}

void path_list_add(struct path_list *l, const char *path)
{
	GROW(l->path, l->cap, l->n + 1);
	l->path[l->n++] = xstrdup(path);
}

static int path_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void path_list_sort(struct path_list *l, uint32_t from)
{
	if (l->n > from)
		qsort(l->path + from, l->n - from, sizeof *l->path, path_cmp);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* What a walk over folders collects: names with the ending, in folders down to `depth`. */
struct walk {
	struct path_list *out;
	const char *ending; /* NULL = every file */
	unsigned depth;
};

static bool wanted_name(const struct walk *w, const char *name)
{
	return !w->ending || str_ends(str_of(name), str_of(w->ending));
}

static bool walk_folder(const struct walk *w, const char *folder, struct err *e);

static bool walk_entry(const struct walk *w, const char *folder, const char *name, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;
	size_t len = strlen(folder);
	while (len > 1 && folder[len - 1] == '/')
		len--;
	int n = snprintf(path, sizeof path, "%.*s/%s", (int)len, folder, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return err_set(e, ERR_LIMIT, "%s/%s: path too long", folder, name);
	if (stat(path, &st) != 0)
		return err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode) && w->depth > 0) {
		struct walk below = *w;
		below.depth--;
		return walk_folder(&below, path, e);
	}
	if (!S_ISREG(st.st_mode) || !wanted_name(w, name))
		return true;
	if (w->out->n >= RULE_FILES_MAX)
		return err_set(e, ERR_LIMIT, "%s: more than %u files", folder, RULE_FILES_MAX);
	path_list_add(w->out, path);
	return true;
}

static bool walk_folder(const struct walk *w, const char *folder, struct err *e)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return err_set(e, ERR_WORLD, "%s: %s", folder, strerror(errno));
	bool ok = true;
	for (struct dirent *d; ok && (d = readdir(dir));)
		if (d->d_name[0] != '.')
			ok = walk_entry(w, folder, d->d_name, e);
	closedir(dir);
	return ok;
}

static bool find_files(const char *path, const struct walk *w, struct err *e)
{
	struct stat st;
	uint32_t from = w->out->n;
	if (stat(path, &st) != 0)
		return err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode)) {
		path_list_add(w->out, path);
		return true;
	}
	if (!walk_folder(w, path, e))
		return false;
	path_list_sort(w->out, from);
	if (w->out->n == from)
		return err_set(e, ERR_INPUT, "%s: no %s%s in this folder", path,
			       w->ending ? "*" : "files", w->ending ? w->ending : "");
	return true;
}

bool rule_files_find(const char *path, struct path_list *out, struct err *e)
{
	return find_files(path, &(struct walk){ out, ".rules", DEPTH_MAX }, e);
}

bool input_files_find(const char *path, struct path_list *out, struct err *e)
{
	return find_files(path, &(struct walk){ out, NULL, 0 }, e);
}

/* Folders knowledge may be read from: where the rules came from, links resolved. */
struct rule_roots {
	struct path_list real;
};

static void roots_add(struct rule_roots *r, const char *path)
{
	char real[PATH_MAX];
	struct stat st;
	if (!realpath(path, real))
		return; /* reading the rules will say why */
	if (stat(real, &st) == 0 && !S_ISDIR(st.st_mode)) {
		char *slash = strrchr(real, '/');
		slash[slash == real ? 1 : 0] = '\0';
	}
	path_list_add(&r->real, real);
}

static bool inside(const char *real, const char *root)
{
	size_t n = strlen(root);
	return strncmp(real, root, n) == 0 && (real[n] == '/' || root[n - 1] == '/');
}

static bool load_knowledge(void *ctx, const char *path, struct buf *out, struct err *e)
{
	const struct rule_roots *roots = ctx;
	char real[PATH_MAX];
	if (!realpath(path, real))
		return err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
	for (uint32_t i = 0; i < roots->real.n; i++)
		if (inside(real, roots->real.path[i]))
			return file_read(path, KNOWLEDGE_FILE_MAX, out, e);
	return err_set(e, ERR_RULE, "%s: lies outside the rules' folder", path);
}

/* What is loaded: files found, where knowledge may lie, texts that stand for files. */
struct loading {
	struct path_list files;
	struct rule_roots roots;
	const struct overlay *over;
	uint32_t n_over;
};

static bool read_text(const struct loading *l, const char *path, struct buf *b, struct err *e)
{
	for (uint32_t i = 0; i < l->n_over; i++) {
		if (strcmp(l->over[i].path, path) != 0)
			continue;
		buf_addstr(b, l->over[i].text);
		return true;
	}
	return file_read(path, RULE_FILE_MAX, b, e);
}

static bool read_texts(const struct loading *l, struct rule_text *text, struct err *e)
{
	const struct path_list *files = &l->files;
	bool ok = true;
	for (uint32_t i = 0; ok && i < files->n; i++) {
		struct buf b;
		size_t n;
		buf_init(&b, 0);
		ok = read_text(l, files->path[i], &b, e);
		n = b.n;
		text[i].name = files->path[i];
		char *p = buf_take(&b, NULL);
		text[i].text = str_make(p, n);
	}
	return ok;
}

/* Today in UTC+8. SOURCE_DATE_EPOCH, as build tools know it, makes what is said repeatable. */
static int32_t today(void)
{
	const char *told = getenv("SOURCE_DATE_EPOCH");
	char *end = NULL;
	long long now = told ? strtoll(told, &end, 10) : 0;

	if (!told || end == told || *end || now <= 0)
		now = clock_seconds();
	return civil_day_of(now + CHINA_SECONDS);
}

static struct ruleset *compile(struct loading *l, const struct rule_settings *settings,
			       struct diag_list *d, struct err *e)
{
	struct ruleset *set = NULL;
	struct rule_text *text = xcalloc(l->files.n, sizeof *text);
	const struct loader loader = { load_knowledge, &l->roots };

	if (d->today == 0)
		d->today = today(); /* what has run out is told */
	if (read_texts(l, text, e))
		set = ruleset_compile(text, l->files.n, &loader, settings, d);
	for (uint32_t i = 0; i < l->files.n; i++)
		xfree((void *)text[i].text.p);
	xfree(text);
	return set;
}

struct ruleset *rules_load_over(const struct path_list *paths, const struct overlay *over,
				uint32_t n_over, const struct rule_settings *settings,
				struct diag_list *d, struct err *e)
{
	struct loading l = { .over = over, .n_over = n_over };
	struct ruleset *set = NULL;
	bool ok = true;
	e->code = ERR_NONE;
	for (uint32_t i = 0; ok && i < paths->n; i++) {
		ok = rule_files_find(paths->path[i], &l.files, e);
		roots_add(&l.roots, paths->path[i]);
	}
	if (ok)
		set = compile(&l, settings, d, e);
	path_list_fini(&l.files);
	path_list_fini(&l.roots.real);
	return set;
}

struct ruleset *rules_load(const struct path_list *paths, const struct rule_settings *settings,
			   struct diag_list *d, struct err *e)
{
	return rules_load_over(paths, NULL, 0, settings, d, e);
}

struct feed *feed_load(const char *path, struct err *e)
{
	struct buf b;
	struct feed *f = NULL;
	buf_init(&b, 0);
	if (file_read(path, FEED_FILE_MAX, &b, e))
		f = feed_parse(buf_str(&b), path, e);
	buf_fini(&b);
	return f;
}
