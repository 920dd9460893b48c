/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * csv.c - one pass over the bytes, one row at a time.
 */
#include "lib/rule/csv.h"

#include <string.h>

void csv_init(struct csv *c, char *text, size_t n)
{
	memset(c, 0, sizeof *c);
	c->text = c->at = text;
	c->end = text + n;
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		c->at += 3;
}

static bool at_line_end(const struct csv *c, const char *p)
{
	return p == c->end || *p == '\n' || (*p == '\r' && (p + 1 == c->end || p[1] == '\n'));
}

static void take_cell(struct csv *c, const char *from, const char *to)
{
	if (c->n_cell == CSV_MAX_CELLS) {
		c->wrong = "cells";
		return;
	}
	c->cell[c->n_cell++] = str_trim(str_make(from, (size_t)(to - from)));
}

/* From behind the opening quote; "" inside becomes ". Leaves c->at behind the closing quote. */
static void quoted_cell(struct csv *c)
{
	char *from = c->at, *to = from;

	while (c->at < c->end) {
		if (*c->at == '"') {
			if (c->at + 1 == c->end || c->at[1] != '"')
				break;
			c->at++;
		}
		*to++ = *c->at++;
	}
	if (c->at == c->end)
		c->wrong = "quote";
	else
		c->at++;
	take_cell(c, from, to);
	if (!at_line_end(c, c->at) && *c->at != ',')
		c->wrong = "quote";
	while (!at_line_end(c, c->at) && *c->at != ',')
		c->at++;
}

static void plain_cell(struct csv *c)
{
	char *from = c->at;

	while (!at_line_end(c, c->at) && *c->at != ',')
		c->at++;
	take_cell(c, from, c->at);
}

static void read_row(struct csv *c)
{
	c->n_cell = 0;
	c->wrong = NULL;
	c->row_start = (uint32_t)(c->at - c->text);
	for (;;) {
		if (c->at < c->end && *c->at == '"') {
			c->at++;
			quoted_cell(c);
		} else {
			plain_cell(c);
		}
		if (at_line_end(c, c->at))
			break;
		c->at++;
	}
	c->row_end = (uint32_t)(c->at - c->text);
	if (c->at < c->end && *c->at == '\r')
		c->at++;
	if (c->at < c->end)
		c->at++;
}

bool csv_next(struct csv *c)
{
	while (c->at < c->end) {
		read_row(c);
		if (c->n_cell > 1 || c->cell[0].n > 0 || c->wrong != NULL)
			return true;
	}
	return false;
}
