/* SPDX-License-Identifier: GPL-3.0-or-later */
/* talk.h - one question to the running daemon over its control socket, and the whole answer. */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/err.h"

/* `socket` if given, else the one that the settings `conf` (NULL: defaults) name. */
bool cli_talk(const char *conf, const char *socket, const char *line, struct buf *answer,
	      struct err *e);

/* The same up to the end of a first line that begins with `word`, if it does. */
bool cli_talk_until(const char *conf, const char *socket, const char *line, const char *word,
		    struct buf *answer, struct err *e);
