/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.c - bar, share, speed and time left; the clock is only looked at for the terminal
 * and the seconds in the report, never for a result.
 */
#include "daemon/cli/progress.h"

#include <stdio.h>
#include <time.h>

#include "daemon/cli/grid.h"

#define BAR   24u
#define PAUSE 0.2
#define CLEAR "\r\033[K"

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_begin(struct progress *p, const struct cli *c)
{
	*p = (struct progress){ .c = c, .shown = c->err_tty, .begun = now() };
}

double progress_seconds(const struct progress *p)
{
	return now() - p->begun;
}

static void bar(struct buf *b, double share)
{
	unsigned full = (unsigned)(share * BAR + 0.5);
	buf_addc(b, '[');
	buf_fill(b, '#', full);
	buf_fill(b, '.', BAR - full);
	buf_addf(b, "] %3.0f%%", share * 100);
}

void progress_reading(struct progress *p, uint64_t bytes, uint64_t total, uint64_t rows)
{
	double t = p->shown ? now() : 0;
	struct buf b;
	if (!p->shown || t - p->told < PAUSE || total == 0)
		return;
	double seconds = t - p->begun;
	double share = bytes >= total ? 1.0 : (double)bytes / (double)total;
	p->told = t;
	buf_init(&b, 0);
	buf_adds(&b, CLEAR);
	bar(&b, share);
	buf_addf(&b, "  %.0f / %.0f MB  ", (double)bytes / 1e6, (double)total / 1e6);
	grid_count(&b, (uint64_t)((double)rows / (seconds > 0.001 ? seconds : 0.001)));
	buf_addf(&b, cli_text(p->c, " 行/秒  剩余 %.0f 秒", " rows/s  %.0f s left"),
		 share > 0.001 ? seconds / share - seconds : 0.0);
	cli_note(&b);
	buf_fini(&b);
}

void progress_step(struct progress *p, const char *what)
{
	if (p->shown)
		fprintf(stderr, CLEAR "%s", what);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs(CLEAR, stderr);
}
