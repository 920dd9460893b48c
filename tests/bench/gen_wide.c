/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gen_wide.c - a city's year as one wide file: one row per fee line, its visit beside it.
 *
 *   gen_wide --lines N --seed S --catalogue FILE > fees.csv
 *
 * The shape many hospital exports have and the one the benchmark reads. Everything
 * follows from the seed; rows come in the order of settlement, so that memory is one
 * visit's lines plus the list of visits. Planted: same-day duplicates, returns without a
 * link, test clusters, readmissions, facilities fond of the dear variant. Knows nothing
 * of the library: what it writes is read by us and by the peers alike.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS		    20000
#define FACILITIES	    600
#define HOSPITALS	    320
#define INPATIENT_HOSPITALS 80
#define DISEASES	    1200
#define DAYS		    365
#define DAY_ZERO	    19723 /* 2024-01-01 */
#define MAX_LINES	    1024  /* of one visit */

enum { OUTPATIENT, INPATIENT, PHARMACY };

/* ---- random numbers: splitmix64, one stream a visit ---- */

static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint64_t rnd_state;

static uint64_t rnd(void)
{
	rnd_state += 0x9e3779b97f4a7c15ULL;
	return mix(rnd_state);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)(((rnd() >> 32) * n) >> 32);
}

static double unit(void)
{
	return (double)(rnd() >> 11) * (1.0 / 9007199254740992.0);
}

/* ---- Zipf by cumulative weights ---- */

struct zipf {
	uint32_t n;
	double *upto;
};

static struct zipf zipf_new(uint32_t n, double exponent)
{
	struct zipf z = { n, malloc(n * sizeof(double)) };
	double sum = 0;

	if (!z.upto)
		abort();
	for (uint32_t i = 0; i < n; i++)
		z.upto[i] = sum += 1 / pow(i + 1, exponent);
	return z;
}

