/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * national.h - national interface messages become rows of named values.
 *
 * A message is request and answer in one object: envelope, input, output. Which of its
 * parts make which records stands in national.def. What a row does not say itself it takes
 * from the envelope (facility, times) and, ids only, from the message's other parts.
 */
#pragma once

#include "lib/record/json.h"
#include "lib/record/row.h"

/* Whether an object is an interface message rather than a row. */
bool national_is_message(struct json_object *o);

/* Takes all records of one message; what cannot be read becomes rejects. */
void national_take(struct rower *r, const struct json_in *in);

/* Takes an object whose keys are columns. */
void national_take_row(struct rower *r, const struct json_in *in);
