/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spread.h - threads that begin to work side by side, each on a processor of its own.
 *
 * A system that saves processors wakes two threads on one and parts them at its next tick, some
 * milliseconds later. Where there is a thread for each processor they part at once; after that
 * the system moves them as ever.
 */
#pragma once

#include <stdint.h>

/* For thread i of `of` that begin together; with fewer threads than processors nothing is done. */
void spread_thread(uint32_t i, uint32_t of);
