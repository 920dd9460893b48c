/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fix.h - repairs that may be made unasked.
 *
 * A diagnostic that carries a repaired line and is sure of it (one near name and no other,
 * brackets as the language reads them anyway) can be applied to the text. Whether the
 * result is better the caller finds out by compiling it.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/rule/diag.h"

/* The repair of a diagnostic when it may be made unasked, else NULL. */
const struct repair *fix_of(const struct diag_list *d, const struct diag *x);

/* Writes source `file` with its sure repairs to `out`; of two that overlap the first is made.
 * Calls `told` for each made (may be NULL). Returns how many. */
uint32_t fix_source(const struct diag_list *d, uint32_t file, struct buf *out,
		    void (*told)(void *ctx, const struct diag *x, const struct repair *r),
		    void *ctx);
