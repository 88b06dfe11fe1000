/* A body becomes a sealed chunk: AES-256-GCM, each number of a session once. */
#ifndef ECG_SEAL_H
#define ECG_SEAL_H

#include "session.h"

/* Seal the session's next number. ECG_EXHAUSTED once 2^64 - 2 is used, ECG_BAD_ARGUMENT for a body
 * that the service would refuse: neither uses a number up. ECG_CRYPTO does, and leaves a hole that
 * the service waits for and then passes. A resend sends the same bytes again. */
ecg_error ecg_seal(ecg_session *session, const ecg_body *body, uint8_t out[ECG_CHUNK_BYTES]);

#endif
