/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/work/binfile.h"

#include "lib/base/mem.h"

#define WAITING_BYTES ((size_t)512 << 10)

struct piece {
	uint64_t at, bytes;      /* with its frame */
	int mark;
};

struct bin {
	struct piece *piece;
	uint32_t n, cap;
	uint64_t bytes;
};

struct binfile {
	struct temp_file file;
	struct buf waiting;
	struct bin *bin;         /* [bins] */
	uint32_t bins;
	struct err e;
	bool failed;
};

struct binfile *binfile_new(const char *dir, uint32_t bins, struct err *e)
{
	struct binfile *b = xcalloc(1, sizeof *b);
	b->bins = bins;
	b->bin = xcalloc(bins, sizeof *b->bin);
	buf_init(&b->waiting, 0);
	if (temp_open(&b->file, dir, e))
		return b;
	binfile_free(b);
	return NULL;
}

void binfile_free(struct binfile *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < b->bins; i++)
		xfree(b->bin[i].piece);
	xfree(b->bin);
	buf_fini(&b->waiting);
	temp_close(&b->file);
	xfree(b);
}

static bool flush(struct binfile *b)
{
	if (!b->failed && !temp_add(&b->file, buf_str(&b->waiting), &b->e))
		b->failed = true;
	buf_reset(&b->waiting);
	return !b->failed;
}

void binfile_put(struct binfile *b, uint32_t bin, int mark, struct str bytes)
{
	struct bin *to = &b->bin[bin];
	uint64_t at = binfile_bytes(b);
	if (b->failed)
		return;
	temp_frame(&b->waiting, bytes);
	GROW(to->piece, to->cap, to->n + 1);
	to->piece[to->n] = (struct piece){ at, binfile_bytes(b) - at, mark };
	to->bytes += to->piece[to->n++].bytes;
	if (b->waiting.n >= WAITING_BYTES)
		(void)flush(b);
}

bool binfile_end(struct binfile *b, struct err *e)
{
	if (flush(b))
		return true;
	*e = b->e;
	return false;
}

bool binfile_each(const struct binfile *b, uint32_t bin, binfile_fn *fn, void *ctx,
		  struct err *e)
{
	const struct bin *from = &b->bin[bin];
	bool ok = true;
	for (uint32_t i = 0; ok && i < from->n; i++) {
		const struct piece *p = &from->piece[i];
		struct temp_reader r;
		struct str bytes;
		temp_reader_init(&r, &b->file, p->at, p->at + p->bytes);
		ok = temp_next(&r, &bytes, e) && fn(ctx, p->mark, bytes, e);
		temp_reader_fini(&r);
	}
	return ok;
}

uint64_t binfile_bytes(const struct binfile *b)
{
	return b->file.bytes + b->waiting.n;
}

uint64_t binfile_bin_bytes(const struct binfile *b, uint32_t bin)
{
	return b->bin[bin].bytes;
}
