/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cli/folders.h"

#include "daemon/source/desk.h"

void folders_archive(const struct conf *conf, const char *told, struct buf *out)
{
	if (told)
		buf_adds(out, told);
	else
		desk_archive_dir(conf, out);
}

bool folders_find(const struct folder_opts *o, struct buf *journal, struct buf *archive,
		struct err *e)
{
	struct conf conf;
	if (!o->conf)
		conf_init(&conf);
	else if (!conf_load(&conf, o->conf, e))
		return false;
	if (o->journal)
		buf_adds(journal, o->journal);
	else
		desk_journal_dir(&conf, journal);
	folders_archive(&conf, o->archive, archive);
	conf_fini(&conf);
	return true;
}
