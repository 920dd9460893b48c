/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpc.h - JSON-RPC messages on two streams, framed by Content-Length.
 *
 * Knows frames and JSON, no method.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#define RPC_MESSAGE_MAX (16u << 20)

enum rpc_read {
	RPC_MESSAGE, /* *out is a JSON object, the caller's */
	RPC_BROKEN,  /* a frame that holds no JSON object, or one too big: passed over */
	RPC_END,     /* the stream ended or is no longer framed */
};

enum rpc_error {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_METHOD_NOT_FOUND = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_NOT_INITIALIZED = -32002,
};

enum rpc_read rpc_read(FILE *in, struct json_object **out);

/* Sends and releases the message. False when the stream is gone. */
bool rpc_send(FILE *out, struct json_object *take_message);

/* An answer; `id` stays the caller's, `take_result` NULL is null. */
bool rpc_answer(FILE *out, struct json_object *id, struct json_object *take_result);
bool rpc_refuse(FILE *out, struct json_object *id, enum rpc_error code, const char *why);
bool rpc_notify(FILE *out, const char *method, struct json_object *take_params);
