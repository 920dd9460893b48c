/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.h - why something failed, as a sentence a person can act on.
 *
 * A function that can fail returns false and fills the caller's struct err.
 * Outer layers put their own words in front with err_wrap(), so the text reads
 * from the place inward: "feed fee.yaml: line 3: unknown field `x`".
 * Programmer errors are asserts and never come here.
 */
#pragma once

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_code {
	ERR_NONE,
	ERR_INPUT,    /* the data handed in is wrong */
	ERR_RULE,     /* a rule, list or table is wrong */
	ERR_CONF,     /* configuration or command line is wrong */
	ERR_LIMIT,    /* a bound on size or number was reached */
	ERR_OVERFLOW, /* an exact number does not fit */
	ERR_WORLD,    /* file, network or database said no */
	ERR_BUG,      /* an impossible state; please report */
};

struct err {
	enum err_code code;
	char text[480]; /* NUL-terminated UTF-8, cut at a character when too long */
};

/* Fills e (NULL is fine) and returns false, so that callers may `return err_set(...)`. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts "<words>: " before the text already in e (NULL is fine); keeps the code; returns false. */
bool err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The code's word for logs and JSON: "input", "rule", ... */
const char *err_name(enum err_code code);
