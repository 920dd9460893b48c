/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/rate.h"

#include "lib/base/hash.h"

#define CALLERS_MAX 65536u
#define MINUTE INT64_C(60000000)

void rate_init(struct rate *r, int64_t per_minute)
{
	map64_init(&r->due);
	r->step = MINUTE / per_minute;
	r->slack = r->step * (per_minute / 10 > 0 ? per_minute / 10 - 1 : 0);
}

void rate_fini(struct rate *r)
{
	map64_fini(&r->due);
}

static void forget(struct rate *r, int64_t now)
{
	struct map64 kept;
	uint64_t key, due;
	size_t at = 0;
	map64_init(&kept);
	while (map64_next(&r->due, &at, &key, &due))
		if ((int64_t)due > now && map64_count(&kept) < CALLERS_MAX / 2)
			(void)map64_put(&kept, key, due);
	map64_fini(&r->due);
	r->due = kept;
}

unsigned rate_ask(struct rate *r, struct str caller, int64_t now)
{
	if (map64_count(&r->due) >= CALLERS_MAX)
		forget(r, now);
	uint64_t *due = map64_at(&r->due, hash_str(caller), NULL);
	int64_t owed = (int64_t)*due > now ? (int64_t)*due - now : 0;
	if (owed > r->slack)
		return (unsigned)((owed - r->slack + 999999) / 1000000);
	*due = (uint64_t)(now + owed + r->step);
	return 0;
}
