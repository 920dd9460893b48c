/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * binfile.h - pieces of bytes by bin in one temporary file, read back bin by bin.
 *
 * Pieces are put behind each other as they come; where those of a bin lie is remembered. One
 * thread.
 */
#pragma once

#include "daemon/work/temp.h"

struct binfile;

/* NULL with a sentence. */
struct binfile *binfile_new(const char *dir, uint32_t bins, struct err *e);
void binfile_free(struct binfile *b); /* NULL is fine */

/* A piece with a mark of the caller's. A failure is told by binfile_end. */
void binfile_put(struct binfile *b, uint32_t bin, int mark, struct str bytes);
/* All is written that was put; more may come. False when the disk is full or fails. */
bool binfile_end(struct binfile *b, struct err *e);

/* The pieces of a bin as they were put, borrowed for the call. After binfile_end. */
typedef bool binfile_fn(void *ctx, int mark, struct str bytes, struct err *e);
bool binfile_each(const struct binfile *b, uint32_t bin, binfile_fn *fn, void *ctx,
		  struct err *e);

uint64_t binfile_bytes(const struct binfile *b);
uint64_t binfile_bin_bytes(const struct binfile *b, uint32_t bin);
