/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * knowledge_faults.c - lists and tables looked through for what only a person can judge.
 *
 * Everything is one pass over sorted row numbers: by key and first day for gaps, by key over
 * all tables for contradictions, by name for what a newer batch left out.
 */
#include "daemon/cli/knowledge_faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/work/files.h"
#include "lib/base/civil.h"
#include "lib/base/mem.h"
#include "lib/rule/csv.h"
#include "lib/rule/csv_text.h"
#include "lib/rule/item_map.h"

#define SAMPLE "示例"

static const struct {
	const char *id, *zh, *en;
	bool serious;
} words[FAULT_KINDS] = {
	[FAULT_CODE] = { "unknown-code", "编码不明", "unknown code", true },
	[FAULT_GAP] = { "gap", "有效期中断", "gap in validity", true },
	[FAULT_CONFLICT] = { "conflict", "限定冲突", "conflicting limits", true },
	[FAULT_OVERLAP] = { "overlap", "前缀重叠", "overlapping prefixes", false },
	[FAULT_STALE] = { "stale", "旧批次", "stale batch", false },
	[FAULT_SAMPLE] = { "sample", "没有现行的行", "no rows in force", false },
};

const char *fault_word(enum fault_kind kind, bool english)
{
	return english ? words[kind].en : words[kind].zh;
}

const char *fault_id(enum fault_kind kind)
{
	return words[kind].id;
}

bool fault_serious(enum fault_kind kind)
{
	return words[kind].serious;
}

/* ---- files read again ---- */

static uint32_t header_at(const struct csv *c, const char *zh)
{
	for (uint32_t i = 0; i < c->n_cell; i++)
		if (str_eq(c->cell[i], str_of(zh)))
			return i;
	return UINT32_MAX;
}

static struct str cell_at(struct faults *f, const struct csv *c, uint32_t at)
{
	return at < c->n_cell ? arena_str(&f->arena, c->cell[at]) : STR("");
}

static uint32_t lines_until(const char *text, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++)
		n += text[i] == '\n';
	return n;
}

/* The rows of one file from `first` on; false when they are not as many as were compiled. */
static bool read_part(struct faults *f, struct known *known, const struct knowledge_part *part,
		      uint32_t first, struct err *e)
{
	const char *path = arena_str(&f->arena, part->path).p;
	uint32_t name, batch, replaced, n = 0, line = 1, from = 0;
	struct csv c;
	struct buf b;
	bool good;

	buf_init(&b, 0);
	if (!file_read(path, KNOWLEDGE_FILE_MAX, &b, e)) {
		buf_fini(&b);
		return false;
	}
	(void)csv_decode(&b);
	csv_init(&c, arena_dup(&f->arena, b.p, b.n), b.n);
	csv_next(&c);
	name = header_at(&c, "名称");
	batch = header_at(&c, "批次");
	replaced = header_at(&c, "替代");
	while (csv_next(&c)) {
		struct known_row *row = &known->row[first + n];

		line += lines_until(b.p, from, c.row_start);
		from = c.row_start;
		if (n++ == part->n_row)
			break;
		*row = (struct known_row){ path, line, cell_at(f, &c, name), cell_at(f, &c, batch),
					   cell_at(f, &c, replaced), false };
	}
	good = n == part->n_row;
	buf_fini(&b);
	return good ? true : err_set(e, ERR_INPUT, "%s: changed while it was read", path);
}

static bool in_force(const struct faults *f, const struct knowledge *k, uint32_t row)
{
	return !k->from || ((k->from[row] == MISSING_I32 || k->from[row] <= f->today) &&
			    (k->until[row] == MISSING_I32 || k->until[row] >= f->today));
}

static bool read_known(struct faults *f, struct known *known, struct err *e)
{
	const struct knowledge *k = known->k;
	uint32_t first = 0;

	known->row = arena_array(&f->arena, k->n_row + (size_t)1, sizeof *known->row);
	for (uint32_t i = 0; i < k->n_part; i++) {
		if (!read_part(f, known, &k->part[i], first, e))
			return false;
		first += k->part[i].n_row;
	}
	for (uint32_t i = 0; i < k->n_row; i++) {
		known->row[i].sample = str_starts(k->key_cell[(size_t)i * k->n_key], STR(SAMPLE));
		known->samples += known->row[i].sample;
		known->in_force += !known->row[i].sample && in_force(f, k, i);
	}
	return true;
}