static uint32_t zipf_draw(const struct zipf *z)
{
	double want = unit() * z->upto[z->n - 1];
	uint32_t low = 0, high = z->n - 1;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (z->upto[mid] < want)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* ---- the catalogue: charge classes, drugs in substitution groups ---- */

struct item {
	char code[28], name[96];
	uint8_t class;
	uint32_t fen;
	int32_t group;
	bool dear;
};

struct charge_class {
	uint8_t class;
	uint32_t n, low, high; /* items and their prices in fen */
	const char *word;
};

static const struct charge_class classes[] = {
	{ 1, 40, 2000, 20000, "床位费" },     { 2, 60, 500, 10000, "诊察费" },
	{ 3, 600, 3000, 120000, "影像检查" }, { 4, 1200, 300, 30000, "检验测定" },
	{ 5, 1500, 500, 20000, "治疗" },      { 6, 1000, 50000, 1500000, "手术" },
	{ 7, 60, 300, 5000, "护理" },	      { 8, 4000, 100, 1000000, "一次性材料" },
	{ 10, 1000, 50, 2000, "饮片" },	      { 12, 10, 1000, 3000, "一般诊疗费" },
	{ 13, 20, 500, 5000, "挂号费" },      { 14, 510, 100, 10000, "其他费用" },
};

static struct item item[ITEMS];
static uint32_t n_item, n_group[2], first_of[16], group_first[4000], group_size[4000];
static uint32_t group_dear[4000];
static struct zipf by_class[16], by_group[2];
static uint32_t count_of[16];

static void item_name(struct item *t, const char *word, uint32_t i)
{
	/* One name in a hundred carries a comma, so that quoting matters. */
	if (below(100) == 0)
		snprintf(t->name, sizeof t->name, "\"%s,%u号\"", word, i);
	else
		snprintf(t->name, sizeof t->name, "%s%u号", word, i);
}

static void add_class(const struct charge_class *c)
{
	first_of[c->class] = n_item;
	count_of[c->class] = c->n;
	by_class[c->class] = zipf_new(c->n, c->class == 3 || c->class == 4 ? 0.9 : 0.8);
	for (uint32_t i = 0; i < c->n; i++) {
		struct item *t = &item[n_item++];
		double f = unit();

		t->class = c->class;
		t->group = -1;
		t->fen = (uint32_t)(c->low * pow((double)c->high / c->low, f * f));
		item_name(t, c->word, i);
		if (c->class == 8)
			snprintf(t->code, sizeof t->code, "C14%02u%05u%06u", i % 20, i,
				 below(1000000));
		else
			snprintf(t->code, sizeof t->code, "00%02u%02u%04u00000", c->class,
				 i % 40, i);
	}
}

static void add_group(uint8_t class, uint32_t g, uint32_t size)
{
	uint32_t base = 200 + below(8000), dear = below(size);

	group_first[g] = n_item;
	group_size[g] = size;
	group_dear[g] = n_item + dear;
	for (uint32_t i = 0; i < size; i++) {
		struct item *t = &item[n_item++];

		t->class = class;
		t->group = (int32_t)g;
		t->dear = i == dear;
		t->fen = base * (t->dear ? 250 + below(150) : 85 + below(31)) / 100;
		item_name(t, class == 9 ? "西药" : "中成药", g * 10 + i);
		snprintf(t->code, sizeof t->code, "%cA%02uBA%04uA00101%02u%05u",
			 class == 9 ? 'X' : 'Z', g % 16, g, i, 20000 + below(80000));
	}
}

static void add_drugs(uint8_t class, uint32_t total, uint32_t first_group, uint32_t which)
{
	uint32_t g = first_group;

	for (uint32_t left = total; left; g++) {
		uint32_t size = 3 + below(6);

		if (size > left || left - size < 3)
			size = left;
		add_group(class, g, size);
		left -= size;
	}
	n_group[which] = g - first_group;
	by_group[which] = zipf_new(n_group[which], 1.0);
}

static void make_catalogue(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f) {
		perror(path);
		exit(3);
	}
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		add_class(&classes[i]);
	add_drugs(9, 7000, 0, 0);
	add_drugs(11, 3000, n_group[0], 1);
	fputs("med_list_codg,name,grp,dear\n", f);
	for (uint32_t i = 0; i < n_item; i++)
		if (item[i].group >= 0)
			fprintf(f, "%s,%s,G%04d,%d\n", item[i].code, item[i].name,
				item[i].group, item[i].dear);
	if (fclose(f) != 0) {
		perror(path);
		exit(3);
	}
}

/* ---- the year's visits ---- */

struct visit {
	uint32_t person, second; /* second of the settlement day */
	int32_t forced;		 /* item of the first line, or -1 */
	uint16_t facility, disease, from, to, lines;
	uint8_t kind;
	bool duplicate, returned;
	uint64_t seed;
};

static struct visit *visit;
static size_t n_visit, cap_visit;
static uint32_t n_person;
static struct zipf by_facility, by_inpatient, by_pharmacy, by_disease;
static char day_text[DAYS + 60][12], disease_code[DISEASES][8];
static uint8_t month_of[DAYS + 60];

static struct visit *visit_add(uint8_t kind)
{
	struct visit *v;

	if (n_visit == cap_visit) {
		cap_visit = cap_visit ? cap_visit * 2 : 65536;
		visit = realloc(visit, cap_visit * sizeof *visit);
		if (!visit)
			abort();
	}
	v = &visit[n_visit++];
	*v = (struct visit){ .kind = kind, .forced = -1, .seed = rnd() };
	v->person = (uint32_t)(n_person * pow(unit(), 1.5));
	v->disease = (uint16_t)zipf_draw(&by_disease);
	v->second = 8 * 3600 + 600 + below(9 * 3600);
	return v;
}

static uint64_t add_stay(void)
{
	struct visit *v = visit_add(INPATIENT);
	uint32_t days = 2;

	while (days < 30 && unit() < 0.857)
		days++;
	v->from = (uint16_t)below(DAYS - days);
	v->to = (uint16_t)(v->from + days - 1);
	v->facility = (uint16_t)zipf_draw(&by_inpatient);
	v->lines = (uint16_t)(days * 12 + below(days * 6 + 1));
	return v->lines;
}

