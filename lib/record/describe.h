/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * describe.h - the master list printed for the manual.
 *
 * docs/fields.md is this text; a test compares the two, so that the page cannot drift.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/record/field.h"

/* The manual's chapter: per stream a Markdown table of all fields, then the code tables. */
void field_manual(struct buf *out);
