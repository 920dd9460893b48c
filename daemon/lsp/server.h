/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - the language server: reads requests until the editor says exit.
 */
#pragma once

#include <stdio.h>

#include "daemon/lsp/project.h"
#include "daemon/lsp/rpc.h"

struct server {
	FILE *in, *out;
	struct project project;
	char **published;    /* URIs whose diagnostics the editor shows */
	uint32_t n_published, cap_published;
	bool started, stopped;
};

/* Serves until exit; the exit code of the program: 0 after a proper shutdown. */
int server_run(FILE *in, FILE *out, bool english);

/* Answers of the methods that ask about a place; `at` is an offset in the document. */
struct json_object *complete_at(struct project *p, const struct document *d, uint32_t at);
struct json_object *hover_at(struct project *p, const struct document *d, uint32_t at);
struct json_object *definition_at(struct project *p, const struct document *d, uint32_t at);