bool faults_init(struct faults *f, struct knowledge *const *k, uint32_t n, struct err *e)
{
	arena_init(&f->arena);
	f->known = arena_array(&f->arena, n + (size_t)1, sizeof *f->known);
	f->n_known = n;
	for (uint32_t i = 0; i < n; i++) {
		f->known[i] = (struct known){ .k = k[i] };
		if (!read_known(f, &f->known[i], e))
			return false;
	}
	return true;
}

void faults_fini(struct faults *f)
{
	arena_fini(&f->arena);
	free(f->v);
}

static int compare_str(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool faults_items(struct faults *f, const char *path, struct err *e)
{
	struct csv c;
	struct buf b;
	uint32_t at, cap = 0;

	buf_init(&b, 0);
	if (!file_read(path, KNOWLEDGE_FILE_MAX, &b, e)) {
		buf_fini(&b);
		return false;
	}
	csv_init(&c, arena_dup(&f->arena, b.p, b.n), b.n);
	buf_fini(&b);
	at = csv_next(&c) ? header_at(&c, "med_list_codg") : UINT32_MAX;
	if (at == UINT32_MAX)
		return err_set(e, ERR_INPUT, "%s: no column med_list_codg", path);
	cap = lines_until(c.at, 0, (uint32_t)(c.end - c.at)) + 1;
	f->item = arena_array(&f->arena, cap + (size_t)1, sizeof *f->item);
	while (csv_next(&c) && f->n_item < cap)
		f->item[f->n_item++] = at < c.n_cell ? c.cell[at] : STR("");
	qsort(f->item, f->n_item, sizeof *f->item, compare_str);
	return true;
}

/* ---- saying it ---- */

static struct str first_key(const struct knowledge *k, uint32_t row)
{
	return k->key_cell[(size_t)row * k->n_key];
}

static void found(struct faults *f, enum fault_kind kind, const struct known *known, uint32_t row,
		  struct str text)
{
	const struct known_row *r = row == UINT32_MAX ? NULL : &known->row[row];

	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 64;
		f->v = xrealloc(f->v, f->cap * sizeof *f->v);
	}
	f->v[f->n++] = (struct known_fault){
		kind, known->k, r ? r->path : arena_str(&f->arena, known->k->part[0].path).p,
		r ? r->line : 0, r ? first_key(known->k, row) : STR(""), text,
	};
}

static struct str say(struct faults *f, const char *zh, const char *en)
{
	return arena_str(&f->arena, str_of(f->english ? en : zh));
}

/* ---- codes ---- */

struct shape {
	const char *first;
	uint32_t least, most;
};

/* Whole codes of the national lists by their first character. */
static bool has_shape(struct str s, bool whole)
{
	static const struct shape shapes[] = { { "X", 20, 25 }, { "Z", 18, 23 }, { "T", 10, 10 },
					       { "C", 8, 25 },  { "S", 8, 25 },  { "0", 15, 15 } };

	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		if (s.n == 0 || s.p[0] != shapes[i].first[0])
			continue;
		if (s.n > shapes[i].most || (whole && s.n < shapes[i].least))
			return false;
		for (size_t j = 0; j < s.n; j++)
			if (!(s.p[j] >= '0' && s.p[j] <= '9') && !(s.p[j] >= 'A' && s.p[j] <= 'Z'))
				return false;
		return true;
	}
	return false;
}

/* Whether a sorted list has the code, or one that begins so. */
static bool listed(const struct str *v, uint32_t n, struct str code, bool prefix)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (str_cmp(v[mid], code) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && (prefix ? str_starts(v[low], code) : str_eq(v[low], code));
}

/* The list of all codes of this key name, when the set has one: the longest exact list. */
static const struct knowledge *reference(const struct faults *f, struct str name)
{
	const struct knowledge *best = NULL;

	for (uint32_t i = 0; i < f->n_known; i++) {
		const struct knowledge *k = f->known[i].k;

		if (k->list && k->n_key == 1 && k->key[0].kind == KEY_EXACT && k->n_row > 1000 &&
		    str_eq(k->key[0].name, name) && (!best || k->n_row > best->n_row))
			best = k;
	}
	return best;
}

