/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls.h - certificate and key into an SSL_CTX: TLS 1.2 or newer, client certificates if asked for.
 */
#pragma once

#include <openssl/ssl.h>

#include "lib/base/err.h"

/* `client_crl` may be "": no certificate is looked up among revoked ones; else it must be in date.
 * `client_ca` may be "": then no client is asked for a certificate; else one may be shown and must
 * be signed by it. NULL with a sentence that names the file. */
SSL_CTX *tls_open(const char *cert, const char *key, const char *client_ca,
		  const char *client_crl, struct err *e);
