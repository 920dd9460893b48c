/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grammar.h - the words of the rule language as a TextMate grammar, for editors' colours. */
#pragma once

#include "lib/base/buf.h"

void grammar_write(struct buf *out);