static struct str *sorted_keys(struct faults *f, const struct knowledge *k)
{
	struct str *v = arena_array(&f->arena, k->n_row + (size_t)1, sizeof *v);

	for (uint32_t i = 0; i < k->n_row; i++)
		v[i] = first_key(k, i);
	qsort(v, k->n_row, sizeof *v, compare_str);
	return v;
}

static bool about_items(struct str key)
{
	return str_starts(key, STR("项目")) || str_eq(key, STR("组合")) || str_eq(key, STR("组分"));
}

static void check_item(struct faults *f, const struct known *known, uint32_t row, uint32_t key)
{
	const struct knowledge *k = known->k;
	struct str code = k->key_cell[(size_t)row * k->n_key + key];
	bool prefix = k->key[key].kind == KEY_PREFIX;

	if (!has_shape(code, !prefix))
		found(f, FAULT_CODE, known, row,
		      say(f, "不是国家编码的样子", "not the shape of a national code"));
	else if (f->n_item && in_force(f, k, row) && !listed(f->item, f->n_item, code, prefix))
		found(f, FAULT_CODE, known, row,
		      say(f, "本地目录里没有", "not among the items given"));
}

static void check_codes_of(struct faults *f, const struct known *known, uint32_t key)
{
	const struct knowledge *k = known->k, *all = reference(f, k->key[key].name);
	bool items = about_items(k->key[key].name), prefix = k->key[key].kind == KEY_PREFIX;
	struct str *codes = all && all != k ? sorted_keys(f, all) : NULL;

	if (k->key[key].kind == KEY_REGEX || (!items && !codes))
		return;
	for (uint32_t i = 0; i < k->n_row; i++) {
		struct str code = k->key_cell[(size_t)i * k->n_key + key];

		if (known->row[i].sample)
			continue;
		if (items)
			check_item(f, known, i, key);
		else if (!listed(codes, all->n_row, code, prefix))
			found(f, FAULT_CODE, known, i,
			      say(f, "编码表里没有", "not in the list of codes"));
	}
}

/* A site's own codes look as they like; what they stand for does not. */
static void check_national(struct faults *f, const struct known *known)
{
	const struct knowledge *k = known->k;
	uint32_t column;

	if (!item_map_column(k, &column))
		return;
	for (uint32_t i = 0; i < k->n_row; i++)
		if (!has_shape(k->cell[(size_t)i * k->n_col + column], true))
			found(f, FAULT_CODE, known, i,
			      say(f, "国家项目不是国家编码的样子", "its national code has not the shape"));
}

/* ---- rows of one key ---- */

struct by_key {
	const struct known *known;
	uint32_t row;
};

static int compare_keys(const struct knowledge *a, uint32_t i, const struct knowledge *b,
			uint32_t j)
{
	uint32_t n = a == b ? a->n_key : 1;
	int order = 0;

	for (uint32_t c = 0; c < n && order == 0; c++)
		order = str_cmp(a->key_cell[(size_t)i * a->n_key + c],
				b->key_cell[(size_t)j * b->n_key + c]);
	return order;
}

static int32_t first_day(const struct knowledge *k, uint32_t row)
{
	return k->from ? k->from[row] : MISSING_I32;
}

static int compare_rows(const void *a, const void *b)
{
	const struct by_key *x = a, *y = b;
	int order = compare_keys(x->known->k, x->row, y->known->k, y->row);
	int32_t p = first_day(x->known->k, x->row), q = first_day(y->known->k, y->row);

	if (order)
		return order;
	return p != q ? (p < q ? -1 : 1) : (x->row > y->row) - (x->row < y->row);
}

static bool same_values(const struct knowledge *k, uint32_t a, uint32_t b)
{
	for (uint32_t c = 0; c < k->n_col; c++)
		if (!str_eq(k->cell[(size_t)a * k->n_col + c],
			    k->cell[(size_t)b * k->n_col + c]))
			return false;
	return true;
}

