#include "ack.h"

#include "bytes.h"

#include <string.h>

#define MAGIC_VERSION_SUITE UINT32_C(0x45410101)
#define HEAD_BYTES 50U
#define RANGE_BYTES 16U
#define MAC_BYTES 32U

/* Ranges lie above the watermark and ascend: what the service never sends is refused. */
static ecg_error read_ranges(const uint8_t *data, ecg_ack *ack) {
    uint64_t before = ack->watermark;
    for (uint16_t i = 0; i < ack->count; i++) {
        const uint8_t *at = data + HEAD_BYTES + (RANGE_BYTES * (size_t)i);
        ecg_range range = {ecg_get(at, 8), ecg_get(at + 8, 8)};
        if (range.first <= before || range.last < range.first) {
            return ECG_MALFORMED;
        }
        before = range.first;
        ack->ranges[i] = range;
    }
    return ECG_OK;
}

static int is_of(const ecg_session *session, const uint8_t *data) {
    return memcmp(data + 4, session->header.device_id, ECG_ID_BYTES) == 0 &&
           ecg_get(data + 20, 4) == session->header.key_epoch &&
           memcmp(data + 24, session->header.session_id, ECG_ID_BYTES) == 0;
}

ecg_error ecg_ack_open(const ecg_session *session, const uint8_t *data, size_t size,
                       ecg_ack *ack) {
    if (size < HEAD_BYTES + MAC_BYTES || ecg_get(data, 4) != MAGIC_VERSION_SUITE) {
        return ECG_MALFORMED;
    }
    ecg_ack found = {ecg_get(data + 40, 8), (uint16_t)ecg_get(data + 48, 2), {{0, 0}}};
    size_t signed_size = HEAD_BYTES + (RANGE_BYTES * (size_t)found.count);
    if (found.count > ECG_ACK_RANGES || size != signed_size + MAC_BYTES) {
        return ECG_MALFORMED;
    }
    if (!is_of(session, data)) {
        return ECG_FOREIGN;
    }
    if (session->ack_key == 0) {
        return ECG_NO_KEY;
    }
    if (psa_mac_verify(session->ack_key, PSA_ALG_HMAC(PSA_ALG_SHA_256), data, signed_size,
                       data + signed_size, MAC_BYTES) != PSA_SUCCESS) {
        return ECG_FORGED;
    }
    ecg_error error = read_ranges(data, &found);
    if (error == ECG_OK) {
        *ack = found;
    }
    return error;
}

int ecg_ack_covers(const ecg_ack *ack, uint64_t seq) {
    if (seq < ack->watermark) {
        return 1;
    }
    for (uint16_t i = 0; i < ack->count; i++) {
        if (seq >= ack->ranges[i].first && seq <= ack->ranges[i].last) {
            return 1;
        }
    }
    return 0;
}
