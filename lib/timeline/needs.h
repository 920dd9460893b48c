/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * needs.h - which stored fields stand behind the wanted ones; for this folder only.
 */
#pragma once

#include "lib/record/field.h"
#include "lib/base/str.h"

/* Computed by gather, not stored: derived fields, and all of stays and visits. */
bool field_is_derived(enum field f);

/* Fields the rows must keep so that `wanted` can be gathered (bitmaps; NULL = all). */
void needs_kept(const uint8_t *wanted, uint8_t *keep);

/* Field of stream s from which derived field f is joined; FIELD_NONE. */
enum field needs_twin(enum field f, enum stream s);

/* A valid identity number of 18 digits: what it says of its holder. */
bool identity_number(struct str s, bool *male, int32_t *birth);
