/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folders.h - where the daemon of some settings keeps its journal and its archive.
 */
#pragma once

#include "daemon/cli/cli.h"
#include "daemon/host/conf.h"

struct folder_opts {
	const char *conf, *journal, *archive;
};

#define ARCHIVE_OPT(type, member) \
	{ "archive", 0, OPT_TEXT, offsetof(type, member), "DIR", "原始档案目录", \
	  "the raw archive's folder" }

/* Rows for a command's options; `type` has a member `folders`. */
#define FOLDER_OPTS(type) \
	{ "conf", 'c', OPT_TEXT, offsetof(type, folders.conf), "FILE", \
	  "守护进程的 fundwatch.yaml：取其中的目录", "the daemon's fundwatch.yaml, for its folders" }, \
	{ "journal", 0, OPT_TEXT, offsetof(type, folders.journal), "DIR", "收件日志目录", \
	  "the journal's folder" }, \
	ARCHIVE_OPT(type, folders.archive)

/* The archive of these settings, unless `told` says where it is. */
void folders_archive(const struct conf *conf, const char *told, struct buf *out);

/* The two folders: as told, else as the settings say. */
bool folders_find(const struct folder_opts *o, struct buf *journal, struct buf *archive,
		struct err *e) MUST_CHECK;
