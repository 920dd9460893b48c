/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.h - the main thread: signals, timers, the spool's events and the mailbox.
 *
 *   SIGTERM, SIGINT   finish the epoch in hand, commit, end with 0
 *   SIGHUP            read settings and rules again; the new rules go live between two epochs,
 *                     or, when anything is wrong, the old ones stay and the log says why
 *
 * Nothing here blocks: files are read, rules compiled and epochs committed by other threads.
 */
#pragma once

#include "daemon/host/conf.h"
#include "daemon/engine/rules.h"

struct loop_conf {
	struct conf *conf;           /* SIGHUP changes what may be changed */
	const char *conf_path;       /* read again at SIGHUP; NULL: defaults */
	const struct feeds *feeds;
};

/* Runs until told to stop; `take_rules` moves in. The process's exit code. */
int loop_run(const struct loop_conf *lc, struct rules *take_rules);
