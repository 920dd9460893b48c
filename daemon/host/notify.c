/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/host/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/host/log.h"

void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (!path || strlen(path) >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, strlen(path));
	if (*path == '@')
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (void *)&to, n) < 0)
		log_debug(NULL, "systemd was not told %s", state);
	if (fd >= 0)
		(void)close(fd);
}

static void watchdog_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	notify("WATCHDOG=1");
}

/* WATCHDOG_PID names the process it is meant for, when it is there. */
struct event *notify_watchdog(struct event_base *base)
{
	const char *micros = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long half = micros ? strtoll(micros, NULL, 10) / 2 : 0;
	if (half <= 0 || (pid && strtoll(pid, NULL, 10) != getpid()))
		return NULL;
	struct timeval every = { .tv_sec = (time_t)(half / 1000000),
				 .tv_usec = (suseconds_t)(half % 1000000) };
	struct event *ev = event_new(base, -1, EV_PERSIST, watchdog_cb, NULL);
	(void)event_add(ev, &every);
	notify("WATCHDOG=1");
	return ev;
}
