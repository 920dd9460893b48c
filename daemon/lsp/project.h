/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * project.h - the rules an editor has open: the folder on disk with the editor's texts in it.
 *
 * Every change compiles the whole folder; what is kept are diagnostics, marks and, when there
 * are no errors, the set. Borrowed pointers live until the next change.
 */
#pragma once

#include "daemon/work/files.h"
#include "lib/rule/marks.h"

#define DOCUMENTS_MAX 256u

struct document {
	char *uri, *path;
	struct buf text;
};

struct project {
	bool english;
	char *root;            /* folder of the rules, NULL = that of the document */
	struct document *document;
	uint32_t n_document;
	struct diag_list diag;
	struct marks marks;
	struct ruleset *set;   /* NULL when there are errors */
	bool compiled;         /* .diag, .marks and .set are there */
};

void project_init(struct project *p, bool english);
void project_fini(struct project *p);

/* The folder of the workspace: its rules/ when there is one. */
void project_set_root(struct project *p, const char *path);

struct document *project_find(struct project *p, const char *uri);

/* Opens a document or gives it a new text. False when it is no file or there are too many. */
bool project_open(struct project *p, const char *uri, const char *text, size_t n);
void project_close(struct project *p, const char *uri);

/* Compiles around a document; false with a reason when the folder cannot be read. */
bool project_compile(struct project *p, const struct document *around, struct err *e);

/* Number of the source of a path; UINT32_MAX when there is none. */
uint32_t project_source(const struct project *p, const char *path);
