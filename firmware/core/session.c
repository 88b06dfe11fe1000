#include "session.h"

#include "bytes.h"

#include <string.h>

#define LABEL_BYTES 16U
#define INFO_BYTES (LABEL_BYTES + ECG_ID_BYTES + 4U)
#define ACK_LABEL_BYTES 14U

static const char NVS_BOOTS[] = "boots";

ecg_error ecg_key_import(const uint8_t key[ECG_KEY_BYTES], psa_key_id_t *handle) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_DERIVE);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE);
    psa_set_key_algorithm(&attributes, PSA_ALG_HKDF(PSA_ALG_SHA_256));
    return psa_import_key(&attributes, key, ECG_KEY_BYTES, handle) == PSA_SUCCESS ? ECG_OK
                                                                                : ECG_CRYPTO;
}

static ecg_error next_boot(const ecg_ports *ports, uint32_t *boots) {
    uint8_t stored[4] = {0};
    size_t size = 0;
    ecg_error error = ports->nvs_read(ports->self, NVS_BOOTS, stored, sizeof stored, &size);
    if (error != ECG_OK && error != ECG_EMPTY) {
        return error;
    }
    uint32_t before = error == ECG_OK && size == sizeof stored ? (uint32_t)ecg_get(stored, 4) : 0U;
    if (before == UINT32_MAX) {
        return ECG_EXHAUSTED;
    }
    *boots = before + 1U;
    ecg_put(stored, *boots, 4);
    return ports->nvs_write(ports->self, NVS_BOOTS, stored, sizeof stored);
}

static ecg_error hkdf(const ecg_session *session, psa_key_id_t device_key, const char *label,
                      size_t label_size, uint8_t *out, size_t size) {
    uint8_t info[INFO_BYTES];
    memcpy(info, label, label_size);
    memcpy(info + label_size, session->header.device_id, ECG_ID_BYTES);
    ecg_put(info + label_size + ECG_ID_BYTES, session->header.key_epoch, 4);
    size_t info_size = label_size + ECG_ID_BYTES + 4U;
    psa_key_derivation_operation_t operation = PSA_KEY_DERIVATION_OPERATION_INIT;
    psa_status_t status = psa_key_derivation_setup(&operation, PSA_ALG_HKDF(PSA_ALG_SHA_256));
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_SALT,
                                                session->header.session_id, ECG_ID_BYTES);
    }
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_input_key(&operation, PSA_KEY_DERIVATION_INPUT_SECRET,
                                              device_key);
    }
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_INFO, info,
                                                info_size);
    }
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_output_bytes(&operation, out, size);
    }
    (void)psa_key_derivation_abort(&operation);
    return status == PSA_SUCCESS ? ECG_OK : ECG_CRYPTO;
}

static ecg_error import(psa_key_type_t type, psa_algorithm_t algorithm, psa_key_usage_t usage,
                        const uint8_t *key, psa_key_id_t *handle) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, type);
    psa_set_key_usage_flags(&attributes, usage);
    psa_set_key_algorithm(&attributes, algorithm);
    return psa_import_key(&attributes, key, ECG_KEY_BYTES, handle) == PSA_SUCCESS ? ECG_OK
                                                                                : ECG_CRYPTO;
}

ecg_error ecg_session_derive(ecg_session *session, psa_key_id_t device_key) {
    uint8_t okm[ECG_KEY_BYTES + ECG_IV_BYTES];
    session->chunk_key = session->ack_key = 0;
    ecg_error error =
        hkdf(session, device_key, "ecg-iot v1 chunk", LABEL_BYTES, okm, sizeof okm);
    if (error == ECG_OK) {
        memcpy(session->iv, okm + ECG_KEY_BYTES, ECG_IV_BYTES);
        error = import(PSA_KEY_TYPE_AES, PSA_ALG_GCM, PSA_KEY_USAGE_ENCRYPT, okm,
                       &session->chunk_key);
    }
    if (error == ECG_OK) {
        error = hkdf(session, device_key, "ecg-iot v1 ack", ACK_LABEL_BYTES, okm, ECG_KEY_BYTES);
    }
    if (error == ECG_OK) {
        error = import(PSA_KEY_TYPE_HMAC, PSA_ALG_HMAC(PSA_ALG_SHA_256),
                       PSA_KEY_USAGE_VERIFY_MESSAGE, okm, &session->ack_key);
    }
    ecg_wipe(okm, sizeof okm);
    if (error != ECG_OK) {
        ecg_session_end(session);
    }
    return error;
}

ecg_error ecg_session_begin(ecg_session *session, const ecg_ports *ports,
                            const uint8_t device_id[ECG_ID_BYTES], uint32_t key_epoch,
                            psa_key_id_t device_key) {
    uint32_t boots = 0;
    memset(session, 0, sizeof *session);
    memcpy(session->header.device_id, device_id, ECG_ID_BYTES);
    session->header.key_epoch = key_epoch;
    ecg_error error = next_boot(ports, &boots);
    if (error != ECG_OK) {
        return error;
    }
    ecg_put(session->header.session_id, boots, 4);
    error = ports->random(ports->self, session->header.session_id + 4, ECG_ID_BYTES - 4U);
    return error == ECG_OK ? ecg_session_derive(session, device_key) : error;
}

void ecg_session_end(ecg_session *session) {
    (void)psa_destroy_key(session->chunk_key);
    (void)psa_destroy_key(session->ack_key);
    session->chunk_key = session->ack_key = 0;
}
