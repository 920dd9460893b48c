/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feed_plan.h - a feed as the decoder sees it: plain data, everything resolved.
 *
 * For lib/record only. All of it lives in the feed's arena and never changes after
 * feed_parse, so decoders in many threads may read one feed.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/record/feed.h"

enum feed_charset { CHARSET_AUTO, CHARSET_UTF8, CHARSET_GB18030 };
enum feed_format { FORMAT_AUTO, FORMAT_CSV, FORMAT_NDJSON, FORMAT_NATIONAL };

#define FEED_KEY_MAX 8u
#define FEED_STREAMS_MAX 20u /* per file entry */

/* Text made of source columns: literal pieces and {column} pieces in turn. */
struct feed_piece {
	struct str text;
	bool column;
};
struct feed_template {
	struct feed_piece *piece;
	unsigned n;
};

/* A field that gets a text: constant, default or composed. */
enum feed_give { GIVE_CONSTANT, GIVE_COMPOSE, GIVE_DEFAULT };
struct feed_gift {
	enum field field;
	enum feed_give kind;
	struct feed_template text;
};

struct feed_column {
	struct str source;
	enum field field;
};

struct feed_value {
	struct str source, code;
};
struct feed_values {
	enum field field;
	struct feed_value *value;
	unsigned n;
};

struct feed_when {
	struct str column; /* empty: no filter */
	struct str *is;
	unsigned n;
	bool negated;
};

struct feed_stream {
	enum stream stream;
	bool strict;
	struct feed_when when;
	struct str once_per[FEED_KEY_MAX], filled[FEED_KEY_MAX];
	unsigned n_once, n_filled;
	enum field *magnitude; /* numbers taken without their sign */
	unsigned n_magnitude;
	struct feed_column *column;
	struct feed_values *values;
	struct feed_gift *gift;
	unsigned n_column, n_values, n_gift;
};

struct feed_file {
	struct str match;
	enum feed_charset charset;
	enum feed_format format;
	char separator;
	struct feed_stream *stream;
	unsigned n_stream;
};

struct feed_class {
	struct str prefix;
	enum visit_class class;
};

struct feed {
	struct arena arena;
	struct str name, description;
	enum feed_charset charset;
	enum feed_format format;
	char separator;
	int64_t revision; /* extract_date as a time; MISSING_I64 when none */
	bool intake_order;
	struct feed_file *file;
	unsigned n_file;
	struct feed_class *class;
	unsigned n_class;
};

/* The first file entry whose pattern takes the name (a trailing .gz is not looked at); or NULL. */
const struct feed_file *feed_file_for(const struct feed *f, const char *file_name);

/* Reads the YAML text into an empty feed; all errors with their lines in e. */
bool feed_read_yaml(struct feed *f, struct str text, const char *name, struct err *e);

/* Splits "{a}-{b}"; false when a brace is not closed. */
bool feed_template_parse(struct arena *a, struct str text, struct feed_template *out);
