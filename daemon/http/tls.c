/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/http/tls.h"

#include <string.h>

#include <openssl/err.h>

static bool failed(const char *setting, const char *path, struct err *e)
{
	const char *why = ERR_reason_error_string(ERR_get_error());
	ERR_clear_error();
	return err_set(e, ERR_CONF, "http.%s: %s: %s", setting, path,
		       why ? why : "cannot be read or used");
}

static bool load_own(SSL_CTX *ctx, const char *cert, const char *key, struct err *e)
{
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return failed("tls_cert", cert, e);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return failed("tls_key", key, e);
	return true;
}

static bool load_crl(SSL_CTX *ctx, const char *client_crl, struct err *e)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	if (!lookup || X509_load_crl_file(lookup, client_crl, X509_FILETYPE_PEM) < 1)
		return failed("client_crl", client_crl, e);
	return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1 ||
	       failed("client_crl", client_crl, e);
}

static bool load_clients(SSL_CTX *ctx, const char *client_ca, const char *client_crl,
			 struct err *e)
{
	if (!*client_ca)
		return true;
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(client_ca);
	if (!names || SSL_CTX_load_verify_locations(ctx, client_ca, NULL) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return failed("client_ca", client_ca, e);
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return !*client_crl || load_crl(ctx, client_crl, e);
}

SSL_CTX *tls_open(const char *cert, const char *key, const char *client_ca,
		  const char *client_crl, struct err *e)
{
	static const unsigned char name[] = "fundwatch";
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				  SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_session_id_context(ctx, name, sizeof name - 1);
	if (load_own(ctx, cert, key, e) && load_clients(ctx, client_ca, client_crl, e))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}
