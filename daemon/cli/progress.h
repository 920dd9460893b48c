/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.h - one line on a terminal that tells how far a scan is. Nothing without a terminal. */
#pragma once

#include "daemon/cli/cli.h"

struct progress {
	const struct cli *c;
	bool shown; /* standard error is a terminal */
	double begun, told;
};

void progress_begin(struct progress *p, const struct cli *c);

/* Called often; writes at most five times a second. */
void progress_reading(struct progress *p, uint64_t bytes, uint64_t total, uint64_t rows);

/* A step without measure ("judging"). */
void progress_step(struct progress *p, const char *what);

/* Clears the line. */
void progress_end(struct progress *p);

/* Seconds since progress_begin. */
double progress_seconds(const struct progress *p);
