/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * route.h - which request is meant: routes.def as a table, and finding the row of a path.
 */
#pragma once

#include "daemon/http/head.h"

/* What a caller may do; an operator may also read. */
enum duty { HTTP_ANYONE, HTTP_READ, HTTP_INTAKE, HTTP_OPERATE };

enum route {
#define ROUTE(name, ...) ROUTE_##name,
#include "daemon/http/routes.def"
#undef ROUTE
	ROUTE_COUNT,
};

struct route_row {
	enum method method;
	const char *path;          /* one segment may be {name} */
	enum duty role;
	const char *zh, *en;
	const char *request, *response; /* media types and schemas, see openapi.c */
	const char *statuses;      /* words of reasons.def, and 200 or 202 */
};

const struct route_row *route_get(enum route r);

/* Role by its word ("intake"), HTTP_ANYONE when there is none; the word of a role. */
enum duty duty_find(struct str word);
const char *duty_word(enum duty r);
bool duty_covers(enum duty has, enum duty needed);

/* Finds the route. REASON_NONE, or NOT_FOUND, METHOD (*route is one with that path), BAD_PATH.
 * The segment that stands for {name} is decoded into `param`. HEAD counts as GET. */
enum reason route_find(const struct head *h, enum route *route, struct buf *param);
