/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * feeds.h - the feed of the settings.
 */
#pragma once

#include "daemon/host/conf.h"
#include "lib/base/digest.h"
#include "lib/record/feed.h"

/* The feed of the settings, or the built-in one; and the digest that names it in intakes. */
struct feed *feed_read(const struct conf *c, char digest[DIGEST_HEX], struct err *e);
