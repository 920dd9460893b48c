/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow.h - how one stage of the decoder hands bytes to the next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

/* `put` takes all n bytes or returns false with the reason; the bytes are only borrowed.
 * `suspect` says that they are not valid in the file's character set. */
struct flow {
	bool (*put)(void *ctx, const char *p, size_t n, bool suspect, struct err *e);
	void *ctx;
};

static inline bool flow_put(struct flow to, const char *p, size_t n, bool suspect, struct err *e)
{
	return to.put(to.ctx, p, n, suspect, e);
}