/* A second stay soon after, in the same house with the same disease. */
static uint64_t add_readmission(void)
{
	struct visit first = visit[n_visit - 1], *v;

	if (first.to + 20 >= DAYS)
		return 0;
	v = visit_add(INPATIENT);
	v->person = first.person;
	v->facility = first.facility;
	v->disease = first.disease;
	v->from = (uint16_t)(first.to + 1 + below(14));
	v->to = (uint16_t)(v->from + 2);
	v->lines = 40;
	return v->lines;
}

static uint64_t add_outpatient(void)
{
	bool shop = below(20) == 0;
	struct visit *v = visit_add(shop ? PHARMACY : OUTPATIENT);

	v->from = v->to = (uint16_t)below(DAYS);
	v->facility = (uint16_t)(shop ? HOSPITALS + zipf_draw(&by_pharmacy)
				      : zipf_draw(&by_facility));
	v->lines = 1;
	while (v->lines < 20 && unit() < 0.8)
		v->lines++;
	v->duplicate = below(1000) < 13;
	v->returned = below(100) < 3;
	return v->lines + v->duplicate + v->returned;
}

/* One test, five to eight times within a week, over several houses. */
static uint64_t add_test_cluster(void)
{
	uint8_t class = below(3) ? 4 : 3;
	int32_t test = (int32_t)(first_of[class] + zipf_draw(&by_class[class]));
	uint32_t times = 5 + below(4), day = below(DAYS - 8), lines = 0;
	uint32_t person = below(n_person);

	for (uint32_t i = 0; i < times; i++) {
		struct visit *v = visit_add(OUTPATIENT);

		v->person = person;
		v->forced = test;
		v->from = v->to = (uint16_t)(day + i % 7);
		v->facility = (uint16_t)((zipf_draw(&by_facility) + i * 37) % HOSPITALS);
		v->lines = (uint16_t)(1 + below(3));
		lines += v->lines;
	}
	return lines;
}

static int visit_order(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return x->seed < y->seed ? -1 : x->seed > y->seed;
}

static void make_visits(uint64_t lines)
{
	uint64_t got = 0;

	for (uint64_t i = 0; i < lines / 5000; i++)
		got += add_test_cluster();
	while (got < lines) {
		if (below(100) < 10) {
			got += add_stay();
			if (below(100) == 0)
				got += add_readmission();
		} else {
			got += add_outpatient();
		}
	}
	qsort(visit, n_visit, sizeof *visit, visit_order);
}

/* ---- writing rows ---- */

static char out[1 << 20];
static size_t out_n;
static uint64_t row_number, rows_wanted;

static void out_flush(void)
{
	if (fwrite(out, 1, out_n, stdout) != out_n) {
		perror("gen_wide: write");
		exit(3);
	}
	out_n = 0;
}

static void add_text(const char *s)
{
	size_t n = strlen(s);

	memcpy(out + out_n, s, n);
	out_n += n;
}

static void add_digits(uint64_t v, unsigned width)
{
	for (unsigned i = width; i-- > 0; v /= 10)
		out[out_n + i] = (char)('0' + v % 10);
	out_n += width;
}

static void add_comma(void)
{
	out[out_n++] = ',';
}

static void add_fen(int64_t fen)
{
	uint64_t v = (uint64_t)(fen < 0 ? -fen : fen), whole = v / 100;
	unsigned width = 1;

	if (fen < 0)
		out[out_n++] = '-';
	for (uint64_t t = whole; t >= 10; t /= 10)
		width++;
	add_digits(whole, width);
	out[out_n++] = '.';
	add_digits(v % 100, 2);
}

/* Visit's columns before the line's own. */
static void add_visit_columns(const struct visit *v, uint64_t number)
{
	add_text("330100S");
	add_digits(number, 12);
	add_text(",M330100");
	add_digits(number * 3 + 100000000000ULL, 15);
	add_text(",33010053000000000");
	add_digits(v->person + 1000000, 9);
	add_text(v->kind == PHARMACY ? ",P330106" : ",H330106");
	add_digits(v->facility + 1u, 5);
	add_text(v->kind == PHARMACY	? ",2,41,"
		 : v->kind == INPATIENT ? ",1,21,"
					: ",1,11,");
}