static void check_gap(struct faults *f, const struct known *known, uint32_t a, uint32_t b)
{
	const struct knowledge *k = known->k;
	struct buf text;

	if (!k->from || k->until[a] == MISSING_I32 || k->from[b] == MISSING_I32 ||
	    k->from[b] <= k->until[a] + 1)
		return;
	buf_init(&text, 0);
	buf_adds(&text, f->english ? "no limit from " : "没有限定：");
	civil_add_date(&text, k->until[a] + 1);
	buf_adds(&text, f->english ? " to " : " 至 ");
	civil_add_date(&text, k->from[b] - 1);
	found(f, FAULT_GAP, known, b, arena_str(&f->arena, buf_str(&text)));
	buf_fini(&text);
}

static void check_rows(struct faults *f, const struct known *known)
{
	const struct knowledge *k = known->k;
	struct by_key *v = arena_array(&f->arena, k->n_row + (size_t)1, sizeof *v);

	for (uint32_t i = 0; i < k->n_row; i++)
		v[i] = (struct by_key){ known, i };
	qsort(v, k->n_row, sizeof *v, compare_rows);
	for (uint32_t i = 1; i < k->n_row; i++) {
		uint32_t a = v[i - 1].row, b = v[i].row;

		if (compare_keys(k, a, k, b) == 0)
			check_gap(f, known, a, b);
		else if (k->n_key == 1 && k->key[0].kind == KEY_PREFIX &&
			 str_starts(first_key(k, b), first_key(k, a)) && !same_values(k, a, b))
			found(f, FAULT_OVERLAP, known, b,
			      str_of(arena_printf(
				      &f->arena,
				      f->english ? "line %u says otherwise of " STR_FMT
						 : "第 %u 行对 " STR_FMT " 另有规定，以本行为准",
				      known->row[a].line, STR_ARG(first_key(k, a)))));
	}
}

/* ---- two tables ---- */

/* Words that exclude each other in a column 限定. */
static bool contradict(struct str a, struct str b)
{
	static const char *const sets[][4] = { { "男", "女" }, { "工伤", "生育" },
					       { "住院", "门诊" } };

	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		int x = -1, y = -1;

		for (int j = 0; j < 4 && sets[i][j]; j++) {
			x = str_eq(a, str_of(sets[i][j])) ? j : x;
			y = str_eq(b, str_of(sets[i][j])) ? j : y;
		}
		if (x >= 0 && y >= 0)
			return x != y;
	}
	return false;
}

static const struct str *limit_of(const struct knowledge *k, uint32_t row)
{
	for (uint32_t c = 0; c < k->n_col; c++)
		if (str_eq(k->col[c].name, STR("限定")))
			return &k->cell[(size_t)row * k->n_col + c];
	return NULL;
}

static void check_pair(struct faults *f, const struct by_key *a, const struct by_key *b)
{
	const struct str *x = limit_of(a->known->k, a->row), *y = limit_of(b->known->k, b->row);
	const struct known_row *other = &a->known->row[a->row];

	if (!x || !y || !contradict(*x, *y) || !in_force(f, a->known->k, a->row) ||
	    !in_force(f, b->known->k, b->row))
		return;
	found(f, FAULT_CONFLICT, b->known, b->row,
	      str_of(arena_printf(&f->arena,
				  f->english ? STR_FMT " here, " STR_FMT " in %s:%u"
					     : "这里限" STR_FMT "，另一处限" STR_FMT "：%s:%u",
				  STR_ARG(*y), STR_ARG(*x), other->path, other->line)));
}

static void check_tables(struct faults *f)
{
	struct by_key *v;
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n_known; i++)
		n += f->known[i].k->n_row;
	v = arena_array(&f->arena, n + (size_t)1, sizeof *v);
	n = 0;
	for (uint32_t i = 0; i < f->n_known; i++) {
		const struct knowledge *k = f->known[i].k;

		for (uint32_t row = 0; row < k->n_row && k->n_key == 1 && limit_of(k, row); row++)
			v[n++] = (struct by_key){ &f->known[i], row };
	}
	qsort(v, n, sizeof *v, compare_rows);
	for (uint32_t i = 1; i < n; i++)
		if (v[i - 1].known->k != v[i].known->k &&
		    str_eq(first_key(v[i - 1].known->k, v[i - 1].row),
			   first_key(v[i].known->k, v[i].row)))
			check_pair(f, &v[i - 1], &v[i]);
}

