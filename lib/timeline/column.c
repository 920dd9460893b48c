/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * column.c - live items of one subject, appended to the columns of a batch.
 *
 * Rows are stored side by side and wanted in columns: a subject's rows are in cache by
 * now, so each column is one short loop over them. What reversal left of a line replaces
 * what the line said.
 */
#include <assert.h>
#include <string.h>

#include "lib/base/civil.h"
#include "lib/base/mem.h"
#include "lib/timeline/gather.h"
#include "lib/timeline/needs.h"
#include "lib/timeline/unpack.h"

static struct cell cell_of(const struct gather *g, enum field f)
{
	return layout_cell(&g->t->store[field_get(f)->stream].layout, f);
}

/* ---- fills by pack ---- */

static void fill_code(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	unpack_cells(out, g->row, c->cell.off, n);
}

static void fill_dec(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	unpack_cells(g->packed, g->row, c->cell.off, n);
	unpack_decs(out, g->packed, n, &g->t->store[field_get(c->field)->stream].spill);
}

static void fill_time(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	unpack_cells(g->packed, g->row, c->cell.off, n);
	unpack_times(out, g->packed, n, &g->t->store[field_get(c->field)->stream].spill);
}

/* The settlement a line names, or has joined. */
static void fill_settlement(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	const struct items *setl = &g->items[STREAM_SETTLEMENT];
	uint32_t *to = out;

	unpack_cells(to, g->row, c->cell.off, n);
	for (uint32_t i = 0; g->fee_flags & ROW_JOINS && i < n; i++) {
		to[i] = line_names(g, g->live[i]);
		if (!to[i] && g->live[i]->link != NO_INDEX)
			to[i] = row_u32(setl->v[g->live[i]->link].row, g->setl_id.off);
	}
}

/* Codes of n rows from `from` on to one value. */
static void set_run(uint32_t *to, uint32_t from, uint32_t n, uint32_t code)
{
	for (uint32_t i = from; i < n; i++)
		to[i] = code;
}

