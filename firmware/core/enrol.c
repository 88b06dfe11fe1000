#include "enrol.h"

#include "bytes.h"

#include <string.h>

#define HASH_BYTES 32U
#define INFO_MAX 200U
#define HMAC PSA_ALG_HMAC(PSA_ALG_SHA_256)

/* RFC 9180, section 7: DHKEM(P-256) 0x0010, HKDF-SHA256 0x0001, AES-256-GCM 0x0002. */
static const uint8_t KEM_SUITE[] = {'K', 'E', 'M', 0x00, 0x10};
static const uint8_t HPKE_SUITE[] = {'H', 'P', 'K', 'E', 0x00, 0x10, 0x00, 0x01, 0x00, 0x02};
static const uint8_t NO_SALT[HASH_BYTES] = {0};

typedef struct {
    const uint8_t *bytes;
    size_t size;
} span;

static span text(const char *told) {
    return (span){(const uint8_t *)told, strlen(told)};
}

/* HMAC-SHA-256 of the parts, one after the other. */
static ecg_error hmac(span key, const span *parts, size_t count, uint8_t out[HASH_BYTES]) {
    uint8_t joined[INFO_MAX];
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t handle = 0;
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > sizeof joined - size) {
            return ECG_BAD_ARGUMENT;
        }
        memcpy(joined + size, parts[i].bytes, parts[i].size);
        size += parts[i].size;
    }
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
    psa_set_key_algorithm(&attributes, HMAC);
    if (psa_import_key(&attributes, key.bytes, key.size, &handle) != PSA_SUCCESS) {
        return ECG_CRYPTO;
    }
    size_t made = 0;
    psa_status_t status = psa_mac_compute(handle, HMAC, joined, size, out, HASH_BYTES, &made);
    (void)psa_destroy_key(handle);
    volatile uint8_t *wiped = joined;
    for (size_t i = 0; i < size; i++) {
        wiped[i] = 0;
    }
    return status == PSA_SUCCESS ? ECG_OK : ECG_CRYPTO;
}

/* LabeledExtract, section 4. */
static ecg_error extract(span suite, const uint8_t salt[HASH_BYTES], const char *label, span ikm,
                         uint8_t out[HASH_BYTES]) {
    const span parts[] = {text("HPKE-v1"), suite, text(label), ikm};
    return hmac((span){salt, HASH_BYTES}, parts, 4, out);
}

/* LabeledExpand, section 4, to at most one block. */
static ecg_error expand(span suite, const uint8_t prk[HASH_BYTES], const char *label, span info,
                        uint8_t size, uint8_t out[HASH_BYTES]) {
    static const uint8_t FIRST_BLOCK[] = {1};
    const uint8_t length[] = {0, size};
    const span parts[] = {{length, 2},  text("HPKE-v1"), suite,
                          text(label), info,            {FIRST_BLOCK, 1}};
    return hmac((span){prk, HASH_BYTES}, parts, 6, out);
}

/* Encap, section 4.1: an ephemeral point, and the secret that it and the service's point share. */
static ecg_error encapsulate(const uint8_t service_point[ECG_POINT_BYTES],
                             uint8_t point[ECG_POINT_BYTES], uint8_t secret[HASH_BYTES]) {
    const span suite = {KEM_SUITE, sizeof KEM_SUITE};
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t handle = 0;
    uint8_t shared[HASH_BYTES];
    uint8_t prk[HASH_BYTES];
    uint8_t context[2U * ECG_POINT_BYTES];
    size_t size = 0;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDH);
    if (psa_generate_key(&attributes, &handle) != PSA_SUCCESS) {
        return ECG_CRYPTO;
    }
    psa_status_t status = psa_export_public_key(handle, point, ECG_POINT_BYTES, &size);
    if (status == PSA_SUCCESS) {
        status = psa_raw_key_agreement(PSA_ALG_ECDH, handle, service_point, ECG_POINT_BYTES, shared,
                                       sizeof shared, &size);
    }
    (void)psa_destroy_key(handle);
    if (status != PSA_SUCCESS) {
        return status == PSA_ERROR_INVALID_ARGUMENT ? ECG_BAD_ARGUMENT : ECG_CRYPTO;
    }
    memcpy(context, point, ECG_POINT_BYTES);
    memcpy(context + ECG_POINT_BYTES, service_point, ECG_POINT_BYTES);
    ecg_error error = extract(suite, NO_SALT, "eae_prk", (span){shared, sizeof shared}, prk);
    if (error == ECG_OK) {
        error = expand(suite, prk, "shared_secret", (span){context, sizeof context}, HASH_BYTES,
                       secret);
    }
    return error;
}

