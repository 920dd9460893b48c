/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan_out.c - findings as lines of JSON, CSV, or a table for people.
 */
#include "daemon/cli/scan_out.h"

#include <errno.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/mem.h"

enum { AT_ONCE = 1 << 18 }; /* bytes written to a file */

static enum scan_format format_of(const char *word)
{
	if (word && strcmp(word, "csv") == 0)
		return SCAN_CSV;
	return word && strcmp(word, "table") == 0 ? SCAN_TABLE : SCAN_NDJSON;
}

static bool open_temp(struct scan_out *o, struct err *e)
{
	if (!staged_begin(&o->staged, o->path, e))
		return false;
	o->to = fopen(o->staged.temp, "we");
	if (o->to) { /* without one glibc takes its own small one, whatever the size */
		o->buffer = xmalloc(AT_ONCE);
		setvbuf(o->to, o->buffer, _IOFBF, (size_t)AT_ONCE);
	}
	return o->to || err_set(e, ERR_WORLD, "%s: %s", o->staged.temp, strerror(errno));
}

static void write_line(struct scan_out *o)
{
	fwrite(buf_cstr(&o->line), 1, o->line.n, o->to);
	buf_reset(&o->line);
}

static void table_head(struct scan_out *o)
{
	static const char *const zh[] = { "规则", "违规金额", "其中基金", "日期",
					  "机构", "人员",     "记录",     "说明" };
	static const char *const en[] = { "rule",     "amount", "of the fund", "date",
					  "facility", "person", "records",     "sentence" };
	grid_init(&o->grid, 8);
	o->grid.right[1] = o->grid.right[2] = o->grid.right[6] = true;
	for (unsigned i = 0; i < o->grid.columns; i++)
		grid_cell(&o->grid, str_of(o->c->english ? en[i] : zh[i]));
	grid_rule(&o->grid);
}

bool scan_out_open(struct scan_out *o, const struct cli *c, const char *path, const char *format,
		   struct err *e)
{
	*o = (struct scan_out){ .c = c, .format = format_of(format), .path = path,
				.held = o->held };
	buf_init(&o->line, 0);
	if (!path)
		o->to = stdout;
	else if (!open_temp(o, e))
		return false;
	if (o->format == SCAN_TABLE)
		table_head(o);
	if (o->format == SCAN_CSV) {
		finding_csv_header(&o->line);
		buf_adds(&o->line, o->held ? ",reason,owner" : "");
		buf_addc(&o->line, '\n');
		write_line(o);
	}
	return true;
}

static void money_cell(struct scan_out *o, bool has, int64_t fen)
{
	buf_reset(&o->line);
	if (has)
		grid_money(&o->line, fen);
	grid_cell(&o->grid, buf_str(&o->line));
	buf_reset(&o->line);
}

static void table_row(struct scan_out *o, const struct finding *f)
{
	grid_cell(&o->grid, f->rule);
	money_cell(o, f->has_amount, f->amount);
	money_cell(o, f->has_amount, f->fund_amount);
	civil_add_date(&o->line, civil_day_of(f->end));
	grid_cell(&o->grid, buf_str(&o->line));
	buf_reset(&o->line);
	grid_cell(&o->grid, f->fixmedins_code);
	grid_cell(&o->grid, f->psn_no);
	grid_cellf(&o->grid, "%u", f->n_record);
	grid_cellf(&o->grid, STR_FMT "%s" STR_FMT, STR_ARG(f->except_reason), o->held ? "：" : "",
		   STR_ARG(f->sentence));
}

/* Behind the finding as it would have been told. */
static void add_reason(enum scan_format format, const struct finding *f, struct buf *line)
{
	if (format == SCAN_CSV) {
		buf_addc(line, ',');
		buf_csv(line, f->except_reason);
		buf_addc(line, ',');
		buf_csv(line, f->except_owner);
		return;
	}
	line->n--; /* its closing bracket */
	buf_addf(line, ",\"suppressed\":{\"by\":\"%s\",\"reason\":",
		 f->except_owner.n ? "exception" : "unless");
	buf_json(line, f->except_reason);
	buf_adds(line, ",\"owner\":");
	buf_json(line, f->except_owner);
	buf_adds(line, "}}");
}

void scan_out_text(const struct scan_out *o, const struct finding *f, struct buf *line)
{
	switch (o->format) {
	case SCAN_TABLE: return;
	case SCAN_CSV: finding_csv(f, line); break;
	case SCAN_NDJSON: finding_json(f, line); break;
	}
	if (o->held)
		add_reason(o->format, f, line);
	buf_addc(line, '\n');
}

void scan_out_line(struct scan_out *o, const struct finding *f, struct str line)
{
	if (o->format == SCAN_TABLE)
		table_row(o, f);
	else if (line.p)
		fwrite(line.p, 1, line.n, o->to);
	else
		o->no_room = true;
}

void scan_out_finding(struct scan_out *o, const struct finding *f)
{
	scan_out_text(o, f, &o->line);
	scan_out_line(o, f, o->line.failed ? (struct str){ 0 } : buf_str(&o->line));
	buf_reset(&o->line);
}

static bool finish(struct scan_out *o, struct err *e)
{
	const char *name = o->path ? o->path : "standard output";
	bool ok = fflush(o->to) == 0 && !ferror(o->to) && !o->no_room;
	if (o->path) {
		ok = ok && staged_sync(fileno(o->to));
		ok = fclose(o->to) == 0 && ok;
		ok = ok && staged_keep(&o->staged);
	}
	if (o->no_room)
		return err_set(e, ERR_LIMIT, "%s: a finding's line is over 4 GiB", name);
	return ok || err_set(e, ERR_WORLD, "%s: %s", name, strerror(errno));
}

bool scan_out_close(struct scan_out *o, bool keep, struct err *e)
{
	bool ok = true;
	if (o->format == SCAN_TABLE && keep) {
		grid_print(&o->grid, &o->line, o->path ? 0 : cli_columns(o->c));
		write_line(o);
	}
	if (keep)
		ok = finish(o, e);
	else if (o->path)
		fclose(o->to);
	if (o->path && (!keep || !ok))
		staged_drop(&o->staged);
	if (o->format == SCAN_TABLE)
		grid_fini(&o->grid);
	buf_fini(&o->line);
	xfree(o->buffer);
	o->buffer = NULL;
	return ok;
}
