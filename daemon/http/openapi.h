/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * openapi.h - routes.def, reasons.def and schemas.def as one OpenAPI document.
 *
 * docs/openapi.json and the answer of /v1/openapi.json are these bytes.
 */
#pragma once

#include "lib/base/buf.h"

void openapi_write(struct buf *out);
