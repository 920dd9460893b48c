/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * charset.c - whole lines through iconv or straight on.
 */
#include "lib/record/charset.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <iconv.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/str.h"
#include "lib/base/utf8.h"

#define BLOCK (64u << 10) /* lines converted at once */
#define KIND_MAX (4u << 20) /* no line among so many bytes is too long to wait for its end */
#define WIDE_GAP 16u /* so much ASCII between other characters is copied */
#define NO_ICONV ((iconv_t)-1)

struct charset {
	enum feed_charset declared, found;
	size_t longest;
	struct buf carry;  /* an unfinished line */
	bool started;      /* the byte-order mark has been looked for */
	bool overlong;     /* in the middle of a line longer than `longest` */
	struct charset_lines met;
	iconv_t gb;
	char *out;         /* converted text */
	size_t out_cap;
};

struct charset *charset_new(enum feed_charset declared, size_t longest)
{
	struct charset *cs = xcalloc(1, sizeof(*cs));
	cs->declared = declared;
	cs->found = declared;
	cs->longest = longest;
	cs->gb = NO_ICONV;
	buf_init(&cs->carry, 0);
	return cs;
}

void charset_free(struct charset *cs)
{
	if (!cs)
		return;
	if (cs->gb != NO_ICONV)
		iconv_close(cs->gb);
	buf_fini(&cs->carry);
	xfree(cs->out);
	xfree(cs);
}

enum feed_charset charset_found(const struct charset *cs)
{
	return cs->found;
}

static bool is_ascii(const char *p, size_t n)
{
	uint64_t any = 0, word;
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		memcpy(&word, p + i, 8);
		any |= word;
		if (i % 256 == 0 && any & UINT64_C(0x8080808080808080))
			return false;
	}
	for (; i < n; i++)
		any |= (uint64_t)(unsigned char)p[i] << 56;
	return (any & UINT64_C(0x8080808080808080)) == 0;
}

/* Bytes up to and with the last line end; 0 when there is none. */
static size_t whole_lines(const char *p, size_t n)
{
	while (n && p[n - 1] != '\n')
		n--;
	return n;
}

/* Bytes up to and with the first line end; all when there is none. */
static size_t first_line(const char *p, size_t n)
{
	const char *nl = memchr(p, '\n', n);
	return nl ? (size_t)(nl - p) + 1 : n;
}

/* ---- GB18030 ---- */

static bool gb_ready(struct charset *cs, size_t n, struct err *e)
{
	if (cs->gb == NO_ICONV)
		cs->gb = iconv_open("UTF-8", "GB18030");
	if (cs->gb == NO_ICONV)
		return err_set(e, ERR_WORLD, "本机的 iconv 不支持 GB18030");
	if (cs->out_cap < n * 2 + 16) {
		cs->out_cap = n * 2 + 16;
		cs->out = xrealloc(cs->out, cs->out_cap);
	}
	return true;
}

/* Bytes before the first that is not ASCII. */
static size_t ascii_run(const char *p, size_t n)
{
	uint64_t word;
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		memcpy(&word, p + i, 8);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < n && !(p[i] & 0x80))
		i++;
	return i;
}

/* Bytes of the characters at the start of text that is not ASCII, which come in pairs, and of ASCII
 * between them that is too short to be left out. */
static size_t wide_run(const char *p, size_t n)
{
	size_t i = 0, plain = 0;
	while (i < n && plain < WIDE_GAP) {
		bool wide = p[i] & 0x80;
		i += wide ? 2 : 1;
		plain = wide ? 0 : plain + 1;
	}
	return i < n ? i - plain : n;
}

static bool gb_convert_run(struct charset *cs, const char *p, size_t n, size_t *made)
{
	char *in = (char *)p, *out = cs->out + *made;
	size_t in_left = n, out_left = cs->out_cap - *made;
	iconv(cs->gb, NULL, NULL, NULL, NULL);
	size_t rc = iconv(cs->gb, &in, &in_left, &out, &out_left);
	*made = cs->out_cap - out_left;
	return rc != (size_t)-1 && in_left == 0;
}

