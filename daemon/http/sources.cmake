# SPDX-License-Identifier: GPL-3.0-or-later
# In reading order; names are relative to this folder.
set(http_sources
	reason.c
	head.c
	framing.c
	reader.c
	route.c
	openapi.c
	server.c
	tls.c
	keys.c
	key_keeper.c
	rate.c
	seen.c
	clerks.c
	submission.c
	metrics.c
	health.c
	intake.c
	serve.c
	http.c)
