/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "lib/base/digest.h"
#include "lib/base/mem.h"
#include "lib/record/value.h"

#define SECRET_BYTES 32
#define SECRET_TEXT 43 /* base64url of it */
#define CACHE_FIRST_LINE "fundwatch-keys 1\n"
#define CACHE_MAX (16u << 20)

struct keys {
	struct key *row;
	unsigned n, cap;
};

/* ---- making and checking ---- */

static void base64url(const unsigned char *p, size_t n, char *out)
{
	char plain[4 * ((SECRET_BYTES + 2) / 3) + 1];
	int k = EVP_EncodeBlock((unsigned char *)plain, p, (int)n);
	for (int i = 0; i < k && plain[i] != '='; i++)
		*out++ = plain[i] == '+' ? '-' : plain[i] == '/' ? '_' : plain[i];
	*out = '\0';
}

static void hash_secret(struct str secret, unsigned char out[KEY_HASH])
{
	unsigned n = KEY_HASH;
	(void)EVP_Digest(secret.p, secret.n, out, &n, EVP_sha256(), NULL);
}

bool key_make(struct key *k, char token[KEY_TOKEN], struct err *e)
{
	unsigned char id[KEY_ID - 1], secret[SECRET_BYTES];
	char text[SECRET_TEXT + 2];
	if (RAND_bytes(id, sizeof id) != 1 || RAND_bytes(secret, sizeof secret) != 1)
		return err_set(e, ERR_WORLD, "no random numbers are to be had");
	for (unsigned i = 0; i < sizeof id; i++)
		k->id[i] = "abcdefghijklmnopqrstuvwxyz234567"[id[i] & 31];
	k->id[sizeof id] = '\0';
	base64url(secret, sizeof secret, text);
	hash_secret(str_of(text), k->hash);
	(void)snprintf(token, KEY_TOKEN, "fw_%s_%s", k->id, text);
	OPENSSL_cleanse(secret, sizeof secret);
	OPENSSL_cleanse(text, sizeof text);
	return true;
}

bool key_facility_valid(struct str code)
{
	for (uint32_t i = 0; i < code.n; i++) {
		char c = code.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      c == '-' || c == '_'))
			return false;
	}
	return code.n > 0 && code.n < KEY_FACILITY;
}

struct keys *keys_new(void)
{
	return xcalloc(1, sizeof(struct keys));
}

void keys_free(struct keys *k)
{
	if (!k)
		return;
	xfree(k->row);
	xfree(k);
}

void keys_add(struct keys *k, const struct key *row)
{
	GROW(k->row, k->cap, k->n + 1);
	k->row[k->n++] = *row;
}

static bool holds(const struct key *k, int32_t today)
{
	return k->until == MISSING_I32 || today <= k->until;
}

unsigned keys_count(const struct keys *k, int32_t today)
{
	unsigned n = 0;
	for (unsigned i = 0; i < k->n; i++)
		n += holds(&k->row[i], today);
	return n;
}

void keys_find(const struct keys *k, struct str token, int32_t today, struct caller *caller)
{
	static const struct key nobody = { .role = HTTP_ANYONE };
	unsigned char hash[KEY_HASH];
	const struct key *row = &nobody;
	*caller = (struct caller){ .known = false };
	bool shaped = token.n == 3 + KEY_ID + SECRET_TEXT && str_starts(token, STR("fw_")) &&
		      token.p[2 + KEY_ID] == '_';
	if (!shaped)
		return;
	for (unsigned i = 0; i < k->n; i++)
		if (memcmp(k->row[i].id, token.p + 3, KEY_ID - 1) == 0)
			row = &k->row[i];
	hash_secret(str_sub(token, 3 + KEY_ID, token.n), hash);
	bool same = CRYPTO_memcmp(hash, row->hash, KEY_HASH) == 0;
	if (!same || row == &nobody || !holds(row, today))
		return;
	caller->known = true;
	caller->role = row->role;
	memcpy(caller->id, row->id, KEY_ID);
	memcpy(caller->facility, row->facility, KEY_FACILITY);
}

/* ---- the cache file ---- */

static void add_line(const struct key *k, struct buf *b)
{
	buf_addf(b, "%s ", k->id);
	for (unsigned i = 0; i < KEY_HASH; i++)
		buf_addf(b, "%02x", k->hash[i]);
	buf_addf(b, " %s %s %d\n", k->facility, duty_word(k->role), (int)k->until);
}

static void add_check(struct buf *b)
{
	struct digest d;
	char hex[DIGEST_HEX];
	digest_init(&d);
	digest_add(&d, b->p, b->n);
	digest_hex(&d, hex);
	buf_addf(b, "check %s\n", hex);
}

static bool write_file(const char *path, struct str text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		      S_IRUSR | S_IWUSR);
	bool ok = fd >= 0 && fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
		  write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	return ok || err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
}

bool keys_save(const struct keys *k, const char *path, struct err *e)
{
	struct buf text, fresh;
	buf_init(&text, 0);
	buf_init(&fresh, 0);
	buf_adds(&text, CACHE_FIRST_LINE);
	for (unsigned i = 0; i < k->n; i++)
		add_line(&k->row[i], &text);
	add_check(&text);
	buf_addf(&fresh, "%s.new", path);
	bool ok = write_file(buf_cstr(&fresh), buf_str(&text), e);
	if (ok && rename(buf_cstr(&fresh), path) != 0)
		ok = err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
	buf_fini(&text);
	buf_fini(&fresh);
	return ok;
}