/* Converts all n bytes into cs->out; false when some are not GB18030. ASCII, which most of a line
 * is, goes by copying. */
static bool gb_convert(struct charset *cs, const char *p, size_t n, size_t *made)
{
	bool good = true;
	*made = 0;
	for (size_t at = 0; good && at < n;) {
		size_t plain = ascii_run(p + at, n - at);
		memcpy(cs->out + *made, p + at, plain);
		*made += plain;
		at += plain;
		size_t wide = wide_run(p + at, n - at);
		good = wide == 0 || gb_convert_run(cs, p + at, wide, made);
		at += wide;
	}
	return good;
}

/* ---- which of the two ---- */

/* Three-byte and longer UTF-8 characters, and bytes that belong to none. */
static void weigh(const char *p, size_t n, unsigned *wide, unsigned *stray)
{
	*wide = *stray = 0;
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		uint32_t len = utf8_next(p + i, n - i, &cp);
		*wide += len >= 3;
		*stray += len == 1 && (unsigned char)p[i] >= 0x80;
		i += len;
	}
}

/* Whether a line that is not ASCII is UTF-8, perhaps a damaged one. */
static bool looks_utf8(struct charset *cs, const char *p, size_t n)
{
	unsigned wide, stray;
	weigh(p, n, &wide, &stray);
	if (stray == 0 && wide > 0) {
		if (cs->found == CHARSET_AUTO)
			cs->found = CHARSET_UTF8;
		return cs->found == CHARSET_UTF8 || wide > 1;
	}
	if (stray == 0)
		return cs->found != CHARSET_GB18030;
	if (cs->found == CHARSET_AUTO && stray > wide)
		cs->found = CHARSET_GB18030;
	return cs->found != CHARSET_GB18030 && wide >= stray;
}

static bool count_and_put(struct charset *cs, const char *p, size_t n, bool good, struct flow to,
			  struct err *e)
{
	cs->met.good += good;
	cs->met.bad += !good;
	return flow_put(to, p, n, !good, e);
}

/* One line of GB18030, or else a bad one. */
static bool put_gb_line(struct charset *cs, const char *p, size_t n, struct flow to, struct err *e)
{
	size_t made;
	if (!gb_ready(cs, n, e))
		return false;
	if (gb_convert(cs, p, n, &made))
		return count_and_put(cs, cs->out, made, true, to, e);
	return count_and_put(cs, p, n, false, to, e);
}

/* One line that is not ASCII, by what it is. */
static bool put_line(struct charset *cs, const char *p, size_t n, struct flow to, struct err *e)
{
	bool utf8 = cs->declared == CHARSET_UTF8 ||
		    (cs->declared == CHARSET_AUTO && looks_utf8(cs, p, n));
	if (utf8)
		return count_and_put(cs, p, n, utf8_valid(p, n), to, e);
	return put_gb_line(cs, p, n, to, e);
}

typedef bool put_line_fn(struct charset *cs, const char *p, size_t n, struct flow to,
			 struct err *e);

static bool put_lines(struct charset *cs, struct str text, put_line_fn *put, struct flow to,
		      struct err *e)
{
	for (size_t at = 0, len; at < text.n; at += len) {
		len = first_line(text.p + at, text.n - at);
		bool good = is_ascii(text.p + at, len)
				    ? flow_put(to, text.p + at, len, false, e)
				    : put(cs, text.p + at, len, to, e);
		if (!good)
			return false;
	}
	return true;
}

/* Leading lines of which none could be UTF-8 text; 0 when the first could. */
static size_t gb_run(const struct charset *cs, const char *p, size_t n)
{
	size_t run = 0;
	while (run < n && cs->declared == CHARSET_AUTO) {
		size_t len = first_line(p + run, n - run);
		if (utf8_valid(p + run, len) && !is_ascii(p + run, len))
			return run;
		run += len;
	}
	return n;
}

