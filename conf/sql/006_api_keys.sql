-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Who may come in over HTTP. Of a key only the SHA-256 of its secret is kept; the key itself was
-- shown once, to whoever made it. The daemon listens for changes, so a revoked key opens nothing
-- a moment later.
CREATE TABLE fundwatch.api_key (
	key_id       text PRIMARY KEY CHECK (key_id ~ '^[a-z2-7]{12}$'),
	hash         bytea NOT NULL CHECK (length(hash) = 32),
	facility     text NOT NULL,          -- the one fixmedins_code it speaks for; *: all
	role         text NOT NULL CHECK (role IN ('read', 'intake', 'operate')),
	until        date,                   -- last day it holds; none: for ever
	note         text NOT NULL DEFAULT '',
	created_at   timestamptz NOT NULL DEFAULT now(),
	created_by   text NOT NULL DEFAULT current_user,
	revoked_at   timestamptz,
	revoked_by   text
);

CREATE FUNCTION fundwatch.api_key_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	NOTIFY fundwatch_api_key;
	RETURN NULL;
END
$$;

CREATE TRIGGER api_key_changed AFTER INSERT OR UPDATE OR DELETE ON fundwatch.api_key
FOR EACH STATEMENT EXECUTE FUNCTION fundwatch.api_key_changed();
