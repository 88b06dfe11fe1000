/* The device's keys across power cuts: the newest, the one before it, and one that the service has
 * not confirmed yet (PROTOCOL.md, sections 5 and 6). */
#ifndef ECG_KEYS_H
#define ECG_KEYS_H

#include "session.h"

/* epoch 0: there is none. */
typedef struct {
    uint32_t epoch;
    psa_key_id_t handle;
} ecg_key;

typedef struct {
    const ecg_ports *ports;
    ecg_key newest;
    ecg_key earlier; /* until nothing sealed under it is owed */
    ecg_key pending; /* made, stored, and not confirmed */
} ecg_keys;

/* Find the keys after a boot; a device without any makes its first, of epoch 1. Its bytes come from
 * the random port: see ecg_session_begin on when that is random. ECG_NVS for a damaged record:
 * making another key in its place would leave the outbox's chunks without one. */
ecg_error ecg_keys_load(ecg_keys *keys, const ecg_ports *ports);

/* Make the key of the next epoch and store it. ECG_AGAIN while an earlier key is still needed;
 * ECG_OK, and nothing new, where one is pending already. */
ecg_error ecg_keys_renew(ecg_keys *keys);

/* The service has the pending key: it is the newest now, and the newest the earlier one. Safe
 * against power loss between any two writes. ECG_EMPTY where none is pending. */
ecg_error ecg_keys_confirm(ecg_keys *keys);

/* Nothing sealed under the earlier key is owed any more. */
ecg_error ecg_keys_forget_earlier(ecg_keys *keys);

/* The key of an epoch, NULL where there is none; the pending one seals nothing and is not found. */
const ecg_key *ecg_keys_find(const ecg_keys *keys, uint32_t epoch);

/* The bytes themselves, to be sealed to the service; the caller wipes them. ECG_NO_KEY. */
ecg_error ecg_keys_newest_bytes(const ecg_keys *keys, uint8_t out[ECG_KEY_BYTES]);
ecg_error ecg_keys_pending_bytes(const ecg_keys *keys, uint8_t out[ECG_KEY_BYTES]);

#endif