static bool put_gb_run(struct charset *cs, struct str run, struct flow to, struct err *e)
{
	size_t made;
	/* Plain lines prove no charset: alone they are not counted either. */
	if (is_ascii(run.p, run.n))
		return flow_put(to, run.p, run.n, false, e);
	if (!gb_ready(cs, run.n, e))
		return false;
	if (gb_convert(cs, run.p, run.n, &made))
		return count_and_put(cs, cs->out, made, true, to, e);
	return put_lines(cs, run, put_gb_line, to, e);
}

/* GB18030 in runs as long as possible; a line that could be UTF-8 is looked at alone. */
static bool put_gb(struct charset *cs, struct str text, struct flow to, struct err *e)
{
	while (text.n) {
		size_t run = gb_run(cs, text.p, text.n);
		size_t len = run ? run : first_line(text.p, text.n);
		struct str part = str_sub(text, 0, len);
		if (run ? !put_gb_run(cs, part, to, e) : !put_lines(cs, part, put_line, to, e))
			return false;
		text = str_sub(text, len, text.n);
	}
	return true;
}

/* Lines one by one until one settles which of the two it is; returns how many bytes. */
static bool put_unsettled(struct charset *cs, const char *p, size_t n, struct flow to,
			  size_t *taken, struct err *e)
{
	for (*taken = 0; *taken < n && cs->found == CHARSET_AUTO;) {
		size_t len = first_line(p + *taken, n - *taken);
		if (!put_lines(cs, str_make(p + *taken, len), put_line, to, e))
			return false;
		*taken += len;
	}
	return true;
}

/* Bytes of the leading lines that are UTF-8. */
static size_t utf8_lines(const char *p, size_t n)
{
	size_t good = 0, len;
	for (; good < n; good += len) {
		len = first_line(p + good, n - good);
		if (!utf8_valid(p + good, len))
			break;
	}
	return good;
}

