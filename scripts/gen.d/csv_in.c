/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See csv_in.h. Fields are cut in place, so they live until csv_close. */
#include "csv_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long n;

	if (!f)
		return NULL;
	if (fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0) {
		rewind(f);
		text = malloc((size_t)n + 1);
		if (text)
			text[fread(text, 1, (size_t)n, f)] = '\0';
	}
	fclose(f);
	return text;
}

/* Cuts one field at *at and steps over its separator. */
static char *cut_field(char **at, bool *last)
{
	char *p = *at, *start = p, *to = p;
	bool quoted = *p == '"';

	if (quoted)
		p++;
	while (*p && (quoted || (*p != ',' && *p != '\n'))) {
		if (quoted && *p == '"') {
			if (p[1] != '"') {
				quoted = false;
				p++;
				continue;
			}
			p++;
		}
		*to++ = *p++;
	}
	*last = *p != ',';
	*at = *p ? p + 1 : p;
	*to = '\0';
	return start;
}

static int cut_row(char **at, char *fields[CSV_MAX_FIELDS])
{
	bool last = false;
	int n = 0;

	while (!last && n < CSV_MAX_FIELDS)
		fields[n++] = cut_field(at, &last);
	return n;
}

bool csv_open(struct csv_in *c, const char *folder, const char *file)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", folder, file);
	c->text = read_all(path);
	if (!c->text) {
		fprintf(stderr, "fundwatch-gen: cannot read %s\n", path);
		return false;
	}
	c->at = c->text;
	c->ncols = cut_row(&c->at, c->cols);
	return true;
}

bool csv_next(struct csv_in *c)
{
	int n;

	if (!*c->at)
		return false;
	n = cut_row(&c->at, c->fields);
	while (n < c->ncols)
		c->fields[n++] = c->text + strlen(c->text);
	return true;
}

const char *csv_get(const struct csv_in *c, const char *col)
{
	for (int i = 0; i < c->ncols; i++)
		if (strcmp(c->cols[i], col) == 0)
			return c->fields[i];
	return "";
}

void csv_close(struct csv_in *c)
{
	free(c->text);
	c->text = NULL;
}
