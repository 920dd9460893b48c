PGHOST=/nonexistent fundwatch db status 2>&1 | head -c 200 | head -1 | cut -c1-60; PGHOST=/nonexistent fundwatch db status >/dev/null 2>&1
