/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_http_server.c - the server against a client of few words: pipelining, late answers,
 * slow and too many clients, bodies refused at the gate, an orderly end.
 */
#include "daemon/http/server.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	struct event_base *base;
	struct server *server;
	struct call *kept;      /* a call that is answered later */
	unsigned served, ended, turned_away;
	bool keep;
};

static bool gate(void *ctx, struct call *c, uint64_t *body_max)
{
	(void)ctx;
	if (str_eq(c->head->path, STR("/closed"))) {
		call_reply(c, &(struct reply){ .status = 403, .body = STR("no") });
		return false;
	}
	*body_max = 100;
	return true;
}

static void answer(struct call *c)
{
	char text[160];
	int n = snprintf(text, sizeof text, "[" STR_FMT ":" STR_FMT "]", STR_ARG(c->head->path),
			 STR_ARG(c->body));
	call_reply(c, &(struct reply){ .status = 200, .body = str_make(text, (size_t)n) });
}

static void serve(void *ctx, struct call *c)
{
	struct scene *s = ctx;
	s->served++;
	if (s->keep)
		s->kept = c;
	else
		answer(c);
}

static void ended(void *ctx, struct call *c, enum reason why)
{
	struct scene *s = ctx;
	(void)c, (void)why;
	s->ended++;
}

static void counted(void *ctx, unsigned connections, bool refused)
{
	struct scene *s = ctx;
	(void)connections;
	s->turned_away += refused;
}

static struct scene begin(void)
{
	return (struct scene){ .base = event_base_new() };
}

static void open_server(struct scene *s, unsigned per_address, uint64_t bodies_max)
{
	struct err e;
	const struct server_conf sc = {
		.base = s->base, .connections = 8, .per_address = per_address,
		.head_seconds = 1, .body_seconds = 1, .idle_seconds = 1,
		.bodies_max = bodies_max, .gate = gate, .serve = serve, .ended = ended,
		.counted = counted, .ctx = s,
	};
	s->server = server_open("127.0.0.1:0", &sc, &e);
	assert_non_null(s->server);
}

static void finish(struct scene *s)
{
	server_close(s->server);
	event_base_free(s->base);
}