/* ---- batches ---- */

static int compare_names(const void *a, const void *b)
{
	const struct by_key *x = a, *y = b;
	int order = str_cmp(x->known->row[x->row].name, y->known->row[y->row].name);
	int32_t p = first_day(x->known->k, x->row), q = first_day(y->known->k, y->row);

	return order ? order : p != q ? (p > q ? -1 : 1) : (x->row > y->row) - (x->row < y->row);
}

static bool contains(struct str text, struct str part)
{
	return part.n && memmem(text.p, text.n, part.p, part.n) != NULL;
}

/* In force without an end, though a later batch names the same thing and not this code. */
static void check_batches(struct faults *f, const struct known *known)
{
	const struct knowledge *k = known->k;
	struct by_key *v;
	uint32_t newest = 0;

	if (!k->from || k->n_row == 0)
		return;
	v = arena_array(&f->arena, k->n_row, sizeof *v);
	for (uint32_t i = 0; i < k->n_row; i++)
		v[i] = (struct by_key){ known, i };
	qsort(v, k->n_row, sizeof *v, compare_names);
	for (uint32_t i = 1; i < k->n_row; i++) {
		const struct known_row *r = &known->row[v[i].row];
		const struct known_row *late = &known->row[v[newest].row];

		if (!str_eq(late->name, r->name)) {
			newest = i;
			continue;
		}
		if (r->name.n && first_day(k, v[i].row) < first_day(k, v[newest].row) &&
		    k->until[v[i].row] == MISSING_I32 && !contains(r->batch, late->batch))
			found(f, FAULT_STALE, known, v[i].row,
			      str_of(arena_printf(
				      &f->arena,
				      f->english ? "batch " STR_FMT " names it without this code"
						 : STR_FMT "有同名的知识点，没有这个编码",
				      STR_ARG(late->batch))));
	}
}

/* ---- all ---- */

static int compare_faults(const void *a, const void *b)
{
	const struct known_fault *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	order = str_cmp(x->k->name, y->k->name);
	return order ? order : (int)x->kind - (int)y->kind;
}

/* What a bureau has to bring: the block to write, and the columns of its file. */
static struct str wanted_rows(struct faults *f, const struct knowledge *k)
{
	struct str text;
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, f->english ? "sample rows only; fill them in rules/local: %s「" STR_FMT
				  "」 from FILE.csv, columns "
				: "只有示例行，由地方用增补填写：rules/local 里写 增补 %s「" STR_FMT
				  "」 来自 文件.csv，列 ",
		 f->english ? (k->list ? "extend list " : "extend table ") : k->list ? "名单" : "表",
		 STR_ARG(k->name));
	for (uint32_t i = 0; i < k->n_key; i++)
		buf_addf(&b, "%s" STR_FMT, i ? "、" : "", STR_ARG(k->key[i].name));
	for (uint32_t i = 0; i < k->n_col; i++)
		buf_addf(&b, "、" STR_FMT, STR_ARG(k->col[i].name));
	if (k->from || k->until)
		buf_adds(&b, f->english ? ", dates as in the shipped file" : "，起止日期两列同原表");
	text = arena_str(&f->arena, buf_str(&b));
	buf_fini(&b);
	return text;
}

void faults_find(struct faults *f)
{
	for (uint32_t i = 0; i < f->n_known; i++) {
		const struct known *known = &f->known[i];

		if (item_map_is(known->k))
			check_national(f, known);
		for (uint32_t key = 0; key < known->k->n_key && !item_map_is(known->k); key++)
			check_codes_of(f, known, key);
		check_rows(f, known);
		check_batches(f, known);
		if (known->in_force == 0)
			found(f, FAULT_SAMPLE, known, UINT32_MAX,
			      known->samples ? wanted_rows(f, known->k)
					     : say(f, "今天没有一行有效", "no row is in force today"));
	}
	check_tables(f);
	if (f->n)
		qsort(f->v, f->n, sizeof *f->v, compare_faults);
}
