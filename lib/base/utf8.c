/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utf8.c - strict decoding by the table of well-formed sequences (Unicode, table 3-7)
 * and display widths by ranges.
 */
#include "lib/base/utf8.h"

#include <string.h>

enum { LONG_TEXT = 64 };

struct range {
	uint32_t first, last;
};

/* Characters two cells wide: CJK, kana, hangul, full-width forms, emoji. Ascending. */
static const struct range wide[] = {
	{ 0x1100, 0x115F },   { 0x231A, 0x231B },   { 0x2329, 0x232A },   { 0x23E9, 0x23EC },
	{ 0x23F0, 0x23F0 },   { 0x23F3, 0x23F3 },   { 0x25FD, 0x25FE },   { 0x2614, 0x2615 },
	{ 0x2648, 0x2653 },   { 0x267F, 0x267F },   { 0x2693, 0x2693 },   { 0x26A1, 0x26A1 },
	{ 0x26AA, 0x26AB },   { 0x26BD, 0x26BE },   { 0x26C4, 0x26C5 },   { 0x26CE, 0x26CE },
	{ 0x26D4, 0x26D4 },   { 0x26EA, 0x26EA },   { 0x26F2, 0x26F3 },   { 0x26F5, 0x26F5 },
	{ 0x26FA, 0x26FA },   { 0x26FD, 0x26FD },   { 0x2705, 0x2705 },   { 0x270A, 0x270B },
	{ 0x2728, 0x2728 },   { 0x274C, 0x274C },   { 0x274E, 0x274E },   { 0x2753, 0x2755 },
	{ 0x2757, 0x2757 },   { 0x2795, 0x2797 },   { 0x27B0, 0x27B0 },   { 0x27BF, 0x27BF },
	{ 0x2B1B, 0x2B1C },   { 0x2B50, 0x2B50 },   { 0x2B55, 0x2B55 },   { 0x2E80, 0x303E },
	{ 0x3041, 0x33FF },   { 0x3400, 0x4DBF },   { 0x4E00, 0xA4CF },   { 0xA960, 0xA97F },
	{ 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },   { 0xFE10, 0xFE19 },   { 0xFE30, 0xFE6F },
	{ 0xFF01, 0xFF60 },   { 0xFFE0, 0xFFE6 },   { 0x16FE0, 0x18CFF }, { 0x1B000, 0x1B2FF },
	{ 0x1F004, 0x1F004 }, { 0x1F0CF, 0x1F0CF }, { 0x1F18E, 0x1F18E }, { 0x1F191, 0x1F19A },
	{ 0x1F200, 0x1F265 }, { 0x1F300, 0x1F320 }, { 0x1F32D, 0x1F335 }, { 0x1F337, 0x1F37C },
	{ 0x1F37E, 0x1F393 }, { 0x1F3A0, 0x1F3CA }, { 0x1F3CF, 0x1F3D3 }, { 0x1F3E0, 0x1F3F0 },
	{ 0x1F3F4, 0x1F3F4 }, { 0x1F3F8, 0x1F43E }, { 0x1F440, 0x1F440 }, { 0x1F442, 0x1F4FC },
	{ 0x1F4FF, 0x1F53D }, { 0x1F54B, 0x1F567 }, { 0x1F57A, 0x1F57A }, { 0x1F595, 0x1F596 },
	{ 0x1F5A4, 0x1F5A4 }, { 0x1F5FB, 0x1F64F }, { 0x1F680, 0x1F6C5 }, { 0x1F6CC, 0x1F6CC },
	{ 0x1F6D0, 0x1F6D2 }, { 0x1F6D5, 0x1F6DF }, { 0x1F6EB, 0x1F6EC }, { 0x1F6F4, 0x1F6FC },
	{ 0x1F7E0, 0x1F7EB }, { 0x1F90C, 0x1F93A }, { 0x1F93C, 0x1F945 }, { 0x1F947, 0x1FAFF },
	{ 0x20000, 0x3FFFD },
};

/* Characters without a cell of their own: combining marks, joiners, direction marks. */
static const struct range zero[] = {
	{ 0x0300, 0x036F },   { 0x0483, 0x0489 },   { 0x0591, 0x05BD },   { 0x05BF, 0x05BF },
	{ 0x05C1, 0x05C2 },   { 0x0610, 0x061A },   { 0x064B, 0x065F },   { 0x0670, 0x0670 },
	{ 0x06D6, 0x06DC },   { 0x06DF, 0x06E4 },   { 0x0900, 0x0902 },   { 0x093C, 0x093C },
	{ 0x0941, 0x0948 },   { 0x094D, 0x094D },   { 0x0E31, 0x0E31 },   { 0x0E34, 0x0E3A },
	{ 0x0E47, 0x0E4E },   { 0x0F71, 0x0F7E },   { 0x1160, 0x11FF },   { 0x1AB0, 0x1AFF },
	{ 0x1DC0, 0x1DFF },   { 0x200B, 0x200F },   { 0x202A, 0x202E },   { 0x2060, 0x2064 },
	{ 0x20D0, 0x20F0 },   { 0x302A, 0x302D },   { 0x3099, 0x309A },   { 0xFE00, 0xFE0F },
	{ 0xFE20, 0xFE2F },   { 0xFEFF, 0xFEFF },   { 0xE0001, 0xE01EF },
};

