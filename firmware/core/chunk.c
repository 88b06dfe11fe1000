#include "chunk.h"

#include "bytes.h"

#include <string.h>

#define MAGIC_VERSION_SUITE UINT32_C(0x45430101)

void ecg_header_pack(const ecg_header *header, uint8_t out[ECG_HEADER_BYTES]) {
    ecg_put(out, MAGIC_VERSION_SUITE, 4);
    memcpy(out + 4, header->device_id, ECG_ID_BYTES);
    ecg_put(out + 20, header->key_epoch, 4);
    memcpy(out + 24, header->session_id, ECG_ID_BYTES);
    ecg_put(out + 40, header->seq, 8);
}

ecg_error ecg_header_unpack(const uint8_t in[ECG_HEADER_BYTES], ecg_header *header) {
    if (ecg_get(in, 4) != MAGIC_VERSION_SUITE) {
        return ECG_MALFORMED;
    }
    memcpy(header->device_id, in + 4, ECG_ID_BYTES);
    header->key_epoch = (uint32_t)ecg_get(in + 20, 4);
    memcpy(header->session_id, in + 24, ECG_ID_BYTES);
    header->seq = ecg_get(in + 40, 8);
    return ECG_OK;
}

ecg_error ecg_body_pack(const ecg_body *body, uint8_t out[ECG_BODY_BYTES]) {
    if (body->n_valid > ECG_SAMPLES || body->nv_per_lsb == 0 ||
        body->rate_centihz < ECG_RATE_MIN_CENTIHZ || body->sample_index > ECG_SAMPLE_INDEX_MAX) {
        return ECG_BAD_ARGUMENT;
    }
    ecg_put(out, body->t0_us, 8);
    ecg_put(out + 8, body->sample_index, 8);
    ecg_put(out + 16, body->rate_centihz, 2);
    ecg_put(out + 18, body->flags, 2);
    ecg_put(out + 20, body->n_valid, 2);
    ecg_put(out + 22, body->nv_per_lsb, 2);
    for (uint16_t i = 0; i < ECG_SAMPLES; i++) {
        int16_t sample = i < body->n_valid ? body->samples[i] : (int16_t)ECG_NO_SAMPLE;
        ecg_put(out + 24 + (2U * (size_t)i), (uint16_t)sample, 2);
    }
    return ECG_OK;
}
