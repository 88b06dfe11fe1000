/* One power-on: its id, and the keys that follow from it (PROTOCOL.md, section 2.2). */
#ifndef ECG_SESSION_H
#define ECG_SESSION_H

#include "chunk.h"
#include "errors.h"
#include "ports.h"

#include <psa/crypto.h>
#include <stdint.h>

#define ECG_IV_BYTES 12U
#define ECG_KEY_BYTES 32U

/* Keys lie in PSA's own store and are named by handles; nothing here tells what they are. */
typedef struct {
    ecg_header header; /* seq is the number that the next chunk gets */
    psa_key_id_t chunk_key;
    psa_key_id_t ack_key;
    uint8_t iv[ECG_IV_BYTES];
} ecg_session;

/* Hand K_dev, 32 bytes, over to PSA; the caller wipes its own copy. */
ecg_error ecg_key_import(const uint8_t key[ECG_KEY_BYTES], psa_key_id_t *handle);

/* Begin a session under the key of an epoch. The boot counter is in NVS before this returns: a
 * counter that was rolled back leaves 96 random bits between two sessions, and a weak random
 * generator leaves the counter. Call it after the radio has started and before the converter
 * does, for only then are the random bytes random. */
ecg_error ecg_session_begin(ecg_session *session, const ecg_ports *ports,
                            const uint8_t device_id[ECG_ID_BYTES], uint32_t key_epoch,
                            psa_key_id_t device_key);

/* The keys of a session whose id is known: one's own, or one whose chunks wait in the outbox. */
ecg_error ecg_session_derive(ecg_session *session, psa_key_id_t device_key);

void ecg_session_end(ecg_session *session);

#endif