static bool read_file(const char *path, struct buf *out, struct err *e)
{
	char piece[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_WORLD, "%s: %s", path, strerror(errno));
	while ((n = read(fd, piece, sizeof piece)) > 0)
		buf_add(out, piece, (size_t)n);
	(void)close(fd);
	return (n == 0 && !out->failed) || err_set(e, ERR_WORLD, "%s: cannot be read", path);
}

static bool take_hash(const char *hex, unsigned char out[KEY_HASH])
{
	for (unsigned i = 0; i < KEY_HASH; i++) {
		unsigned v;
		if (sscanf(hex + 2 * (size_t)i, "%2x", &v) != 1)
			return false;
		out[i] = (unsigned char)v;
	}
	return true;
}

static bool take_line(struct keys *k, const char *line)
{
	struct key row = { .role = HTTP_ANYONE };
	char hash[2 * KEY_HASH + 1], role[16];
	int until;
	if (sscanf(line, "%12s %64s %64s %15s %d", row.id, hash, row.facility, role, &until) != 5 ||
	    strlen(row.id) != KEY_ID - 1 || strlen(hash) != 2 * (size_t)KEY_HASH ||
	    !take_hash(hash, row.hash))
		return false;
	row.role = duty_find(str_of(role));
	row.until = until;
	keys_add(k, &row);
	return row.role != HTTP_ANYONE;
}

/* The last line proves the ones before it. */
static bool take_cache(struct keys *k, struct buf *text)
{
	struct str all = buf_str(text);
	int64_t check = str_find(all, STR("\ncheck "));
	struct buf again;
	if (check < 0 || !str_starts(all, STR(CACHE_FIRST_LINE)))
		return false;
	buf_init(&again, 0);
	buf_addstr(&again, str_sub(all, 0, (size_t)check + 1));
	add_check(&again);
	bool good = str_eq(buf_str(&again), all);
	char *rest = again.p, *line = strsep(&rest, "\n");
	while (good && (line = strsep(&rest, "\n")) && strncmp(line, "check ", 6) != 0)
		good = take_line(k, line);
	buf_fini(&again);
	return good;
}

struct keys *keys_load(const char *path, struct err *e)
{
	struct keys *k = keys_new();
	struct buf text;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return k;
	buf_init(&text, CACHE_MAX);
	bool ok = read_file(path, &text, e);
	if (ok && !take_cache(k, &text))
		ok = err_set(e, ERR_WORLD, "%s is damaged; remove it, it is made anew from the "
			     "database", path);
	buf_fini(&text);
	if (ok)
		return k;
	keys_free(k);
	return NULL;
}

/* ---- client certificates ---- */

struct subject {
	char *name;
	struct caller caller;
};

struct subjects {
	struct subject *row;
	unsigned n, cap;
};

void subjects_free(struct subjects *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n; i++)
		xfree(s->row[i].name);
	xfree(s->row);
	xfree(s);
}

unsigned subjects_count(const struct subjects *s)
{
	return s ? s->n : 0;
}

void subjects_find(const struct subjects *s, struct str subject, struct caller *caller)
{
	*caller = (struct caller){ .known = false };
	for (unsigned i = 0; s && i < s->n; i++)
		if (str_eq(str_of(s->row[i].name), subject))
			*caller = s->row[i].caller;
}

static struct str word(struct str *line)
{
	*line = str_trim(*line);
	uint32_t n = 0;
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	struct str w = str_sub(*line, 0, n);
	*line = str_trim(str_sub(*line, n, line->n));
	return w;
}

static bool take_subject(struct subjects *s, struct str line)
{
	struct str facility = word(&line), role = word(&line);
	struct caller c = { .known = true, .role = duty_find(role) };
	if (c.role == HTTP_ANYONE || line.n == 0 ||
	    (!str_eq(facility, STR("*")) && !key_facility_valid(facility)))
		return false;
	memcpy(c.facility, facility.p, facility.n);
	GROW(s->row, s->cap, s->n + 1);
	s->row[s->n++] = (struct subject){ xmemdup(line.p, line.n + 1u), c };
	s->row[s->n - 1].name[line.n] = '\0';
	return true;
}

struct subjects *subjects_read(const char *path, struct err *e)
{
	struct subjects *s = xcalloc(1, sizeof *s);
	struct buf text;
	unsigned number = 0;
	buf_init(&text, CACHE_MAX);
	bool ok = read_file(path, &text, e);
	struct str rest = buf_str(&text);
	while (ok && rest.n > 0) {
		int64_t end = str_chr(rest, '\n');
		struct str line = str_trim(end < 0 ? rest : str_sub(rest, 0, (size_t)end));
		rest = end < 0 ? (struct str){ 0 } : str_sub(rest, (size_t)end + 1, rest.n);
		number++;
		if (line.n > 0 && line.p[0] != '#' && !take_subject(s, line))
			ok = err_set(e, ERR_CONF, "%s: line %u: FACILITY ROLE SUBJECT was "
				     "expected, role one of read, intake, operate", path, number);
	}
	buf_fini(&text);
	if (ok)
		return s;
	subjects_free(s);
	return NULL;
}