/* KeySchedule, section 5.1, in base mode. */
static ecg_error schedule(const uint8_t shared[HASH_BYTES], span info, uint8_t key[HASH_BYTES],
                          uint8_t nonce[HASH_BYTES]) {
    const span suite = {HPKE_SUITE, sizeof HPKE_SUITE};
    uint8_t context[1U + (2U * HASH_BYTES)] = {0};
    uint8_t secret[HASH_BYTES];
    const span told = {context, sizeof context};
    ecg_error error = extract(suite, NO_SALT, "psk_id_hash", text(""), context + 1);
    if (error == ECG_OK) {
        error = extract(suite, NO_SALT, "info_hash", info, context + 1 + HASH_BYTES);
    }
    if (error == ECG_OK) {
        error = extract(suite, shared, "secret", text(""), secret);
    }
    if (error == ECG_OK) {
        error = expand(suite, secret, "key", told, ECG_KEY_BYTES, key);
    }
    if (error == ECG_OK) {
        error = expand(suite, secret, "base_nonce", told, ECG_IV_BYTES, nonce);
    }
    return error;
}

static ecg_error seal(const uint8_t key[ECG_KEY_BYTES], const uint8_t nonce[ECG_IV_BYTES],
                      const uint8_t clear[ECG_KEY_BYTES], uint8_t *out) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t handle = 0;
    size_t size = 0;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT);
    psa_set_key_algorithm(&attributes, PSA_ALG_GCM);
    if (psa_import_key(&attributes, key, ECG_KEY_BYTES, &handle) != PSA_SUCCESS) {
        return ECG_CRYPTO;
    }
    psa_status_t status =
        psa_aead_encrypt(handle, PSA_ALG_GCM, nonce, ECG_IV_BYTES, NULL, 0, clear, ECG_KEY_BYTES,
                         out, ECG_KEY_BYTES + ECG_TAG_BYTES, &size);
    (void)psa_destroy_key(handle);
    return status == PSA_SUCCESS ? ECG_OK : ECG_CRYPTO;
}

ecg_error ecg_enrol_seal(const uint8_t service_point[ECG_POINT_BYTES],
                         const uint8_t device_id[ECG_ID_BYTES], uint32_t key_epoch,
                         const uint8_t device_key[ECG_KEY_BYTES],
                         uint8_t out[ECG_SEALED_KEY_BYTES]) {
    static const char LABEL[] = "ecg enrol v1|";
    uint8_t info[sizeof LABEL - 1U + ECG_ID_BYTES + 4U];
    uint8_t shared[HASH_BYTES];
    uint8_t key[HASH_BYTES];
    uint8_t nonce[HASH_BYTES];
    memcpy(info, LABEL, sizeof LABEL - 1U);
    memcpy(info + sizeof LABEL - 1U, device_id, ECG_ID_BYTES);
    ecg_put(info + sizeof LABEL - 1U + ECG_ID_BYTES, key_epoch, 4);
    ecg_error error = encapsulate(service_point, out, shared);
    if (error == ECG_OK) {
        error = schedule(shared, (span){info, sizeof info}, key, nonce);
    }
    return error == ECG_OK ? seal(key, nonce, device_key, out + ECG_POINT_BYTES) : error;
}

ecg_error ecg_enrol_confirm(psa_key_id_t device_key, const uint8_t device_id[ECG_ID_BYTES],
                            uint32_t key_epoch,
                            const uint8_t confirmation[ECG_CONFIRMATION_BYTES]) {
    static const char LABEL[] = "ecg-iot v1 confirm";
    static const char SAID[] = "enrolled|";
    uint8_t key[HASH_BYTES];
    uint8_t epoch[4];
    uint8_t wanted[ECG_CONFIRMATION_BYTES];
    uint8_t differs = 0;
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
        status = psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_INFO,
                                                (const uint8_t *)LABEL, sizeof LABEL - 1U);
    }
    if (status == PSA_SUCCESS) {
        status = psa_key_derivation_output_bytes(&operation, key, sizeof key);
    }
    (void)psa_key_derivation_abort(&operation);
    if (status != PSA_SUCCESS) {
        return ECG_CRYPTO;
    }
    ecg_put(epoch, key_epoch, 4);
    const span parts[] = {text(SAID), {device_id, ECG_ID_BYTES}, {epoch, sizeof epoch}};
    ecg_error error = hmac((span){key, sizeof key}, parts, 3, wanted);
    for (size_t i = 0; error == ECG_OK && i < sizeof wanted; i++) {
        differs |= (uint8_t)(wanted[i] ^ confirmation[i]);
    }
    return error == ECG_OK && differs != 0 ? ECG_FORGED : error;
}