static int client(const struct scene *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	const char *colon = strrchr(server_address(s->server), ':');
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((uint16_t)atoi(colon + 1));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Turns the loop until the client has heard `text`, or the end of the connection ("": just
 * that). What it heard is in `heard`. */
static void hear(const struct scene *s, int fd, const char *text, char *heard, size_t size)
{
	size_t n = strlen(heard);
	for (;;) {
		if (*text && strstr(heard, text))
			return;
		event_base_loop(s->base, EVLOOP_NONBLOCK);
		ssize_t k = recv(fd, heard + n, size - 1 - n, MSG_DONTWAIT);
		if (k == 0) {
			if (*text)
				fail_msg("ended, heard `%s`, wanted `%s`", heard, text);
			return;
		}
		n += k > 0 ? (size_t)k : 0;
		heard[n] = '\0';
	}
}

#define TEXT 4096

static void requests_in_a_row_are_answered_in_order(void **state)
{
	struct scene s = begin();
	char heard[TEXT] = "";
	(void)state;
	open_server(&s, 4, 1000);
	int fd = client(&s);
	say(fd, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
		"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
		"3\r\ntwo\r\n0\r\n\r\n"
		"GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	hear(&s, fd, "", heard, sizeof heard);
	char *a = strstr(heard, "[/a:one]"), *b = strstr(heard, "[/b:two]"),
	     *c = strstr(heard, "[/c:]");
	assert_true(a && b && c && a < b && b < c);
	assert_int_equal(s.served, 3);
	close(fd);
	finish(&s);
}

static void a_late_answer_holds_the_next_request(void **state)
{
	struct scene s = begin();
	char heard[TEXT] = "";
	(void)state;
	s.keep = true;
	open_server(&s, 4, 1000);
	int fd = client(&s);
	say(fd, "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!s.kept)
		event_base_loop(s.base, EVLOOP_ONCE);
	assert_int_equal(s.served, 1);
	s.keep = false;
	answer(s.kept);
	hear(&s, fd, "[/b:]", heard, sizeof heard);
	assert_true(strstr(heard, "[/a:]") < strstr(heard, "[/b:]"));
	close(fd);
	finish(&s);
}

static void the_gate_refuses_before_the_body(void **state)
{
	struct scene s = begin();
	char heard[TEXT] = "";
	(void)state;
	open_server(&s, 4, 1000);
	int fd = client(&s);
	say(fd, "POST /closed HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n");
	hear(&s, fd, "", heard, sizeof heard);
	assert_non_null(strstr(heard, "HTTP/1.1 403 "));
	assert_non_null(strstr(heard, "Connection: close"));
	assert_int_equal(s.served, 0);
	close(fd);
	finish(&s);
}

static void who_waits_for_leave_gets_it(void **state)
{
	struct scene s = begin();
	char heard[TEXT] = "";
	(void)state;
	open_server(&s, 4, 1000);
	int fd = client(&s);
	say(fd, "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
		"Content-Length: 2\r\n\r\n");
	hear(&s, fd, "100 Continue\r\n\r\n", heard, sizeof heard);
	say(fd, "ok");
	hear(&s, fd, "[/a:ok]", heard, sizeof heard);
	close(fd);
	finish(&s);
}

static void refuses(const char *text, const char *status, uint64_t bodies_max)
{
	struct scene s = begin();
	char heard[TEXT] = "";
	open_server(&s, 4, bodies_max);
	int fd = client(&s);
	say(fd, text);
	hear(&s, fd, "", heard, sizeof heard);
	if (!strstr(heard, status))
		fail_msg("wanted %s, heard `%s`", status, heard);
	close(fd);
	finish(&s);
}

static void slow_clients_are_told_so(void **state)
{
	(void)state;
	refuses("GET / HT", "HTTP/1.1 408 ", 1000);
	refuses("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab", "HTTP/1.1 408 ",
		1000);
}

static void too_much_is_refused(void **state)
{
	(void)state;
	refuses("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", "HTTP/1.1 413 ",
		1000);
	refuses("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n0123456789012345",
		"HTTP/1.1 503 ", 10);
	refuses("nonsense\r\n\r\n", "HTTP/1.1 400 ", 1000);
}

static void silent_connections_end(void **state)
{
	struct scene s = begin();
	char heard[TEXT] = "";
	(void)state;
	open_server(&s, 4, 1000);
	int fd = client(&s);
	hear(&s, fd, "", heard, sizeof heard);
	assert_string_equal(heard, "");
	close(fd);
	finish(&s);
}

static void too_many_connections_are_turned_away(void **state)
{
	struct scene s = begin();
	char heard[TEXT] = "";
	int fd[4];
	(void)state;
	open_server(&s, 2, 1000);
	for (int i = 0; i < 4; i++)
		fd[i] = client(&s);
	while (s.turned_away < 2)
		event_base_loop(s.base, EVLOOP_ONCE);
	say(fd[0], "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(&s, fd[0], "[/a:]", heard, sizeof heard);
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	finish(&s);
}

static void draining_answers_what_is_under_way(void **state)
{
	struct scene s = begin();
	char heard[TEXT] = "";
	(void)state;
	s.keep = true;
	open_server(&s, 4, 1000);
	int fd = client(&s);
	say(fd, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	while (!s.kept)
		event_base_loop(s.base, EVLOOP_ONCE);
	server_drain(s.server);
	assert_false(server_idle(s.server));
	answer(s.kept);
	hear(&s, fd, "", heard, sizeof heard);
	assert_non_null(strstr(heard, "[/a:]"));
	assert_non_null(strstr(heard, "Connection: close"));
	close(fd);
	while (!server_idle(s.server))
		event_base_loop(s.base, EVLOOP_ONCE);
	finish(&s);
}

static void loopback(void **state)
{
	(void)state;
	assert_true(server_is_loopback("127.0.0.1:80"));
	assert_true(server_is_loopback("127.9.9.9:80"));
	assert_true(server_is_loopback("[::1]:80"));
	assert_false(server_is_loopback("0.0.0.0:80"));
	assert_false(server_is_loopback("[::]:80"));
	assert_false(server_is_loopback("10.0.0.1:80"));
	assert_false(server_is_loopback("8320"));
	assert_false(server_is_loopback("localhost:80"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_in_a_row_are_answered_in_order),
		cmocka_unit_test(a_late_answer_holds_the_next_request),
		cmocka_unit_test(the_gate_refuses_before_the_body),
		cmocka_unit_test(who_waits_for_leave_gets_it),
		cmocka_unit_test(slow_clients_are_told_so),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(silent_connections_end),
		cmocka_unit_test(too_many_connections_are_turned_away),
		cmocka_unit_test(draining_answers_what_is_under_way),
		cmocka_unit_test(loopback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
