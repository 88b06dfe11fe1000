/* A new key while the device is in use: commands "EK" and requests "ER" (PROTOCOL.md, section 6). */
#ifndef ECG_ROTATE_H
#define ECG_ROTATE_H

#include "enrol.h"

#define ECG_COMMAND_BYTES 56U
#define ECG_ROTATE_BYTES (24U + ECG_SEALED_KEY_BYTES + 32U)

typedef enum {
    ECG_COMMAND_ROTATE = 1, /* make a new key */
    ECG_COMMAND_TAKEN = 2   /* the service has it */
} ecg_command_kind;

/* Ask the service to take ``new_key`` as that of ``new_epoch``: sealed to it, and proven to come from
 * whoever has the key before. ECG_BAD_ARGUMENT for a point that is none. */
ecg_error ecg_rotate_request(const uint8_t service_point[ECG_POINT_BYTES],
                             const uint8_t device_id[ECG_ID_BYTES], uint32_t new_epoch,
                             psa_key_id_t old_key, const uint8_t new_key[ECG_KEY_BYTES],
                             uint8_t out[ECG_ROTATE_BYTES]);

/* Open a command. ``pending_key`` is that of newest_epoch + 1, 0 where there is none. ECG_MALFORMED,
 * ECG_FOREIGN (another device or epoch) or ECG_FORGED; ``kind`` is written only with ECG_OK. */
ecg_error ecg_command_open(const uint8_t *data, size_t size, const uint8_t device_id[ECG_ID_BYTES],
                           uint32_t newest_epoch, psa_key_id_t newest_key,
                           psa_key_id_t pending_key, ecg_command_kind *kind);

#endif
