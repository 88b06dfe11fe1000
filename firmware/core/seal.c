#include "seal.h"

#include "bytes.h"

#include <string.h>

ecg_error ecg_seal(ecg_session *session, const ecg_body *body, uint8_t out[ECG_CHUNK_BYTES]) {
    uint8_t clear[ECG_BODY_BYTES];
    uint8_t nonce[ECG_IV_BYTES];
    size_t size = 0;
    if (session->header.seq == UINT64_MAX) {
        return ECG_EXHAUSTED;
    }
    if (session->chunk_key == 0) {
        return ECG_NO_KEY;
    }
    ecg_error error = ecg_body_pack(body, clear);
    if (error != ECG_OK) {
        return error;
    }
    ecg_header_pack(&session->header, out);
    memcpy(nonce, session->iv, sizeof nonce);
    for (size_t i = 0; i < 8U; i++) {
        nonce[4U + i] ^= out[40U + i];
    }
    /* The number is gone before the cipher sees it: a nonce that was tried is never tried again. */
    session->header.seq += 1U;
    psa_status_t status =
        psa_aead_encrypt(session->chunk_key, PSA_ALG_GCM, nonce, sizeof nonce, out,
                         ECG_HEADER_BYTES, clear, sizeof clear, out + ECG_HEADER_BYTES,
                         ECG_BODY_BYTES + ECG_TAG_BYTES, &size);
    if (status != PSA_SUCCESS || size != ECG_BODY_BYTES + ECG_TAG_BYTES) {
        memset(out, 0, ECG_CHUNK_BYTES);
        return ECG_CRYPTO;
    }
    return ECG_OK;
}
