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

/* For a program that only grows until it ends: one heap for all threads, in large pages, that
 * keeps what is freed; blocks of 2 MiB and more lie outside and do go back. After pages_large. */
void pages_one_heap(void);
