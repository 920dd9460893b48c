/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inflate.c - a small state around the members: which kind of input, inside or between members.
 */
#include "lib/record/inflate.h"

#include <assert.h>
#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/record/gzip.h"

enum inflate_state { SNIFF, PLAIN, BETWEEN, MEMBER };

struct inflate {
	enum inflate_state state;
	unsigned char head[2]; /* bytes held back while sniffing */
	unsigned n_head;
	uint64_t offset;       /* bytes used */
	bool full;             /* the library may have more without another byte */
	const struct gzip_engine *engine;
	void *z;               /* NULL before the first member */
	unsigned char *out;    /* INFLATE_STEP bytes; NULL before they are needed */
};

struct inflate *inflate_new(void)
{
#ifdef FUNDWATCH_ISAL
	return inflate_new_by(&gzip_isal);
#else
	return inflate_new_by(&gzip_zlib);
#endif
}

struct inflate *inflate_new_by(const struct gzip_engine *engine)
{
	struct inflate *in = xcalloc(1, sizeof(struct inflate));
	in->engine = engine;
	return in;
}

void inflate_free(struct inflate *in)
{
	if (!in)
		return;
	if (in->z)
		in->engine->close(in->z);
	xfree(in->out);
	xfree(in);
}

static bool member_start(struct inflate *in, struct err *e)
{
	if (!in->z)
		in->z = in->engine->open();
	if (!in->z || !in->engine->begin(in->z))
		return err_set(e, ERR_LIMIT, "%s 初始化失败", in->engine->name);
	in->state = MEMBER;
	return true;
}

static bool broken(const struct inflate *in, const char *why, struct err *e)
{
	return err_set(e, ERR_INPUT, "gzip 数据损坏，位于第 %llu 字节附近：%s",
		       (unsigned long long)in->offset, why ? why : "无法解压");
}

static void use(struct inflate *in, struct bytes *from, size_t n)
{
	from->p += n;
	from->n -= n;
	in->offset += n;
}

/* Padding, then another member. */
static bool between(struct inflate *in, struct bytes *from, struct err *e)
{
	while (from->n && *from->p == 0)
		use(in, from, 1);
	if (from->n == 0)
		return true;
	return *from->p == 0x1f ? member_start(in, e) : broken(in, NULL, e);
}

/* What the library makes at once; *made of it is good when it fails, too. */
static bool member_run(struct inflate *in, struct bytes *from, unsigned char *out, size_t *made,
		       struct err *e)
{
	struct gzip_io io = { .in = from->p, .n_in = from->n, .out = out, .n_out = INFLATE_STEP };
	enum gzip_step step = in->engine->run(in->z, &io);
	bool stuck = io.n_in && io.n_in == from->n;
	use(in, from, from->n - io.n_in);
	*made = INFLATE_STEP - io.n_out;
	in->full = step == GZIP_MORE && io.n_out == 0;
	if (step == GZIP_BROKEN || (step == GZIP_MORE && *made == 0 && stuck))
		return broken(in, in->engine->why(in->z), e);
	if (step == GZIP_END)
		in->state = BETWEEN;
	return true;
}

static bool make(struct inflate *in, struct bytes *from, unsigned char *out, size_t *made,
		 struct err *e)
{
	*made = 0;
	if (in->state == BETWEEN && !between(in, from, e))
		return false;
	return in->state == BETWEEN || member_run(in, from, out, made, e);
}

static bool pass(struct inflate *in, struct bytes *from, struct flow to, struct err *e)
{
	const char *p = (const char *)from->p;
	size_t n = from->n < INFLATE_STEP ? from->n : INFLATE_STEP;
	bool good = true;
	if (in->state == PLAIN) {
		use(in, from, n);
	} else {
		if (!in->out)
			in->out = xmalloc(INFLATE_STEP);
		good = make(in, from, in->out, &n, e);
		p = (const char *)in->out;
	}
	return (n == 0 || flow_put(to, p, n, false, e)) && good;
}

/* Whether the bytes that tell what it is are there. */
static bool sniffed(struct inflate *in, struct bytes *from)
{
	for (; from->n && in->n_head < sizeof in->head; from->n--)
		in->head[in->n_head++] = *from->p++;
	if (in->n_head < sizeof in->head)
		return false;
	in->state = in->head[0] == 0x1f && in->head[1] == 0x8b ? BETWEEN : PLAIN;
	return true;
}

bool inflate_step(struct inflate *in, struct bytes *from, struct flow to, struct err *e)
{
	if (in->state == SNIFF) {
		if (!sniffed(in, from))
			return true;
		struct bytes head = { in->head, sizeof in->head };
		if (!pass(in, &head, to, e))
			return false;
	}
	return pass(in, from, to, e);
}

bool inflate_text(struct inflate *in, struct bytes *from, struct buf *text, struct err *e)
{
	size_t made;
	assert(in->state == BETWEEN || in->state == MEMBER);
	GROW(text->p, text->cap, text->n + INFLATE_STEP);
	bool good = make(in, from, (unsigned char *)text->p + text->n, &made, e);
	text->n += made;
	return good;
}

bool inflate_hungry(const struct inflate *in, const struct bytes *from)
{
	return from->n == 0 && !in->full;
}

bool inflate_push(struct inflate *in, const void *bytes, size_t n, struct flow to, struct err *e)
{
	struct bytes from = { bytes, n };
	while (!inflate_hungry(in, &from))
		if (!inflate_step(in, &from, to, e))
			return false;
	return true;
}

bool inflate_plain(const struct inflate *in)
{
	return in->state == PLAIN;
}

bool inflate_finish(struct inflate *in, struct flow to, struct err *e)
{
	if (in->state == SNIFF && in->n_head) {
		struct bytes head = { in->head, in->n_head };
		in->state = PLAIN;
		return pass(in, &head, to, e);
	}
	if (in->state != MEMBER)
		return true;
	return err_set(e, ERR_INPUT, "gzip 数据不完整：文件在第 %llu 字节处结束",
		       (unsigned long long)in->offset);
}
