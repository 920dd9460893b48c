/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.c - error sentences of bounded length, cut at whole UTF-8 characters.
 */
#include "lib/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
	[ERR_NONE] = "none",
	[ERR_INPUT] = "input",
	[ERR_RULE] = "rule",
	[ERR_CONF] = "conf",
	[ERR_LIMIT] = "limit",
	[ERR_OVERFLOW] = "overflow",
	[ERR_WORLD] = "world",
	[ERR_BUG] = "bug",
};

/* Takes a character off the end when vsnprintf cut through its bytes. */
static void mend_end(char *text, size_t n)
{
	size_t at = n;

	while (at > 0 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
		at--;
	if (at == 0)
		return;

	unsigned char lead = (unsigned char)text[at - 1];
	size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;

	if (n - (at - 1) < need)
		text[at - 1] = '\0';
}

static PRINTF_LIKE(3, 0) void write_text(char *out, size_t size, const char *fmt, va_list args)
{
	memset(out, 0, size);
	int n = vsnprintf(out, size, fmt, args);

	if (n < 0)
		out[0] = '\0';
	else if ((size_t)n >= size)
		mend_end(out, size - 1);
}

/* By way of a copy: the arguments may point into e->text itself. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[sizeof e->text];
	va_list args;

	if (!e)
		return false;
	va_start(args, fmt);
	write_text(text, sizeof text, fmt, args);
	va_end(args);
	e->code = code;
	memcpy(e->text, text, sizeof text);
	return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
	char text[sizeof e->text];
	va_list args;

	if (!e)
		return false;
	va_start(args, fmt);
	write_text(text, sizeof text, fmt, args);
	va_end(args);
	return err_set(e, e->code, "%s: %s", text, e->text);
}

const char *err_name(enum err_code code)
{
	size_t i = (size_t)code;

	return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}
