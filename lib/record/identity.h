/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * identity.h - which rows are the same record sent again.
 *
 * Identity = (stream, facility, visit, the row's own serial). The source system is
 * provenance, not identity: a line sent as an interface message and again in an
 * extract is one line. Rows without a serial of their own (diagnoses, operations)
 * are told apart by what they say.
 *
 *   encounter              facility, visit
 *   settlement             facility, visit, setl_id
 *   fee                    facility, visit, feedetl_sn or else bkkp_sn
 *   diagnosis, operation   visit, own id; or else settlement, kind and code
 *   trace                  facility, visit, settlement, code, kind of change
 *   report                 facility, visit, report, item, detail
 *   stock                  facility, transaction, batch serial, visit, document, trace code
 *   registers              the entity, effective-from date
 *
 * Diagnoses and operations leave the facility out: their core tables do not carry it.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/record/chunk.h"

/* The bytes of a row's identity: the stream's name and each part, 0x1f before each part. */
void identity_key(struct buf *out, const struct chunk *c, enum stream s, uint32_t row);

/* 128-bit hash of identity_key; the high half alone serves as a 64-bit hash. */
struct identity {
	uint64_t hi, lo;
};
struct identity identity_hash(const struct chunk *c, enum stream s, uint32_t row);

/* The field that is the row's own serial, for showing: encounter mdtrt_id, fee feedetl_sn, ... */
enum field identity_serial(enum stream s);

/* The row's serial as text: identity_serial or what stands for it (bkkp_sn); may be empty. */
struct str identity_serial_text(const struct chunk *c, enum stream s, uint32_t row);
