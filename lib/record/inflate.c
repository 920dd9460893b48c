/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inflate.c - a small state around the members: which kind of input, inside or between members.
 */
#include "lib/record/inflate.h"

#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/record/gzip.h"

#define OUT_SIZE (256u << 10)

enum inflate_state { SNIFF, PLAIN, BETWEEN, MEMBER };

struct inflate {
	enum inflate_state state;
	unsigned char head[2]; /* bytes held back while sniffing */
	unsigned n_head;
	uint64_t offset;       /* bytes taken in */
	const struct gzip_engine *engine;
	void *z;               /* NULL before the first member */
	unsigned char out[OUT_SIZE];
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

static bool broken(const struct inflate *in, const char *why, size_t left, struct err *e)
{
	return err_set(e, ERR_INPUT, "gzip 数据损坏，位于第 %llu 字节附近：%s",
		       (unsigned long long)(in->offset - left), why ? why : "无法解压");
}

/* Inflates until the input is used up or the member ends; *left is what was not used. */
static bool member_run(struct inflate *in, const unsigned char *p, size_t n, size_t *left,
		       struct flow to, struct err *e)
{
	struct gzip_io io = { .in = p, .n_in = n };
	enum gzip_step step = GZIP_MORE;
	size_t got = OUT_SIZE;
	while (step == GZIP_MORE && (io.n_in || got == OUT_SIZE)) {
		size_t before = io.n_in;
		io.out = in->out;
		io.n_out = OUT_SIZE;
		step = in->engine->run(in->z, &io);
		got = OUT_SIZE - io.n_out;
		*left = io.n_in;
		if (got && !flow_put(to, (const char *)in->out, got, false, e))
			return false;
		if (step == GZIP_BROKEN ||
		    (step == GZIP_MORE && got == 0 && io.n_in && io.n_in == before))
			return broken(in, in->engine->why(in->z), *left, e);
	}
	if (step == GZIP_END)
		in->state = BETWEEN;
	return true;
}

static bool gzip_push(struct inflate *in, const unsigned char *p, size_t n, struct flow to,
		      struct err *e)
{
	while (n) {
		if (in->state == BETWEEN) {
			if (*p == 0) { /* padding */
				p++;
				n--;
				continue;
			}
			if (*p != 0x1f)
				return broken(in, NULL, n, e);
			if (!member_start(in, e))
				return false;
		}
		size_t left = 0;
		if (!member_run(in, p, n, &left, to, e))
			return false;
		p += n - left;
		n = left;
	}
	return true;
}

static bool pass(struct inflate *in, const void *p, size_t n, struct flow to, struct err *e)
{
	if (in->state == PLAIN)
		return n == 0 || flow_put(to, p, n, false, e);
	return gzip_push(in, p, n, to, e);
}

bool inflate_push(struct inflate *in, const void *bytes, size_t n, struct flow to, struct err *e)
{
	const unsigned char *p = bytes;
	while (in->state == SNIFF && n && in->n_head < 2) {
		in->head[in->n_head++] = *p++;
		n--;
		in->offset++;
	}
	if (in->state == SNIFF) {
		if (in->n_head < 2)
			return true;
		bool gzip = in->head[0] == 0x1f && in->head[1] == 0x8b;
		in->state = gzip ? BETWEEN : PLAIN;
		if (!pass(in, in->head, 2, to, e))
			return false;
	}
	in->offset += n;
	return pass(in, p, n, to, e);
}

bool inflate_plain(const struct inflate *in)
{
	return in->state == PLAIN;
}

bool inflate_finish(struct inflate *in, struct flow to, struct err *e)
{
	if (in->state == SNIFF && in->n_head) {
		in->state = PLAIN;
		return pass(in, in->head, in->n_head, to, e);
	}
	if (in->state != MEMBER)
		return true;
	return err_set(e, ERR_INPUT, "gzip 数据不完整：文件在第 %llu 字节处结束",
		       (unsigned long long)in->offset);
}
