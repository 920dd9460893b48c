/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/reason.h"

#include <stddef.h>

static const struct {
	unsigned status;
	const char *word, *zh, *en;
} table[REASON_COUNT] = {
	[REASON_NONE] = { 200, "", "", "" },
#define REASON(name, status, word, zh, en) [REASON_##name] = { status, word, zh, en },
#include "daemon/http/reasons.def"
#undef REASON
};

static const struct {
	unsigned status;
	const char *phrase;
} phrases[] = {
	{ 100, "Continue" },
	{ 200, "OK" },
	{ 202, "Accepted" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

unsigned reason_status(enum reason r)
{
	return table[r].status;
}

const char *reason_word(enum reason r)
{
	return table[r].word;
}

const char *reason_text(enum reason r, bool english)
{
	return english ? table[r].en : table[r].zh;
}

const char *status_phrase(unsigned status)
{
	for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

void reason_json(enum reason r, struct str detail, bool english, struct buf *out)
{
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, reason_text(r, english));
	if (detail.n) {
		buf_adds(&text, english ? ": " : "：");
		buf_addstr(&text, detail);
	}
	buf_addf(out, "{\"error\":{\"status\":%u,\"reason\":\"%s\",\"text\":", table[r].status,
		 table[r].word);
	buf_json(out, buf_str(&text));
	buf_adds(out, "}}\n");
	buf_fini(&text);
}
