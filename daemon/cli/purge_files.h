/* SPDX-License-Identifier: GPL-3.0-or-later */
/* purge_files.h - the files of a purge, while a daemon may be taking the same bytes in again. */
#pragma once

#include "daemon/journal/archive.h"
#include "daemon/sink/db.h"

/* Removes the files that no input of the database needs any more and that do not wait in the
 * journal, those of a purge that was cut short among them. */
bool purge_files(struct db *db, struct archive *a, const char *journal, uint64_t *removed,
		 struct err *e) MUST_CHECK;
