#include "csr.h"

#include <string.h>

#define POINT_BYTES 65U
#define SIGNATURE_BYTES 64U
#define ECDSA PSA_ALG_ECDSA(PSA_ALG_SHA_256)

/* RFC 5915: SEQUENCE { 1, OCTET STRING key, [0] prime256v1, [1] BIT STRING point }. */
static const uint8_t KEY_HEAD[] = {0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20};
static const uint8_t KEY_MIDDLE[] = {0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D,
                                     0x03, 0x01, 0x07, 0xA1, 0x44, 0x03, 0x42, 0x00};
/* RFC 2986: SEQUENCE { version 0, no names, SubjectPublicKeyInfo, no attributes }; 98 bytes within. */
static const uint8_t INFO_HEAD[] = {0x30, 0x62, 0x02, 0x01, 0x00, 0x30, 0x00, 0x30, 0x59, 0x30, 0x13,
                                    0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08,
                                    0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
static const uint8_t INFO_TAIL[] = {0xA0, 0x00};
/* ecdsa-with-SHA256 */
static const uint8_t ALGORITHM[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
                                    0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
#define INFO_BYTES (sizeof INFO_HEAD + POINT_BYTES + sizeof INFO_TAIL)

static psa_key_attributes_t form(void) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_algorithm(&attributes, ECDSA);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_EXPORT);
    return attributes;
}

static uint8_t *append(uint8_t *at, const uint8_t *bytes, size_t size) {
    memcpy(at, bytes, size);
    return at + size;
}

ecg_error csr_new_key(uint8_t secret[CSR_SECRET_BYTES]) {
    psa_key_attributes_t attributes = form();
    psa_key_id_t key = 0;
    size_t size = 0;
    if (psa_generate_key(&attributes, &key) != PSA_SUCCESS) {
        return ECG_CRYPTO;
    }
    psa_status_t status = psa_export_key(key, secret, CSR_SECRET_BYTES, &size);
    (void)psa_destroy_key(key);
    return status == PSA_SUCCESS && size == CSR_SECRET_BYTES ? ECG_OK : ECG_CRYPTO;
}

static ecg_error import(const uint8_t secret[CSR_SECRET_BYTES], psa_key_id_t *key,
                        uint8_t point[POINT_BYTES]) {
    psa_key_attributes_t attributes = form();
    size_t size = 0;
    if (psa_import_key(&attributes, secret, CSR_SECRET_BYTES, key) != PSA_SUCCESS) {
        return ECG_CRYPTO;
    }
    if (psa_export_public_key(*key, point, POINT_BYTES, &size) != PSA_SUCCESS) {
        (void)psa_destroy_key(*key);
        return ECG_CRYPTO;
    }
    return ECG_OK;
}

ecg_error csr_key_der(const uint8_t secret[CSR_SECRET_BYTES], uint8_t out[CSR_KEY_DER_BYTES]) {
    uint8_t point[POINT_BYTES];
    psa_key_id_t key = 0;
    ecg_error error = import(secret, &key, point);
    if (error != ECG_OK) {
        return error;
    }
    (void)psa_destroy_key(key);
    uint8_t *at = append(out, KEY_HEAD, sizeof KEY_HEAD);
    at = append(at, secret, CSR_SECRET_BYTES);
    at = append(at, KEY_MIDDLE, sizeof KEY_MIDDLE);
    (void)append(at, point, POINT_BYTES);
    return ECG_OK;
}

/* One of a signature's numbers as an INTEGER: no needless zeros, and one where it would be negative. */
static uint8_t *integer(uint8_t *at, const uint8_t number[32]) {
    size_t skip = 0;
    while (skip < 31U && number[skip] == 0U) {
        skip++;
    }
    size_t pad = number[skip] >= 0x80U ? 1U : 0U;
    *at++ = 0x02;
    *at++ = (uint8_t)(32U - skip + pad);
    if (pad != 0U) {
        *at++ = 0x00;
    }
    return append(at, number + skip, 32U - skip);
}

static ecg_error sign(psa_key_id_t key, const uint8_t *info, uint8_t signature[SIGNATURE_BYTES]) {
    uint8_t hash[32];
    size_t size = 0;
    if (psa_hash_compute(PSA_ALG_SHA_256, info, INFO_BYTES, hash, sizeof hash, &size) != PSA_SUCCESS ||
        psa_sign_hash(key, ECDSA, hash, size, signature, SIGNATURE_BYTES, &size) != PSA_SUCCESS) {
        return ECG_CRYPTO;
    }
    return ECG_OK;
}

ecg_error csr_make(const uint8_t secret[CSR_SECRET_BYTES], uint8_t out[CSR_BYTES_MAX], size_t *size) {
    uint8_t point[POINT_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    uint8_t numbers[80];
    psa_key_id_t key = 0;
    ecg_error error = import(secret, &key, point);
    if (error != ECG_OK) {
        return error;
    }
    uint8_t *info = out + 3; /* the outer head: its length is always between 128 and 255 */
    uint8_t *at = append(info, INFO_HEAD, sizeof INFO_HEAD);
    at = append(at, point, POINT_BYTES);
    at = append(at, INFO_TAIL, sizeof INFO_TAIL);
    error = sign(key, info, signature);
    (void)psa_destroy_key(key);
    if (error != ECG_OK) {
        return error;
    }
    size_t length = (size_t)(integer(integer(numbers, signature), signature + 32) - numbers);
    const uint8_t heads[] = {0x03, (uint8_t)(length + 3U), 0x00, 0x30, (uint8_t)length};
    at = append(at, ALGORITHM, sizeof ALGORITHM);
    at = append(at, heads, sizeof heads);
    at = append(at, numbers, length);
    *size = (size_t)(at - out);
    const uint8_t outer[] = {0x30, 0x81, (uint8_t)(*size - 3U)};
    (void)append(out, outer, sizeof outer);
    return ECG_OK;
}