static void add_person_columns(const struct visit *v)
{
	uint64_t h = mix(v->person * 77ULL + 5);

	add_digits(h & 1 ? 1 : 2, 1);
	add_comma();
	add_digits(1930 + (h >> 8) % 90, 4);
	out[out_n++] = '-';
	add_digits(1 + (h >> 20) % 12, 2);
	out[out_n++] = '-';
	add_digits(1 + (h >> 30) % 28, 2);
	add_comma();
	add_text(day_text[v->from]);
	add_comma();
	add_text(day_text[v->to]);
	out[out_n++] = '\n';
}

struct line {
	uint32_t item, second;
	int32_t hundredths; /* count x 100 */
	uint16_t day;
};

static void write_line(const struct visit *v, uint64_t number, const struct line *l)
{
	const struct item *t = &item[l->item];

	if (row_number >= rows_wanted)
		return;
	if (out_n > sizeof out - 2048)
		out_flush();
	row_number++;
	add_visit_columns(v, number);
	add_text(day_text[l->day]);
	out[out_n++] = ' ';
	add_digits(l->second / 3600, 2);
	out[out_n++] = ':';
	add_digits(l->second / 60 % 60, 2);
	out[out_n++] = ':';
	add_digits(l->second % 60, 2);
	add_text(",D");
	add_digits(v->facility + 1u, 5);
	add_digits(row_number, 13);
	add_comma();
	add_text(t->code);
	add_comma();
	add_text(t->name);
	add_comma();
	add_digits(t->class, 2);
	add_comma();
	add_fen(l->hundredths);
	add_comma();
	add_fen(t->fen);
	add_comma();
	add_fen((int64_t)l->hundredths * t->fen / 100);
	add_text(",D330106");
	add_digits(v->facility * 40u + v->seed % 40, 6);
	add_comma();
	add_text(disease_code[v->disease]);
	add_comma();
	add_person_columns(v);
}

/* ---- the lines of a visit ---- */

static const uint8_t outpatient_mix[] = { 9, 9, 9, 9, 9, 9, 9,	11, 11, 11,
					  3, 3, 4, 4, 4, 2, 12, 13, 5,	8 };
static const uint8_t inpatient_mix[] = { 9, 9, 9, 9, 9, 9, 9, 11, 1, 2,
					 7, 7, 4, 4, 3, 5, 5, 8,  8, 14 };

/* Some houses sell the dear variant far more than others, for a month. */
static double dear_share(const struct visit *v, uint32_t g, uint16_t day)
{
	if (v->facility < 60 && g < 60 &&
	    mix(v->facility * 1000003ULL + g * 131 + month_of[day]) % 211 == 0)
		return 0.85;
	return 0.18 + (double)(mix(v->facility * 131ULL + 7) & 255) / 255.0 * 0.06;
}

static uint32_t draw_drug(const struct visit *v, uint8_t class, uint16_t day)
{
	uint32_t which = class == 11,
		 g = zipf_draw(&by_group[which]) + (which ? n_group[0] : 0), pick;

	if (unit() < dear_share(v, g, day))
		return group_dear[g];
	pick = group_first[g] + below(group_size[g] - 1);
	return pick >= group_dear[g] ? pick + 1 : pick;
}

static uint32_t draw_item(const struct visit *v, uint16_t day)
{
	uint8_t class = 9;

	if (v->kind == INPATIENT)
		class = inpatient_mix[below(sizeof inpatient_mix)];
	else if (v->kind == OUTPATIENT)
		class = outpatient_mix[below(sizeof outpatient_mix)];
	if (class == 9 || class == 11)
		return draw_drug(v, class, day);
	return first_of[class] + zipf_draw(&by_class[class]);
}

static int32_t draw_count(uint8_t class)
{
	if (class == 9 || class == 10 || class == 11)
		return 100 * (int32_t)(1 + below(6));
	return class == 8 ? 100 * (int32_t)(1 + below(3)) : 100;
}