/* What is known to be UTF-8: good lines together, others alone. */
static bool put_utf8(struct charset *cs, const char *p, size_t n, struct flow to, struct err *e)
{
	while (n) {
		size_t good = utf8_lines(p, n), len = good ? good : first_line(p, n);
		bool well = good == 0 ? put_lines(cs, str_make(p, len), put_line, to, e)
			    : is_ascii(p, len) ? flow_put(to, p, len, false, e)
					       : count_and_put(cs, p, len, true, to, e);
		if (!well)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

/* Whole lines at once when they are all of the found kind, else one by one. */
static bool put_block(struct charset *cs, const char *p, size_t n, struct flow to, struct err *e)
{
	size_t taken;
	if (is_ascii(p, n))
		return flow_put(to, p, n, false, e);
	if (!put_unsettled(cs, p, n, to, &taken, e))
		return false;
	p += taken;
	n -= taken;
	if (n == 0)
		return true;
	if (cs->found == CHARSET_UTF8 && utf8_valid(p, n))
		return count_and_put(cs, p, n, true, to, e);
	if (cs->found == CHARSET_UTF8)
		return put_utf8(cs, p, n, to, e);
	if (cs->found == CHARSET_GB18030)
		return put_gb(cs, str_make(p, n), to, e);
	return put_lines(cs, str_make(p, n), put_line, to, e);
}

/* Complete lines in blocks small enough for the converter's buffer. */
static bool put_blocks(struct charset *cs, const char *p, size_t n, struct flow to, struct err *e)
{
	while (n) {
		size_t len = n <= BLOCK ? n : whole_lines(p, BLOCK);
		if (len == 0)
			len = first_line(p, n);
		if (!put_block(cs, p, len, to, e))
			return false;
		p += len;
		n -= len;
	}
	return true;
}

/* The line is too long to wait for its end: pass it on as it is, the next stage refuses it. */
static bool give_up_line(struct charset *cs, struct flow to, struct err *e)
{
	bool good = flow_put(to, cs->carry.p, cs->carry.n, true, e);
	cs->overlong = true;
	buf_reset(&cs->carry);
	return good;
}

static bool lines_push(struct charset *cs, const char *p, size_t n, struct flow to, struct err *e)
{
	if (cs->carry.n || cs->overlong) {
		size_t len = first_line(p, n);
		bool ended = len && p[len - 1] == '\n';
		buf_add(&cs->carry, p, len);
		p += len;
		n -= len;
		if (cs->overlong || (!ended && cs->carry.n > cs->longest)) {
			if (!give_up_line(cs, to, e))
				return false;
			cs->overlong = !ended;
		} else if (ended) {
			if (!put_blocks(cs, cs->carry.p, cs->carry.n, to, e))
				return false;
			buf_reset(&cs->carry);
		}
	}
	size_t whole = whole_lines(p, n);
	if (whole && !put_blocks(cs, p, whole, to, e))
		return false;
	buf_add(&cs->carry, p + whole, n - whole);
	return true;
}

/* The first bytes: a mark of UTF-8 is dropped and settles the question. */
static bool start(struct charset *cs, bool end, struct flow to, struct err *e)
{
	struct buf *head = &cs->carry;
	if (head->n < 3 && !end)
		return true;
	cs->started = true;
	const unsigned char *p = (const unsigned char *)head->p;
	if (head->n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		return err_set(e, ERR_INPUT, "文件是 UTF-16 编码，请转为 UTF-8 或 GB18030");
	size_t n, skip = 0;
	if (head->n >= 3 && p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf) {
		skip = 3;
		if (cs->declared == CHARSET_AUTO)
			cs->found = CHARSET_UTF8;
	}
	char *held = buf_take(head, &n);
	bool good = lines_push(cs, held + skip, n - skip, to, e);
	xfree(held);
	return good;
}

bool charset_push(struct charset *cs, const char *p, size_t n, struct flow to, struct err *e)
{
	if (cs->started)
		return n == 0 || lines_push(cs, p, n, to, e);
	buf_add(&cs->carry, p, n);
	return start(cs, false, to, e);
}

enum charset_kind charset_kind(const char *p, size_t n)
{
	if (n > KIND_MAX)
		return CHARSET_KIND_OTHER;
	if (is_ascii(p, n))
		return CHARSET_KIND_ASCII;
	return utf8_valid(p, n) ? CHARSET_KIND_UTF8 : CHARSET_KIND_OTHER;
}

bool charset_plain(struct charset *cs, struct buf *held)
{
	if (!cs->started || cs->overlong)
		return false;
	buf_addstr(held, buf_str(&cs->carry));
	buf_reset(&cs->carry);
	return true;
}

bool charset_passes(struct charset *cs, enum charset_kind kind)
{
	assert(cs->carry.n == 0);
	if (cs->overlong)
		return false;
	if (kind == CHARSET_KIND_UTF8 && cs->found == CHARSET_UTF8)
		cs->met.good++;
	else if (kind != CHARSET_KIND_ASCII)
		return false;
	return true;
}

void charset_settle(struct charset *cs, enum feed_charset found)
{
	assert(found != CHARSET_AUTO);
	cs->found = found;
	cs->started = true;
}

struct charset_lines charset_lines(struct charset *cs)
{
	struct charset_lines met = cs->met;
	cs->met = (struct charset_lines){ 0 };
	return met;
}

bool charset_adds(struct charset *cs, const struct charset_lines *lines)
{
	if (cs->overlong)
		return false;
	cs->met.good += lines->good;
	cs->met.bad += lines->bad;
	return true;
}

bool charset_finish(struct charset *cs, struct flow to, struct err *e)
{
	if (!cs->started && cs->carry.n && !start(cs, true, to, e))
		return false;
	if (cs->carry.n && !put_blocks(cs, cs->carry.p, cs->carry.n, to, e))
		return false;
	buf_reset(&cs->carry);
	if (cs->met.bad >= 10 && cs->met.good == 0)
		return err_set(e, ERR_INPUT, "全部 %llu 行中文都无法按%s解码，请检查 charset",
			       (unsigned long long)cs->met.bad,
			       cs->declared == CHARSET_GB18030 ? " GB18030 " : " UTF-8 ");
	return true;
}
