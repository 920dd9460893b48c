/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * project.c - open documents over the files of a folder.
 */
#include "daemon/lsp/project.h"

#include <string.h>
#include <sys/stat.h>

#include "daemon/lsp/text.h"
#include "lib/finding/witness.h"
#include "lib/base/mem.h"
#include "lib/rule/syntax.h"

void project_init(struct project *p, bool english)
{
	*p = (struct project){ .english = english };
	p->document = xcalloc(DOCUMENTS_MAX, sizeof *p->document);
}

static void drop(struct project *p)
{
	if (!p->compiled)
		return;
	ruleset_free(p->set);
	p->set = NULL;
	marks_fini(&p->marks);
	diag_fini(&p->diag);
	p->compiled = false;
}

static void close_document(struct document *d)
{
	xfree(d->uri);
	xfree(d->path);
	buf_fini(&d->text);
}

void project_fini(struct project *p)
{
	drop(p);
	for (uint32_t i = 0; i < p->n_document; i++)
		close_document(&p->document[i]);
	xfree(p->document);
	xfree(p->root);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void project_set_root(struct project *p, const char *path)
{
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "%s/rules", path);
	xfree(p->root);
	p->root = is_folder(buf_cstr(&b)) ? xstrdup(buf_cstr(&b))
		: is_folder(path) ? xstrdup(path) : NULL;
	buf_fini(&b);
}

struct document *project_find(struct project *p, const char *uri)
{
	for (uint32_t i = 0; i < p->n_document && uri != NULL; i++)
		if (strcmp(p->document[i].uri, uri) == 0)
			return &p->document[i];
	return NULL;
}

bool project_open(struct project *p, const char *uri, const char *text, size_t n)
{
	struct document *d = project_find(p, uri);
	char *path;

	if (n > RULE_FILE_MAX)
		return false;
	if (d == NULL) {
		path = uri_path(uri);
		if (path == NULL || p->n_document == DOCUMENTS_MAX) {
			xfree(path);
			return false;
		}
		d = &p->document[p->n_document++];
		*d = (struct document){ .uri = xstrdup(uri), .path = path };
		buf_init(&d->text, 0);
	}
	buf_reset(&d->text);
	buf_add(&d->text, text, n);
	return true;
}

void project_close(struct project *p, const char *uri)
{
	struct document *d = project_find(p, uri);

	if (d == NULL)
		return;
	close_document(d);
	*d = p->document[--p->n_document];
}

/* The root when the document lies in it, else the document's own folder; malloc'd. */
static char *folder_for(const struct project *p, const char *path)
{
	size_t n = p->root != NULL ? strlen(p->root) : 0;
	char *own, *slash;

	if (n > 0 && strncmp(path, p->root, n) == 0 && path[n] == '/')
		return xstrdup(p->root);
	own = xstrdup(path);
	slash = strrchr(own, '/');
	slash[slash == own ? 1 : 0] = '\0';
	return own;
}

uint32_t project_source(const struct project *p, const char *path)
{
	for (uint32_t i = 0; p->compiled && i < p->diag.n_files; i++)
		if (strcmp(p->diag.file[i].name, path) == 0)
			return i;
	return UINT32_MAX;
}

/* A text that is no file of the folder yet: its syntax at least. */
static void parse_alone(struct project *p, const struct document *d)
{
	struct syn_block *blocks = NULL, **tail = &blocks;
	struct arena a;

	arena_init(&a);
	syntax_parse(diag_source(&p->diag, d->path, buf_str(&d->text)), &a, &p->diag, &tail);
	arena_fini(&a);
}

bool project_compile(struct project *p, const struct document *around, struct err *e)
{
	struct overlay over[DOCUMENTS_MAX];
	struct path_list paths = { 0 };
	char *folder = folder_for(p, around->path);

	drop(p);
	diag_init(&p->diag, p->english);
	marks_init(&p->marks);
	p->diag.marks = &p->marks;
	p->compiled = true;
	path_list_add(&paths, folder);
	for (uint32_t i = 0; i < p->n_document; i++)
		over[i] = (struct overlay){ p->document[i].path, buf_str(&p->document[i].text) };
	p->set = rules_load_over(&paths, over, p->n_document, NULL, &p->diag, e);
	if (p->set)
		doubts_try(p->set, &p->diag);
	if (project_source(p, around->path) == UINT32_MAX)
		parse_alone(p, around);
	marks_sort(&p->marks);
	diag_sort(&p->diag);
	path_list_fini(&paths);
	xfree(folder);
	return e->code == ERR_NONE;
}
