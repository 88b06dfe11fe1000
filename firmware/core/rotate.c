#include "rotate.h"

#include "bytes.h"

#include <string.h>

#define REQUEST_HEAD UINT32_C(0x45520101)
#define COMMAND_HEAD UINT32_C(0x454B0100)
#define HEAD_BYTES 24U
#define MAC_BYTES 32U
#define LABEL_MAX 24U
#define MAC PSA_ALG_HMAC(PSA_ALG_SHA_256)

/* The key of a purpose: HKDF-SHA-256 of K_dev over the device's id, label and epoch. */
static ecg_error derive(psa_key_id_t device_key, const uint8_t device_id[ECG_ID_BYTES],
                        const char *label, uint32_t epoch, psa_key_id_t *purpose) {
    uint8_t info[LABEL_MAX + ECG_ID_BYTES + 4U];
    size_t label_size = strlen(label);
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    memcpy(info, label, label_size);
    memcpy(info + label_size, device_id, ECG_ID_BYTES);
    ecg_put(info + label_size + ECG_ID_BYTES, epoch, 4);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_bits(&attributes, 8U * ECG_KEY_BYTES);
    psa_set_key_algorithm(&attributes, MAC);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_VERIFY_MESSAGE);
    psa_key_derivation_operation_t operation = PSA_KEY_DERIVATION_OPERATION_INIT;
    psa_status_t status = psa_key_derivation_setup(&operation, PSA_ALG_HKDF(PSA_ALG_SHA_256));
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_SALT,
                                                device_id, ECG_ID_BYTES);
    }
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_input_key(&operation, PSA_KEY_DERIVATION_INPUT_SECRET,
                                              device_key);
    }
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_INFO, info,
                                                label_size + ECG_ID_BYTES + 4U);
    }
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_output_key(&attributes, &operation, purpose);
    }
    (void)psa_key_derivation_abort(&operation);
    return status == PSA_SUCCESS ? ECG_OK : ECG_CRYPTO;
}

ecg_error ecg_rotate_request(const uint8_t service_point[ECG_POINT_BYTES],
                             const uint8_t device_id[ECG_ID_BYTES], uint32_t new_epoch,
                             psa_key_id_t old_key, const uint8_t new_key[ECG_KEY_BYTES],
                             uint8_t out[ECG_ROTATE_BYTES]) {
    psa_key_id_t purpose = 0;
    size_t size = 0;
    ecg_put(out, REQUEST_HEAD, 4);
    memcpy(out + 4, device_id, ECG_ID_BYTES);
    ecg_put(out + 20, new_epoch, 4);
    ecg_error error =
        ecg_enrol_seal(service_point, device_id, new_epoch, new_key, out + HEAD_BYTES);
    if (error == ECG_OK) {
        error = derive(old_key, device_id, "ecg-iot v1 rotate", new_epoch - 1U, &purpose);
    }
    if (error == ECG_OK) {
        psa_status_t status =
            psa_mac_compute(purpose, MAC, out, ECG_ROTATE_BYTES - MAC_BYTES,
                            out + ECG_ROTATE_BYTES - MAC_BYTES, MAC_BYTES, &size);
        error = status == PSA_SUCCESS ? ECG_OK : ECG_CRYPTO;
    }
    (void)psa_destroy_key(purpose);
    return error;
}

/* Whether the service wants a new key: only who has the newest one can say so. */
static ecg_error check_rotate(const uint8_t *data, const uint8_t device_id[ECG_ID_BYTES],
                              uint32_t newest_epoch, psa_key_id_t newest_key) {
    psa_key_id_t purpose = 0;
    ecg_error error = derive(newest_key, device_id, "ecg-iot v1 command", newest_epoch, &purpose);
    if (error == ECG_OK && psa_mac_verify(purpose, MAC, data, HEAD_BYTES, data + HEAD_BYTES,
                                          MAC_BYTES) != PSA_SUCCESS) {
        error = ECG_FORGED;
    }
    (void)psa_destroy_key(purpose);
    return error;
}

ecg_error ecg_command_open(const uint8_t *data, size_t size, const uint8_t device_id[ECG_ID_BYTES],
                           uint32_t newest_epoch, psa_key_id_t newest_key,
                           psa_key_id_t pending_key, ecg_command_kind *kind) {
    if (size != ECG_COMMAND_BYTES || (ecg_get(data, 4) & ~UINT64_C(0xFF)) != COMMAND_HEAD ||
        (data[3] != ECG_COMMAND_ROTATE && data[3] != ECG_COMMAND_TAKEN)) {
        return ECG_MALFORMED;
    }
    int is_taken = data[3] == ECG_COMMAND_TAKEN;
    if (memcmp(data + 4, device_id, ECG_ID_BYTES) != 0 ||
        ecg_get(data + 20, 4) != (uint64_t)newest_epoch + 1U || (is_taken && pending_key == 0)) {
        return ECG_FOREIGN;
    }
    ecg_error error =
        is_taken ? ecg_enrol_confirm(pending_key, device_id, newest_epoch + 1U, data + HEAD_BYTES)
                 : check_rotate(data, device_id, newest_epoch, newest_key);
    if (error == ECG_OK) {
        *kind = is_taken ? ECG_COMMAND_TAKEN : ECG_COMMAND_ROTATE;
    }
    return error;
}
