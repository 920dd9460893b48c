/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * example_build.h - the records an example's tables stand for.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/record/chunk.h"
#include "lib/rule/rule.h"

/* All records of the example as one chunk (chunk_free), NULL with the reason when a cell does not
 * parse. */
struct chunk *example_build(const struct example *x, struct err *e);
