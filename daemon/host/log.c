/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.c - lines made in a buffer on the stack, written once.
 */
#include "daemon/host/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/host/clock.h"
#include "lib/base/buf.h"
#include "lib/base/civil.h"

#define LINE_MAX_BYTES 8192u
#define CHINA_OFFSET (8 * 3600)

static const char *const level_words[] = { "error", "warn", "notice", "info", "debug" };

static struct {
	_Atomic int level;
	bool json;
	int fd;
} sink = { LOG_INFO, false, STDERR_FILENO };

bool log_set_level(const char *level)
{
	for (int i = 0; i <= LOG_DEBUG; i++) {
		if (strcmp(level, level_words[i]) == 0) {
			sink.level = i;
			return true;
		}
	}
	return false;
}

bool log_open(const char *level, const char *format, const char *file, struct err *e)
{
	if (!log_set_level(level))
		return err_set(e, ERR_CONF, "log level `%s` is unknown", level);
	sink.json = strcmp(format, "json") == 0;
	if (file && *file) {
		int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
		if (fd < 0)
			return err_set(e, ERR_WORLD, "log file %s: %s", file, strerror(errno));
		log_close();
		sink.fd = fd;
	}
	return true;
}

void log_close(void)
{
	if (sink.fd != STDERR_FILENO)
		(void)close(sink.fd);
	sink.fd = STDERR_FILENO;
}

bool log_wants(enum log_level level)
{
	return (int)level <= sink.level;
}

static void add_stamp(struct buf *b, const struct timespec *ts)
{
	size_t at = b->n;
	civil_add_time(b, ts->tv_sec + CHINA_OFFSET);
	if (b->n > at + 10)
		b->p[at + 10] = 'T';
	buf_addf(b, ".%03ld+08:00", ts->tv_nsec / 1000000);
}

/* A line stays a line, whatever a file name or a server's message holds. */
static void add_flat(struct buf *b, const char *s)
{
	for (; *s; s++)
		buf_addc(b, (unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s);
}

static void add_text(struct buf *b, enum log_level level, const char *object, const char *said)
{
	buf_addf(b, " %-6s ", level_words[level]);
	if (object) {
		add_flat(b, object);
		buf_adds(b, ": ");
	}
	add_flat(b, said);
}

static void add_json(struct buf *b, enum log_level level, const char *object, const char *said)
{
	buf_addf(b, "\",\"level\":\"%s\"", level_words[level]);
	if (object) {
		buf_adds(b, ",\"object\":");
		buf_json(b, str_of(object));
	}
	buf_adds(b, ",\"message\":");
	buf_json(b, str_of(said));
	buf_addc(b, '}');
}

__attribute__((format(printf, 3, 0)))
static void write_line(enum log_level level, const char *object, const char *fmt, va_list args)
{
	char said[LINE_MAX_BYTES / 2];
	struct timespec ts;
	struct buf b;

	(void)vsnprintf(said, sizeof said, fmt, args);
	int64_t now = clock_wall();
	ts = (struct timespec){ .tv_sec = (time_t)(now / 1000000),
				.tv_nsec = (long)(now % 1000000 * 1000) };
	buf_init(&b, 4 * LINE_MAX_BYTES);
	if (sink.json)
		buf_adds(&b, "{\"time\":\"");
	add_stamp(&b, &ts);
	(sink.json ? add_json : add_text)(&b, level, object, said);
	buf_addc(&b, '\n');
	if (write(sink.fd, b.p, b.n) < 0)
		errno = 0; /* nowhere to tell it */
	buf_fini(&b);
}

void log_line(enum log_level level, const char *object, const char *fmt, ...)
{
	va_list args;
	if (!log_wants(level))
		return;
	va_start(args, fmt);
	write_line(level, object, fmt, args);
	va_end(args);
}

bool log_allowed(struct log_limit *limit, int64_t now, uint32_t *held)
{
	int64_t window = now / 60, before = limit->window;
	*held = 0;
	if (before != window && atomic_compare_exchange_strong(&limit->window, &before, window)) {
		uint32_t asked = atomic_exchange(&limit->count, 0);
		*held = asked > LOG_BURST ? asked - LOG_BURST : 0;
	}
	return atomic_fetch_add(&limit->count, 1) < LOG_BURST;
}

void log_limited(struct log_limit *limit, enum log_level level, const char *object,
		 const char *fmt, ...)
{
	va_list args;
	uint32_t held;
	if (!log_wants(level) || !log_allowed(limit, clock_seconds(), &held))
		return;
	if (held)
		log_line(level, object, "(%u more lines of the kind that follows were kept back)",
			 held);
	va_start(args, fmt);
	write_line(level, object, fmt, args);
	va_end(args);
}
