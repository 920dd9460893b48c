/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world_impl.h - what the two halves of the world share.
 */
#pragma once

#include "tests/reference/world.h"

/* A number, MISSING_I64 when it is not there; whether a text is there and equal. */
int64_t record_number(const struct record *r, enum field f);
bool record_is(const struct record *r, enum field f, const char *s);

/* A new row of a stream; takes out the rows that are gone and puts the others in order. */
struct row *world_row(struct world *w, enum stream s);
void world_drop_gone(struct world *w, enum stream s);

/* Scopes, visits and stays, once refunds are settled. */
void world_derive(struct world *w);
