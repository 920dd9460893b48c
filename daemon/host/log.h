/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - one line per event, with its object in front: "file fee_1.csv: 12 rejects".
 *
 * Lines go out in one write each, so threads need no lock. Text or JSON lines. A line that
 * may repeat for one cause is written through log_limited, which lets a few through per
 * minute and then tells how many it kept back.
 * Personal data (names, person numbers, raw lines) goes to log_debug only, or not at all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdatomic.h>

#include "lib/base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_INFO, LOG_DEBUG };

/* Opens the file (NULL or "": standard error). `level` and `format` are words of conf.def.
 * Before log_open everything goes to standard error as text at level info. */
bool log_open(const char *level, const char *format, const char *file, struct err *e) MUST_CHECK;
void log_close(void);

/* Another level from now on; false when there is no such word. */
bool log_set_level(const char *level);
bool log_wants(enum log_level level);

/* `object` is what the line is about ("spool", "file a.csv", "database"); NULL for the process. */
void log_line(enum log_level level, const char *object, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* How often one place may speak: `burst` lines per window of 60 seconds. */
struct log_limit {
	_Atomic int64_t window; /* minute number */
	_Atomic uint32_t count; /* lines asked for in it */
};
#define LOG_BURST 10u

/* Whether the place may speak now; `held` is told how many lines the last window kept back. */
bool log_allowed(struct log_limit *limit, int64_t now_seconds, uint32_t *held);

void log_limited(struct log_limit *limit, enum log_level level, const char *object,
		 const char *fmt, ...) PRINTF_LIKE(4, 5);
