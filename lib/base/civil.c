/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * civil.c - calendar arithmetic in 400-year eras of March-based years, so that the
 * leap day is the last of its year, and a scanner for the forms of civil.h.
 */
#include "lib/base/civil.h"

#include <stddef.h>
#include <string.h>

enum {
	ERA_DAYS = 146097,    /* in 400 years */
	EPOCH_SHIFT = 719468, /* 0000-03-01 to 1970-01-01 */
	ZONE = 8 * 3600,
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int32_t civil_days(int y, int m, int d)
{
	int64_t year = y - (m <= 2);
	int64_t of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	uint32_t since = (uint32_t)year;

	if (year >= 0) /* the usual one, without eras */
		return (int32_t)(since * 365 + since / 4 - since / 100 + since / 400 +
				 (uint32_t)of_year - EPOCH_SHIFT);

	int64_t era = floor_div(year, 400);
	int64_t of_era = year - era * 400;

	return (int32_t)(era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 +
			 of_year - EPOCH_SHIFT);
}

void civil_ymd(int32_t days, int *y, int *m, int *d)
{
	int64_t since = (int64_t)days + EPOCH_SHIFT;
	int64_t era = floor_div(since, ERA_DAYS);
	int64_t day = since - era * ERA_DAYS;
	int64_t of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int64_t of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
	int64_t march = (5 * of_year + 2) / 153; /* months since March */
	int64_t month = march < 10 ? march + 3 : march - 9;

	if (d)
		*d = (int)(of_year - (153 * march + 2) / 5 + 1);
	if (m)
		*m = (int)month;
	if (y)
		*y = (int)(of_era + era * 400 + (month <= 2));
}

bool civil_valid(int y, int m, int d)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	if (y < CIVIL_YEAR_MIN || y > CIVIL_YEAR_MAX || m < 1 || m > 12)
		return false;
	return d >= 1 && d <= length[m - 1] + (m == 2 && leap);
}

/* What is left to read. */
struct scan {
	const char *p;
	const char *end;
};

struct stamp {
	int y, m, d;
	int hour, minute, second;
	int offset; /* seconds east of Greenwich */
};

static bool at_digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static int digit_run(const struct scan *s)
{
	struct scan ahead = *s;

	while (at_digit(&ahead))
		ahead.p++;
	return (int)(ahead.p - s->p < 100 ? ahead.p - s->p : 100);
}

/* A number of min..max digits, greedily. */
static bool number(struct scan *s, int min, int max, int *out)
{
	int n = 0;

	for (*out = 0; n < max && at_digit(s); n++)
		*out = *out * 10 + (*s->p++ - '0');
	return n >= min;
}

