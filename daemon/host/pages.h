/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pages.h - large memory in large pages.
 *
 * Timelines are walked in no order the processor could foresee: with pages of 4 KiB every
 * third line touched misses the translation buffer as well. Where the system grants large
 * pages on request, they are asked for.
 */
#pragma once

/* From now on. Before the first thread starts. */
void pages_large(void);
