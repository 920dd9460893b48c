/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * finding_impl.h - what the files of this folder share.
 */
#pragma once

#include "lib/finding/finding.h"

/* One more finding, zeroed. The pointer dies at the next. */
struct finding *finding_new(struct findings *out);

/* Turn all borrowed texts into the arena's own. */
void finding_own(struct finding *f, struct arena *a);