static bool drawn_today(const struct line *l, uint32_t from, uint32_t n, uint32_t wanted)
{
	for (uint32_t i = from; i < n; i++)
		if (l[i].item == wanted)
			return true;
	return false;
}

static void draw_lines(const struct visit *v, struct line *l)
{
	uint32_t today = 0, days = (uint32_t)(v->to - v->from + 1);

	for (uint32_t i = 0; i < v->lines; i++) {
		l[i].day = (uint16_t)(v->from +
				      (v->kind == INPATIENT ? i * days / v->lines : 0));
		if (i && l[i].day != l[i - 1].day)
			today = i;
		do
			l[i].item = i == 0 && v->forced >= 0 ? (uint32_t)v->forced
							     : draw_item(v, l[i].day);
		while (drawn_today(l, today, i, l[i].item));
		l[i].hundredths = draw_count(item[l[i].item].class);
		l[i].second = v->kind == INPATIENT ? 8 * 3600 + below(12 * 3600)
						   : v->second - below(600);
	}
}

static void write_visit(const struct visit *v, uint64_t number)
{
	static struct line l[MAX_LINES];
	uint32_t again;

	rnd_state = v->seed;
	draw_lines(v, l);
	again = below(v->lines);
	for (uint32_t i = 0; i < v->lines; i++) {
		write_line(v, number, &l[i]);
		if (v->duplicate && i == again) {
			l[i].second += 30;
			write_line(v, number, &l[i]);
		}
	}
	if (v->returned) {
		struct line back = l[below(v->lines)];

		back.second += 300;
		back.hundredths = -back.hundredths;
		write_line(v, number, &back);
	}
}

/* ---- start ---- */

static void make_days(void)
{
	static const int length[] = { 31, 29, 31, 30, 31, 30, 31,
				      31, 30, 31, 30, 31, 31, 28 };
	int year = 2024, month = 0, day = 1;

	for (int i = 0; i < DAYS + 60; i++) {
		snprintf(day_text[i], sizeof day_text[i], "%04d-%02d-%02d",
			 year + month / 12 % 10, month % 12 + 1, day % 100);
		month_of[i] = (uint8_t)month;
		if (++day > length[month % 14]) {
			day = 1;
			month++;
		}
	}
}

static void make_world(uint64_t lines)
{
	n_person = (uint32_t)(lines / 50 + 100);
	make_days();
	for (uint32_t i = 0; i < DISEASES; i++)
		snprintf(disease_code[i], sizeof disease_code[i], "%c%02u.%u",
			 "IEJKMNGZSCFHLRTD"[i % 16], below(100), below(10));
	by_facility = zipf_new(HOSPITALS, 0.7);
	by_inpatient = zipf_new(INPATIENT_HOSPITALS, 0.6);
	by_pharmacy = zipf_new(FACILITIES - HOSPITALS, 0.5);
	by_disease = zipf_new(DISEASES, 0.8);
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
	for (int i = 1; i + 1 < argc; i += 2)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return otherwise;
}

int main(int argc, char **argv)
{
	rows_wanted = strtoull(option(argc, argv, "--lines", "1000000"), NULL, 10);
	rnd_state = strtoull(option(argc, argv, "--seed", "42"), NULL, 10);
	make_world(rows_wanted);
	make_catalogue(option(argc, argv, "--catalogue", "catalogue.csv"));
	make_visits(rows_wanted);
	fputs("setl_id,mdtrt_id,psn_no,fixmedins_code,fixmedins_type,med_type,fee_ocur_"
	      "time,feedetl_sn,"
	      "med_list_codg,medins_list_name,med_chrgitm_type,cnt,pric,det_item_fee_"
	      "sumamt,bilg_dr_codg,"
	      "dise_codg,gend,brdy,begndate,enddate\n",
	      stdout);
	for (size_t i = 0; i < n_visit; i++)
		write_visit(&visit[i], i + 1);
	out_flush();
	return fclose(stdout) == 0 ? 0 : 3;
}