static void fill_place(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	enum stream s = field_get(c->field)->stream;
	const struct place *v = g->t->places[stream_plan(s)->places].v;
	bool second = c->cell.pack == PACK_PLACE_B;
	uint32_t *to = out;

	if (s == STREAM_FEE) { /* a run is of one place */
		for (uint32_t r = 0; r < g->n_run; r++) {
			const struct place *p = &v[g->row[g->run[r]]->place];

			set_run(to, g->run[r], g->run[r + 1], second ? p->b : p->a);
		}
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		to[i] = second ? v[g->row[i]->place].b : v[g->row[i]->place].a;
}

static void fill_owner(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	(void)c;
	set_run(out, 0, n, g->t->subject[g->subject].key);
}

/* The fund's share of lines. */
static void fill_share(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	const struct item *first = g->items[STREAM_FEE].v;
	int64_t *to = out;

	(void)c;
	for (uint32_t i = 0; i < n; i++)
		to[i] = g->any_share ? g->share[g->live[i] - first] : MISSING_I64;
}

/* The settlement a code's row names, or has joined. */
static int64_t value_trace_settlement(struct gather *g, const struct column *c,
				      const struct item *it)
{
	uint32_t code = row_u32(it->row, c->cell.off);

	if (!code && it->link != NO_INDEX)
		code = row_u32(g->items[STREAM_SETTLEMENT].v[it->link].row, g->setl_id.off);
	return code ? (int64_t)code : MISSING_I64;
}

static int64_t value_trace_split(struct gather *g, const struct column *c, const struct item *it)
{
	(void)c;
	return trace_split(g, it);
}

/* One value as a column of type `w` holds it. */
static void put_value(void *out, uint32_t i, enum width w, int64_t v)
{
	switch (w) {
	case WIDTH_I64:
		((int64_t *)out)[i] = v;
		break;
	case WIDTH_I32:
		((int32_t *)out)[i] = v == MISSING_I64 ? MISSING_I32 : (int32_t)v;
		break;
	case WIDTH_U32:
		((uint32_t *)out)[i] = v == MISSING_I64 ? MISSING_CODE : (uint32_t)v;
		break;
	case WIDTH_U8:
		((uint8_t *)out)[i] = v == MISSING_I64 ? TRUTH_UNKNOWN : (uint8_t)v;
		break;
	}
}

static void fill_values(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	for (uint32_t i = 0; i < n; i++)
		put_value(out, i, (enum width)c->width, c->value(g, c, g->live[i]));
}

/* One value to all from `from` on. */
static void put_run(void *out, uint32_t from, uint32_t end, enum width w, int64_t v)
{
	put_value(out, from, w, v);
	switch (w) {
	case WIDTH_I64:
		for (uint32_t i = from + 1; i < end; i++)
			((int64_t *)out)[i] = v;
		break;
	case WIDTH_I32:
	case WIDTH_U32:
		set_run(out, from + 1, end, ((uint32_t *)out)[from]);
		break;
	case WIDTH_U8:
		memset((uint8_t *)out + from, ((uint8_t *)out)[from], end - from);
		break;
	}
}

/* Most lines come in runs of one visit, and of one visit and day. */
static void fill_runs(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	bool whole = c->by_visit && !g->registered;
	const uint32_t *run = whole ? g->run : g->day;
	uint32_t runs = whole ? g->n_run : g->n_day;

	(void)n;
	for (uint32_t r = 0; r < runs; r++)
		put_run(out, run[r], run[r + 1], (enum width)c->width,
			c->value(g, c, g->live[run[r]]));
}

/* The catalogue's name where there is one, else what the line says. */
static void fill_item_name(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	struct cell own = cell_of(g, FIELD_fee_medins_list_name);
	uint32_t *to = out;

	if (g->t->store[STREAM_ITEM].n) {
		fill_values(g, c, n, out);
		return;
	}
	unpack_cells(to, g->row, cell_of(g, FIELD_fee_hilist_name).off, n);
	for (uint32_t i = 0; i < n; i++)
		if (!to[i])
			to[i] = row_u32(g->row[i], own.off);
}

/* Codes that a visit has, or, where it has none, each row by itself. */
static void fill_class(struct gather *g, const struct column *c, uint32_t n, void *out)
{
	uint32_t *to = out;

	(void)n;
	for (uint32_t r = 0; r < g->n_run; r++) {
		uint32_t from = g->run[r], end = g->run[r + 1], visit = g->live[from]->visit;
		bool known = visit != NO_INDEX && g->visit[visit].visit_class != NO_CLASS;

		put_value(to, from, WIDTH_U32, c->value(g, c, g->live[from]));
		if (known)
			set_run(to, from + 1, end, to[from]);
		for (uint32_t i = from + 1; !known && i < end; i++)
			put_value(to, i, WIDTH_U32, c->value(g, c, g->live[i]));
	}
}

/* Where another visit or day begins; what has no visit, or no time, stands alone. */
static void find_days(struct gather *g, uint32_t n)
{
	uint32_t visit = NO_INDEX, runs = 0;
	int64_t from = 0, to = 0; /* the day of the item before, in seconds */

	GROW(g->day, g->cap_day, n + 1);
	for (uint32_t i = 0; i < n; i++) {
		const struct item *it = g->live[i];

		if (it->visit == visit && it->time >= from && it->time < to)
			continue;
		g->day[runs++] = i;
		visit = it->visit;
		from = to = 0;
		if (it->time == MISSING_I64 || visit == NO_INDEX)
			continue;
		from = civil_midnight(civil_day_of(it->time));
		to = from + CIVIL_DAY;
	}
	g->day[runs] = n;
	g->n_day = runs;
}

static int64_t value_stored(struct gather *g, const struct column *c, const struct item *it)
{
	uint64_t link;

	if (c->cell.pack != PACK_LINK)
		return row_value(g->t, c->field, it->row);
	if (!(it->row->flags & ROW_LINKED) ||
	    !map64_get(&g->t->store[field_get(c->field)->stream].link, it->id, &link))
		return MISSING_I64;
	return (int64_t)link;
}

static int64_t value_day(struct gather *g, const struct column *c, const struct item *it)
{
	return visit_settled_day(g, c->field, it);
}

/* ---- plan ---- */

static fill_fn *stored_fill(enum pack pack)
{
	static fill_fn *const fills[] = {
		[PACK_CODE] = fill_code,
		[PACK_DATE] = fill_code,
		[PACK_DEC] = fill_dec,
		[PACK_TIME] = fill_time,
		[PACK_PLACE_A] = fill_place,
		[PACK_PLACE_B] = fill_place,
		[PACK_OWNER] = fill_owner,
		[PACK_SERIAL] = fill_values,
		[PACK_LINK] = fill_values,
	};

	assert(pack != PACK_NONE && pack < sizeof fills / sizeof fills[0]);
	return fills[pack];
}

static void plan_column(struct gather *g, struct column *c, enum field f)
{
	memset(c, 0, sizeof *c);
	c->field = f;
	c->index = (uint16_t)field_get(f)->index;
	c->width = (uint8_t)type_width(field_get(f)->type);
	c->bytes = (uint8_t)width_bytes((enum width)c->width);
	if (!field_is_derived(f)) {
		c->cell = layout_cell(&g->t->store[field_get(f)->stream].layout, f);
		c->fill = stored_fill((enum pack)c->cell.pack);
		c->value = value_stored;
		if (f == FIELD_fee_setl_id)
			c->fill = fill_settlement;
		if (f == FIELD_trace_setl_id || f == FIELD_trace_trdn_flag) {
			c->fill = fill_values;
			c->value = f == FIELD_trace_setl_id ? value_trace_settlement :
							      value_trace_split;
		}
		if (f == FIELD_settlement_begndate || f == FIELD_settlement_enddate) {
			c->fill = fill_values;
			c->value = value_day;
		}
		return;
	}
	c->value = derive_value(f);
	c->by_day = derive_by_day(c->value);
	c->by_visit = field_get(f)->stream == STREAM_FEE && derive_by_visit(c->value);
	c->fill = c->by_day ? fill_runs : fill_values;
	if (f == FIELD_fee_fund_pay)
		c->fill = fill_share;
	else if (f == FIELD_fee_item_name)
		c->fill = fill_item_name;
	else if (derive_by_class(c->value))
		c->fill = fill_class;
	for (int s = 0; s < STREAM_STORED; s++) {
		enum field twin = needs_twin(f, (enum stream)s);

		c->twin[s].field = twin;
		if (twin != FIELD_NONE)
			c->twin[s].cell = layout_cell(&g->t->store[s].layout, twin);
	}
}

static void plan_stream(struct gather *g, enum stream s)
{
	unsigned width = stream_width(s);

	g->column[s] = xcalloc(width, sizeof *g->column[s]);
	for (unsigned i = 0; i < width; i++) {
		enum field f = (enum field)((unsigned)stream_first(s) + i);

		if (field_wanted(g->t->wanted, f))
			plan_column(g, &g->column[s][g->n_column[s]++], f);
	}
	for (uint32_t i = 0; i < g->n_column[s]; i++)
		g->by_day[s] |= g->column[s][i].by_day;
	g->derived_rows[s] = s >= STREAM_STORED && g->n_column[s];
}

static uint32_t code(struct gather *g, const char *text)
{
	return dict_code(g->t->dict, str_of(text));
}

static void cells_init(struct gather *g)
{
	const struct {
		struct cell *cell;
		enum field field;
	} cells[] = {
		{ &g->fee_time, FIELD_fee_fee_ocur_time },
		{ &g->fee_cnt, FIELD_fee_cnt },
		{ &g->fee_amount, FIELD_fee_det_item_fee_sumamt },
		{ &g->fee_inscp, FIELD_fee_inscp_amt },
		{ &g->fee_item, FIELD_fee_med_list_codg },
		{ &g->fee_setl, FIELD_fee_setl_id },
		{ &g->setl_id, FIELD_settlement_setl_id },
		{ &g->setl_sum, FIELD_settlement_medfee_sumamt },
		{ &g->setl_batch, FIELD_settlement_chrg_bchno },
		{ &g->setl_type, FIELD_settlement_med_type },
		{ &g->setl_begin, FIELD_settlement_begndate },
		{ &g->setl_end, FIELD_settlement_enddate },
		{ &g->setl_mid, FIELD_settlement_mid_setl_flag },
		{ &g->setl_fund, FIELD_settlement_fund_pay_sumamt },
		{ &g->trace_split, FIELD_trace_trdn_flag },
		{ &g->enc_type, FIELD_encounter_med_type },
		{ &g->enc_status, FIELD_encounter_inhosp_stas },
		{ &g->enc_begin, FIELD_encounter_begntime },
		{ &g->enc_end, FIELD_encounter_endtime },
	};

	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		*cells[i].cell = cell_of(g, cells[i].field);
	for (int s = 0; s < STREAM_STORED; s++) {
		enum field when = stream_time((enum stream)s);

		if (when != FIELD_NONE)
			g->time[s] = cell_of(g, when);
	}
}

void columns_init(struct gather *g)
{
	static const char *const classes[] = { "other", "outpatient", "inpatient", "pharmacy",
					       "homebed" };
	static const char *const digits[] = { "0", "1", "2", "3" };

	for (int s = 0; s < STREAM_COUNT; s++)
		plan_stream(g, (enum stream)s);
	for (int i = 0; i < 5; i++)
		g->class_code[i] = code(g, classes[i]);
	for (int i = 0; i < 4; i++)
		g->digit_code[i] = code(g, digits[i]);
	g->shares = field_wanted(g->t->wanted, FIELD_fee_fund_pay);
	cells_init(g);
}

/* ---- rows ---- */

/* Whether what was charged in scope, or, where that is not said, at all, is more than nothing. */
static bool line_charges(const struct gather *g, const struct item *it)
{
	const struct store *st = &g->t->store[STREAM_FEE];
	const struct left *left = it->touched ? &g->left[it - g->items[STREAM_FEE].v] : NULL;
	int64_t money = left ? left->inscp : store_value(st, it->row, g->fee_inscp);

	if (money == MISSING_I64)
		money = left ? left->amount : store_value(st, it->row, g->fee_amount);
	return money != MISSING_I64 && money > 0;
}

/* Whether the settlement of the line, known or only named, stands. */
static bool line_is_settled(const struct gather *g, const struct item *it)
{
	if (it->link != NO_INDEX)
		return g->items[STREAM_SETTLEMENT].v[it->link].state == ITEM_LIVE;
	return line_names(g, it) != MISSING_CODE;
}

/* Of the lines that charge, each by itself. */
static void scope_each(const struct gather *g, uint32_t n, uint8_t *scope)
{
	for (uint32_t i = 0; i < n; i++)
		scope[i] = !(g->row[i]->flags & ROW_REFUSED) && line_charges(g, g->live[i]);
}

/* How many of the lines are not settled by their own word and have joined no settlement. */
static uint32_t scope_lines(const struct gather *g, uint32_t n, uint8_t *scope)
{
	uint32_t unsettled = 0;

	unpack_cells(g->packed, g->row, g->fee_inscp.off, n);
	if (unpack_positive(scope, g->packed, n) || g->any_left || g->fee_flags & ROW_REFUSED)
		scope_each(g, n, scope);
	for (uint32_t r = 0; r < g->n_run; r++) {
		uint32_t from = g->run[r], end = g->run[r + 1], link = g->live[from]->link;

		if (link != NO_INDEX && !line_is_settled(g, g->live[from]))
			memset(scope + from, 0, end - from);
		for (uint32_t i = from; link == NO_INDEX && i < end; i++) {
			bool settled = line_is_settled(g, g->live[i]);

			scope[i] &= settled;
			unsettled += !settled;
		}
	}
	return unsettled;
}

/* Whether the settlement a diagnosis or operation names is one that was cancelled. */
static bool names_cancelled(const struct gather *g, enum stream s, const struct item *it)
{
	struct cell cell = cell_of(g, s == STREAM_DIAGNOSIS ? FIELD_diagnosis_setl_id :
							      FIELD_operation_setl_id);
	uint32_t at = settlement_named(g, it->visit, row_u32(it->row, cell.off));

	return at != NO_INDEX && g->items[STREAM_SETTLEMENT].v[at].state != ITEM_LIVE;
}

static bool in_scope(const struct gather *g, enum stream s, const struct item *it)
{
	switch (s) {
	case STREAM_TRACE:
		return it->link != NO_INDEX ||
		       row_u32(it->row, cell_of(g, FIELD_trace_setl_id).off) != MISSING_CODE;
	case STREAM_ENCOUNTER:
	case STREAM_STAY:
	case STREAM_VISIT:
		return g->visit[it->visit].settled;
	case STREAM_DIAGNOSIS:
	case STREAM_OPERATION:
		return it->visit != NO_INDEX && g->visit[it->visit].settled &&
		       !names_cancelled(g, s, it);
	default:
		return true;
	}
}

static void live_room(struct gather *g, uint32_t n)
{
	GROW(g->live, g->cap_live, n);
	GROW(g->row, g->cap_row, n);
	GROW(g->packed, g->cap_packed, n);
	GROW(g->run, g->cap_run, n + 1);
}

/* Those that are there, their handles, and where runs of one visit and link begin. */
static uint32_t live_items(struct gather *g, enum stream s, uint32_t *id)
{
	const struct items *items = &g->items[s];
	uint32_t n = 0, runs = 0, visit = 0, link = 0;
	const struct item **live;
	const struct row **row;

	live_room(g, items->n);
	live = g->live;
	row = g->row;
	for (const struct item *it = items->v; it < items->v + items->n; it++) {
		if (it->state != ITEM_LIVE)
			continue;
		if (it->visit != visit || it->link != link || n == 0)
			g->run[runs++] = n;
		visit = it->visit;
		link = it->link;
		id[n] = it->id;
		row[n] = it->row;
		live[n++] = it;
	}
	g->run[runs] = n;
	g->n_run = runs;
	return n;
}

static void count_items(const struct items *items, enum stream s, uint32_t live,
			struct gather_stats *gs)
{
	gs->live[s] += live;
	for (uint32_t i = 0; live < items->n && i < items->n; i++)
		gs->reversed[s] += items->v[i].state == ITEM_REVERSED;
}

static void put_left(struct gather *g, struct rows *rows, uint32_t at, const struct item *it)
{
	const struct left *left = &g->left[it - g->items[STREAM_FEE].v];
	const struct {
		enum field field;
		int64_t value;
	} put[] = {
		{ FIELD_fee_cnt, left->cnt },
		{ FIELD_fee_det_item_fee_sumamt, left->amount },
		{ FIELD_fee_inscp_amt, left->inscp },
	};

	for (int i = 0; i < 3; i++) {
		int64_t *col = rows->col[field_get(put[i].field)->index];

		if (col)
			col[at] = put[i].value;
	}
}

static void write_columns(struct gather *g, const struct rows *rows, enum stream s, uint32_t n)
{
	if (g->by_day[s])
		find_days(g, n);
	for (const struct column *c = g->column[s]; c < g->column[s] + g->n_column[s]; c++)
		c->fill(g, c, n, (uint8_t *)rows->col[c->index] + (size_t)rows->n * c->bytes);
}

static void write_stream(struct gather *g, struct batch *b, enum stream s,
			 struct gather_stats *gs)
{
	struct rows *rows = &b->rows[s];
	uint32_t at = rows->n, n = live_items(g, s, rows->row + at), unsettled = 0;

	if (s == STREAM_FEE)
		unsettled = scope_lines(g, n, rows->scope + at);
	for (uint32_t i = 0; s != STREAM_FEE && i < n; i++)
		rows->scope[at + i] = in_scope(g, s, g->live[i]);
	for (uint32_t i = 0; rows->version && i < n; i++)
		rows->version[at + i] = g->row[i] && s < STREAM_STORED ?
			version_of(&g->t->store[s], g->row[i]) :
			row_version(g->t, s, g->live[i]->id);
	if (n)
		write_columns(g, rows, s, n);
	for (uint32_t i = 0; s == STREAM_FEE && g->any_left && i < n; i++) {
		if (g->live[i]->touched)
			put_left(g, rows, at + i, g->live[i]);
	}
	if (gs)
		gs->unsettled += unsettled;
	if (gs && s < STREAM_STORED)
		count_items(&g->items[s], s, n, gs);
	rows->n = at + n;
}

/* Whether a register has a say in what is joined. */
static bool is_registered(const struct gather *g)
{
	const struct list *person =
		subject_list_const(&g->t->subject[g->subject], STREAM_PERSON);

	return (person && person->n) || g->t->store[STREAM_FACILITY].n;
}

void columns_write(struct gather *g, struct batch *b, struct gather_stats *gs)
{
	g->registered = is_registered(g);
	for (int s = 0; s < STREAM_COUNT; s++) {
		if (g->items[s].n)
			write_stream(g, b, (enum stream)s, gs);
	}
}
