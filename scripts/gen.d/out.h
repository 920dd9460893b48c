/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One file on its way out: a buffer, then as it is, compressed, or in
 * GB18030. Write errors are kept and reported by out_close.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { OUT_BUFFER = 1 << 18, OUT_ROOM = 4096 };

struct out {
	char path[4096];
	char *buf;
	char *at;                       /* next byte to write */
	void *file, *zip, *charset;
	bool crlf;                      /* rows end as under Windows */
	bool failed;
};

bool out_open(struct out *o, const char *folder, const char *stem,
	const char *coding);            /* "", "gzip" or "gb18030" */
/* Call before each row: makes sure OUT_ROOM bytes are free. */
void out_room(struct out *o);
bool out_close(struct out *o);

void out_text(struct out *o, const char *text);        /* quoted if needed */
void out_int(struct out *o, int64_t v);
void out_padded(struct out *o, uint64_t v, int width);
void out_money(struct out *o, int64_t fen);
void out_day(struct out *o, int day);
void out_time(struct out *o, int64_t seconds);
