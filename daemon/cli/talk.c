/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/cli/talk.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/host/conf.h"
#include "daemon/host/control.h"

/* Where the daemon of these settings listens. */
static bool find_socket(const char *file, const char *sock, struct buf *path, struct err *e)
{
	struct conf conf;
	if (sock) {
		buf_adds(path, sock);
		return true;
	}
	if (!file)
		conf_init(&conf);
	else if (!conf_load(&conf, file, e))
		return false;
	control_path(conf.control_socket, conf.spool_dir, path);
	conf_fini(&conf);
	return true;
}

static int connect_to(const char *path, struct err *e)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (strlen(path) < sizeof at.sun_path) {
		memcpy(at.sun_path, path, strlen(path));
		if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
			return fd;
	} else {
		errno = ENAMETOOLONG;
	}
	(void)err_set(e, ERR_WORLD, "no fundwatchd answers on %s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static bool heard(const struct buf *answer, const char *word)
{
	return word && answer->n >= strlen(word) && memcmp(answer->p, word, strlen(word)) == 0 &&
	       memchr(answer->p, '\n', answer->n);
}

/* The whole answer; the daemon ends the connection behind it. */
static bool talk(int fd, const char *line, const char *word, struct buf *answer, struct err *e)
{
	char piece[4096];
	ssize_t n = send(fd, line, strlen(line), MSG_NOSIGNAL);
	while (n > 0 || (n < 0 && errno == EINTR)) {
		n = recv(fd, piece, sizeof piece, 0);
		if (n > 0)
			buf_add(answer, piece, (size_t)n);
		if (heard(answer, word))
			return true;
	}
	return (n == 0 && answer->n > 0) ||
	       err_set(e, ERR_WORLD, "fundwatchd ended before it answered");
}

bool cli_talk(const char *conf, const char *socket_path, const char *line, struct buf *answer,
	      struct err *e)
{
	return cli_talk_until(conf, socket_path, line, NULL, answer, e);
}

bool cli_talk_until(const char *conf, const char *socket_path, const char *line, const char *word,
		    struct buf *answer, struct err *e)
{
	struct buf path;
	int fd = -1;
	bool ok = false;
	buf_init(&path, 0);
	if (find_socket(conf, socket_path, &path, e))
		fd = connect_to(buf_cstr(&path), e);
	if (fd >= 0) {
		ok = talk(fd, line, word, answer, e);
		(void)close(fd);
	}
	buf_fini(&path);
	return ok;
}