static bool in_ranges(const struct range *r, size_t n, uint32_t cp)
{
	size_t from = 0;

	while (from < n) {
		size_t mid = from + (n - from) / 2;

		if (cp > r[mid].last)
			from = mid + 1;
		else if (cp >= r[mid].first)
			return true;
		else
			n = mid;
	}
	return false;
}

int utf8_width(uint32_t cp)
{
	if (cp < 0x20 || cp == 0x7F)
		return 0;
	if (cp < 0x300)
		return cp >= 0x80 && cp < 0xA0 ? 0 : 1;
	if (in_ranges(zero, sizeof zero / sizeof zero[0], cp))
		return 0;
	return in_ranges(wide, sizeof wide / sizeof wide[0], cp) ? 2 : 1;
}

/* Length that a lead byte announces; 0 when it cannot lead. */
static uint32_t announced(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2)
		return 0;
	return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
}

/* Some leads narrow their second byte: no overlong forms, surrogates or too large numbers. */
static bool second_fits(unsigned char lead, unsigned char second)
{
	switch (lead) {
	case 0xE0: return second >= 0xA0 && second <= 0xBF;
	case 0xED: return second >= 0x80 && second <= 0x9F;
	case 0xF0: return second >= 0x90 && second <= 0xBF;
	case 0xF4: return second >= 0x80 && second <= 0x8F;
	default: return second >= 0x80 && second <= 0xBF;
	}
}

/* Length of the well-formed character at p, or 0. n > 0. */
static uint32_t well_formed(const unsigned char *p, size_t n)
{
	uint32_t len = announced(p[0]);

	if (len < 2)
		return len;
	if (len > n || !second_fits(p[0], p[1]))
		return 0;
	for (uint32_t i = 2; i < len; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

static bool eight_ascii(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return !(word & UINT64_C(0x8080808080808080));
}

/* Most Chinese characters: three bytes, and any second one will do. */
static bool common_wide(const unsigned char *p)
{
	return p[0] >= 0xE1 && p[0] <= 0xEC && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80;
}

size_t utf8_valid_prefix(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t at = 0;

	while (at < n) {
		if (n - at >= 8 && eight_ascii(p + at)) {
			at += 8;
			continue;
		}
		if (n - at >= 3 && common_wide(u + at)) {
			at += 3;
			continue;
		}

		uint32_t len = u[at] < 0x80 ? 1 : well_formed(u + at, n - at);

		if (!len)
			break;
		at += len;
	}
	return at;
}

bool utf8_valid(const char *p, size_t n)
{
	utf8_valid_fn *wide_way = n >= LONG_TEXT ? utf8_valid_avx512() : NULL;

	if (!wide_way && n >= LONG_TEXT)
		wide_way = utf8_valid_avx2();
	return wide_way ? wide_way(p, n) : utf8_valid_prefix(p, n) == n;
}

uint32_t utf8_next(const char *p, size_t n, uint32_t *cp)
{
	const unsigned char *s = (const unsigned char *)p;
	uint32_t len;

	*cp = UTF8_BAD;
	if (n == 0)
		return 0;
	len = well_formed(s, n);
	if (len == 0)
		return 1;
	*cp = len == 1 ? s[0] : s[0] & (0x7Fu >> len);
	for (uint32_t i = 1; i < len; i++)
		*cp = *cp << 6 | (s[i] & 0x3F);
	return len;
}

uint32_t utf8_put(char out[4], uint32_t cp)
{
	if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		cp = UTF8_BAD;

	uint32_t len = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0x00, 0xC0, 0xE0, 0xF0 };

	for (uint32_t i = len; i-- > 1; cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3F));
	out[0] = (char)(lead[len] | cp);
	return len;
}

uint32_t utf8_columns(struct str s)
{
	uint32_t count = 0;
	uint32_t cp;

	for (uint32_t at = 0; at < s.n; count++)
		at += utf8_next(s.p + at, s.n - at, &cp);
	return count;
}

uint32_t utf8_cells(struct str s)
{
	uint32_t cells = 0;
	uint32_t cp;

	for (uint32_t at = 0; at < s.n;) {
		at += utf8_next(s.p + at, s.n - at, &cp);
		cells += (uint32_t)utf8_width(cp);
	}
	return cells;
}

uint32_t utf8_fit(struct str s, uint32_t cells)
{
	uint32_t used = 0;
	uint32_t at = 0;

	while (at < s.n) {
		uint32_t cp;
		uint32_t len = utf8_next(s.p + at, s.n - at, &cp);

		used += (uint32_t)utf8_width(cp);
		if (used > cells)
			break;
		at += len;
	}
	return at;
}
