/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inflate.c - zlib behind a small state: which kind of input, inside or between members.
 */
#include "lib/record/inflate.h"

#include <stdint.h>

#include <zlib.h>

#include "lib/base/mem.h"

#define OUT_SIZE (256u << 10)
#define IN_STEP (1u << 30)
#define GZIP_WINDOW (15 + 16)

enum inflate_state { SNIFF, PLAIN, BETWEEN, MEMBER };

struct inflate {
	enum inflate_state state;
	unsigned char head[2]; /* bytes held back while sniffing */
	unsigned n_head;
	uint64_t offset;       /* bytes taken in */
	z_stream z;
	bool z_live;
	char out[OUT_SIZE];
};

struct inflate *inflate_new(void)
{
	return xcalloc(1, sizeof(struct inflate));
}

void inflate_free(struct inflate *in)
{
	if (!in)
		return;
	if (in->z_live)
		inflateEnd(&in->z);
	xfree(in);
}

static bool member_start(struct inflate *in, struct err *e)
{
	int rc = in->z_live ? inflateReset(&in->z) : inflateInit2(&in->z, GZIP_WINDOW);
	if (rc != Z_OK)
		return err_set(e, ERR_LIMIT, "zlib 初始化失败（%d）", rc);
	in->z_live = true;
	in->state = MEMBER;
	return true;
}

static bool broken(const struct inflate *in, size_t left, struct err *e)
{
	return err_set(e, ERR_INPUT, "gzip 数据损坏，位于第 %llu 字节附近：%s",
		       (unsigned long long)(in->offset - left),
		       in->z.msg ? in->z.msg : "无法解压");
}

/* Inflates until the input is used up or the member ends; *left is what was not used. */
static bool member_run(struct inflate *in, const unsigned char *p, size_t n, size_t *left,
		       struct flow to, struct err *e)
{
	in->z.next_in = (unsigned char *)p;
	in->z.avail_in = (uInt)n;
	do {
		in->z.next_out = (unsigned char *)in->out;
		in->z.avail_out = OUT_SIZE;
		int rc = inflate(&in->z, Z_NO_FLUSH);
		size_t got = OUT_SIZE - in->z.avail_out;
		*left = in->z.avail_in;
		if (got && !flow_put(to, in->out, got, false, e))
			return false;
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return broken(in, *left, e);
		if (rc == Z_STREAM_END) {
			in->state = BETWEEN;
			return true;
		}
		if (rc == Z_BUF_ERROR && got == 0)
			break;
	} while (in->z.avail_in || in->z.avail_out == 0);
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
			if (*p != 0x1f) {
				in->z.msg = NULL;
				return broken(in, n, e);
			}
			if (!member_start(in, e))
				return false;
		}
		size_t step = n < IN_STEP ? n : IN_STEP, left = 0;
		if (!member_run(in, p, step, &left, to, e))
			return false;
		p += step - left;
		n -= step - left;
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
