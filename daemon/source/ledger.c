/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/source/ledger.h"

#include "lib/base/hash.h"
#include "lib/base/map.h"
#include "lib/base/mem.h"

struct ledger {
	struct map64 index; /* key of the three texts -> entry number + 1 */
	struct ledger_entry *entry;
	uint32_t n, cap;
};

struct ledger *ledger_new(void)
{
	struct ledger *l = xcalloc(1, sizeof *l);
	map64_init(&l->index);
	return l;
}

void ledger_free(struct ledger *l)
{
	if (!l)
		return;
	map64_fini(&l->index);
	xfree(l->entry);
	xfree(l);
}

struct ledger_entry *ledger_at(struct ledger *l, struct str file_name, struct str digest,
			       struct str feed_digest)
{
	uint64_t key = hash_join(hash_join(hash_str(file_name), hash_str(digest)),
				 hash_str(feed_digest));
	uint64_t *at = map64_at(&l->index, key, NULL);
	if (*at == 0) {
		GROW(l->entry, l->cap, l->n + 1);
		l->entry[l->n++] = (struct ledger_entry){ .id = 0 };
		*at = l->n;
	}
	return &l->entry[*at - 1];
}
