/* Enrolment: K_dev goes to the service sealed by HPKE, and the service proves that it has it
 * (PROTOCOL.md, section 5; RFC 9180: base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM). */
#ifndef ECG_ENROL_H
#define ECG_ENROL_H

#include "session.h"

#define ECG_POINT_BYTES 65U
#define ECG_SEALED_KEY_BYTES (ECG_POINT_BYTES + ECG_KEY_BYTES + ECG_TAG_BYTES)
#define ECG_CONFIRMATION_BYTES 32U

/* Seal a device's key to the service's point (uncompressed, pinned). ECG_BAD_ARGUMENT for a point
 * that is none. The ephemeral key is PSA's own: see ecg_session_begin on when it is random. */
ecg_error ecg_enrol_seal(const uint8_t service_point[ECG_POINT_BYTES],
                         const uint8_t device_id[ECG_ID_BYTES], uint32_t key_epoch,
                         const uint8_t device_key[ECG_KEY_BYTES],
                         uint8_t out[ECG_SEALED_KEY_BYTES]);

/* Whether the service has this key: ECG_FORGED where it does not, and nothing may be sent then. */
ecg_error ecg_enrol_confirm(psa_key_id_t device_key, const uint8_t device_id[ECG_ID_BYTES],
                            uint32_t key_epoch,
                            const uint8_t confirmation[ECG_CONFIRMATION_BYTES]);

#endif
