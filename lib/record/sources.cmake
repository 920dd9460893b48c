# SPDX-License-Identifier: GPL-3.0-or-later
set(record_sources
	value.c field.c reject.c parse.c chunk.c identity.c names.c feed.c feed_yaml.c
	inflate.c gzip_zlib.c gzip_isal.c charset.c index.c csv.c plan.c known.c repeat.c fill.c pending.c row.c json.c national.c
	decode.c decode_part.c describe.c)
set(record_hot index.c csv.c known.c repeat.c fill.c pending.c row.c)