static bool eat(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* One of the three-byte characters between the parts of a Chinese date. */
static bool eat_word(struct scan *s, struct str word)
{
	if (!str_starts((struct str){ s->p, (uint32_t)(s->end - s->p) }, word))
		return false;
	s->p += word.n;
	return true;
}

static bool chinese_rest(struct scan *s, struct stamp *t)
{
	return number(s, 1, 2, &t->m) && eat_word(s, STR("月")) && number(s, 1, 2, &t->d) &&
	       eat_word(s, STR("日"));
}

static bool separated_rest(struct scan *s, struct stamp *t)
{
	char mark = s->p < s->end ? *s->p : '\0';

	if (mark != '-' && mark != '/')
		return false;
	return eat(s, mark) && number(s, 1, 2, &t->m) && eat(s, mark) &&
	       number(s, 1, 2, &t->d);
}

static bool scan_date(struct scan *s, struct stamp *t)
{
	bool compact = digit_run(s) >= 8;

	if (!number(s, 4, 4, &t->y))
		return false;
	if (compact)
		return number(s, 2, 2, &t->m) && number(s, 2, 2, &t->d);
	if (eat_word(s, STR("年")))
		return chinese_rest(s, t);
	return separated_rest(s, t);
}

/* hhmm or hhmmss directly behind a compact date. */
static bool scan_compact_clock(struct scan *s, struct stamp *t)
{
	int run = digit_run(s);

	if (run != 4 && run != 6)
		return false;
	return number(s, 2, 2, &t->hour) && number(s, 2, 2, &t->minute) &&
	       (run == 4 || number(s, 2, 2, &t->second));
}

static bool scan_clock(struct scan *s, struct stamp *t)
{
	if (!number(s, 1, 2, &t->hour) || !eat(s, ':') || !number(s, 2, 2, &t->minute))
		return false;
	return !eat(s, ':') || number(s, 2, 2, &t->second);
}

static bool scan_fraction(struct scan *s)
{
	if (!eat(s, '.') && !eat(s, ','))
		return true;
	if (!at_digit(s))
		return false;
	while (at_digit(s))
		s->p++;
	return true;
}

static bool scan_zone(struct scan *s, struct stamp *t)
{
	int hours = 0;
	int minutes = 0;

	if (s->p == s->end)
		return true;
	if (eat(s, 'Z') || eat(s, 'z')) {
		t->offset = 0;
		return true;
	}

	bool west = *s->p == '-';

	if (!eat(s, '+') && !eat(s, '-'))
		return false;
	if (!number(s, 2, 2, &hours))
		return false;
	if ((eat(s, ':') || at_digit(s)) && !number(s, 2, 2, &minutes))
		return false;
	t->offset = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
	return hours <= 14 && minutes < 60;
}

/* Nothing, a compact clock, or blanks or T and a clock; then fraction and zone. */
static bool scan_time(struct scan *s, struct stamp *t)
{
	bool apart = false;

	if (s->p == s->end)
		return true;
	if (at_digit(s))
		return scan_compact_clock(s, t) && scan_fraction(s) && scan_zone(s, t);
	if (!eat(s, 'T') && !eat(s, 't')) {
		while (eat(s, ' '))
			apart = true;
		if (!apart)
			return false;
	}
	return scan_clock(s, t) && scan_fraction(s) && scan_zone(s, t);
}

static inline uint64_t load_eight(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* Eight bytes as digits, the others as the pattern has them: what two neighbouring digits make
 * stands in the byte of the first. The pattern has '0' where a digit must be. */
static inline bool eight(const char *p, uint64_t pattern, uint64_t others, uint64_t *pairs)
{
	uint64_t v = load_eight(p) ^ pattern;
	uint64_t over = (v + UINT64_C(0x7676767676767676)) | v;

	*pairs = v * 10 + (v >> 8);
	return !((over & UINT64_C(0x8080808080808080)) | (v & others));
}

/* "0000-00-" and "00 00:00", the first character in the lowest byte */
#define DATE_PATTERN UINT64_C(0x2d30302d30303030)
#define DATE_OTHERS UINT64_C(0xff0000ff00000000)
#define CLOCK_PATTERN UINT64_C(0x30303a3030203030)
#define CLOCK_OTHERS UINT64_C(0x0000ff0000ff0000)

static inline int byte_of(uint64_t word, int at)
{
	return (int)(word >> 8 * at & 0xff);
}

static inline bool two_digits(const char *p, int *v)
{
	unsigned tens = (unsigned)p[0] - '0', ones = (unsigned)p[1] - '0';

	*v = (int)(tens * 10 + ones);
	return tens <= 9 && ones <= 9;
}

/* The usual forms, 2026-01-31 and 2026-01-31 08:30:00. False says nothing: the long way decides. */
static bool scan_usual(struct str s, struct stamp *t)
{
	uint64_t date, clock;

	if ((s.n != 10 && s.n != 19) || !eight(s.p, DATE_PATTERN, DATE_OTHERS, &date))
		return false;
	t->y = byte_of(date, 0) * 100 + byte_of(date, 2);
	t->m = byte_of(date, 5);
	if (s.n == 10)
		return two_digits(s.p + 8, &t->d);
	if (!eight(s.p + 8, CLOCK_PATTERN, CLOCK_OTHERS, &clock) || s.p[16] != ':' ||
	    !two_digits(s.p + 17, &t->second))
		return false;
	t->d = byte_of(clock, 0);
	t->hour = byte_of(clock, 3);
	t->minute = byte_of(clock, 6);
	return true;
}

static bool is_time(const struct stamp *t)
{
	return civil_valid(t->y, t->m, t->d) && t->hour < 24 && t->minute < 60 &&
	       t->second < 60;
}

static bool scan_stamp(struct str text, struct stamp *t)
{
	*t = (struct stamp){ .offset = ZONE };
	if (scan_usual(text, t))
		return is_time(t);

	struct str trimmed = str_trim(text);
	struct scan s = { trimmed.p, trimmed.p + trimmed.n };

	*t = (struct stamp){ .offset = ZONE };
	return trimmed.n && scan_date(&s, t) && scan_time(&s, t) && s.p == s.end && is_time(t);
}

bool civil_parse_time(struct str s, int64_t *secs)
{
	struct stamp t;

	if (!scan_stamp(s, &t))
		return false;
	*secs = civil_midnight(civil_days(t.y, t.m, t.d)) + t.hour * 3600 + t.minute * 60 +
		t.second + (ZONE - t.offset);
	return true;
}

/* "00:00:00", the first character in the lowest byte, and what must be added to hours, minutes and
 * seconds so that those too large have their byte's highest bit. */
#define DAYTIME_PATTERN UINT64_C(0x30303a30303a3030)
#define DAYTIME_OTHERS UINT64_C(0x0000ff0000ff0000)
#define DAYTIME_PARTS UINT64_C(0x00ff0000ff0000ff)
#define DAYTIME_ROOM UINT64_C(0x0044000044000068)

static inline bool daytime(const char *p, int64_t *secs)
{
	uint64_t pairs;
	bool digits = eight(p, DAYTIME_PATTERN, DAYTIME_OTHERS, &pairs);

	pairs &= DAYTIME_PARTS;
	*secs = byte_of(pairs, 0) * 3600 + byte_of(pairs, 3) * 60 + byte_of(pairs, 6);
	return digits && !((pairs + DAYTIME_ROOM) & UINT64_C(0x8080808080808080));
}

/* 2026-01-31, and what stands there with its clock: the seconds since midnight. */
static inline bool usual_time(struct str s, int64_t *clock)
{
	*clock = 0;
	return s.n == 10 || (s.n == 19 && s.p[10] == ' ' && daytime(s.p + 11, clock));
}

static inline bool usual_day(const char *p, int32_t *days)
{
	uint64_t date;
	int y, m, d;

	if (!eight(p, DATE_PATTERN, DATE_OTHERS, &date) || !two_digits(p + 8, &d))
		return false;
	y = byte_of(date, 0) * 100 + byte_of(date, 2);
	m = byte_of(date, 5);
	if (!civil_valid(y, m, d))
		return false;
	*days = civil_days(y, m, d);
	return true;
}

uint32_t civil_parse_many(const struct str *s, uint32_t n, int64_t *secs)
{
	char day[10] = { 0 }; /* of the text before */
	int64_t midnight = 0, clock;
	int32_t days;

	for (uint32_t i = 0; i < n; i++) {
		bool usual = usual_time(s[i], &clock);

		if (usual && memcmp(s[i].p, day, sizeof day) != 0) {
			usual = usual_day(s[i].p, &days);
			if (usual) {
				memcpy(day, s[i].p, sizeof day);
				midnight = civil_midnight(days);
			}
		}
		if (usual)
			secs[i] = midnight + clock;
		else if (!civil_parse_time(s[i], &secs[i]))
			return i;
	}
	return n;
}

bool civil_parse_date(struct str s, int32_t *days)
{
	int64_t secs;

	if (s.n == 10 && usual_day(s.p, days))
		return true;
	if (!civil_parse_time(s, &secs))
		return false;
	*days = civil_day_of(secs);
	return true;
}

static void add_digits(struct buf *b, int v, int width)
{
	char digits[10];

	for (int i = width; i-- > 0; v /= 10)
		digits[i] = (char)('0' + v % 10);
	buf_add(b, digits, (size_t)width);
}

void civil_add_date(struct buf *b, int32_t days)
{
	int y, m, d;

	civil_ymd(days, &y, &m, &d);
	if (y < 0 || y > 9999)
		buf_addi(b, y);
	else
		add_digits(b, y, 4);
	buf_addc(b, '-');
	add_digits(b, m, 2);
	buf_addc(b, '-');
	add_digits(b, d, 2);
}

void civil_add_time(struct buf *b, int64_t secs)
{
	int32_t days = civil_day_of(secs);
	int clock = (int)(secs - civil_midnight(days));

	civil_add_date(b, days);
	buf_addc(b, ' ');
	add_digits(b, clock / 3600, 2);
	buf_addc(b, ':');
	add_digits(b, clock / 60 % 60, 2);
	buf_addc(b, ':');
	add_digits(b, clock % 60, 2);
}

int32_t civil_day_of(int64_t secs)
{
	return (int32_t)floor_div(secs, CIVIL_DAY);
}

int64_t civil_midnight(int32_t days)
{
	return (int64_t)days * CIVIL_DAY;
}

int32_t civil_month(int32_t days)
{
	int y, m;

	civil_ymd(days, &y, &m, NULL);
	return (y - 1970) * 12 + m - 1;
}

int32_t civil_quarter(int32_t days)
{
	return (int32_t)floor_div(civil_month(days), 3);
}

int32_t civil_year(int32_t days)
{
	int y;

	civil_ymd(days, &y, NULL, NULL);
	return y;
}

int32_t civil_weekday(int32_t days)
{
	int64_t since = (int64_t)days + 3; /* 1970-01-01 was a Thursday */

	return (int32_t)(since - floor_div(since, 7) * 7) + 1;
}

int32_t civil_month_start(int32_t month)
{
	int64_t year = floor_div(month, 12);

	return civil_days((int)(1970 + year), (int)(month - year * 12) + 1, 1);
}

int32_t civil_age(int32_t birth, int32_t on)
{
	int by, bm, bd, y, m, d;

	civil_ymd(birth, &by, &bm, &bd);
	civil_ymd(on, &y, &m, &d);
	return y - by - (m < bm || (m == bm && d < bd));
}
