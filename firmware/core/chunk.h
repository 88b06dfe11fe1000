/* The chunk "EC": its clear header and the body that is sealed (PROTOCOL.md, section 2). */
#ifndef ECG_CHUNK_H
#define ECG_CHUNK_H

#include "errors.h"

#include <stdint.h>

#define ECG_SAMPLES 187U
#define ECG_HEADER_BYTES 48U
#define ECG_BODY_BYTES 398U
#define ECG_TAG_BYTES 16U
#define ECG_CHUNK_BYTES 462U
#define ECG_ID_BYTES 16U
#define ECG_NO_SAMPLE INT16_MIN
#define ECG_SAMPLE_INDEX_MAX (UINT64_C(1) << 62U)
#define ECG_RATE_MIN_CENTIHZ 10000U

enum {
    ECG_LEAD_OFF_PLUS = 1,
    ECG_LEAD_OFF_MINUS = 2,
    ECG_SATURATED = 4,
    ECG_GAP_BEFORE = 8,
    ECG_CLOCK_UNSYNCED = 16,
    ECG_FROM_FLASH = 32,
    ECG_TEST_SIGNAL = 64
};

/* Who sealed a chunk under which key, in which session and as which of its numbers. */
typedef struct {
    uint8_t device_id[ECG_ID_BYTES];
    uint32_t key_epoch;
    uint8_t session_id[ECG_ID_BYTES];
    uint64_t seq;
} ecg_header;

/* What was measured; samples past n_valid are written as ECG_NO_SAMPLE whatever they are. */
typedef struct {
    uint64_t t0_us;
    uint64_t sample_index;
    uint16_t rate_centihz;
    uint16_t flags;
    uint16_t n_valid;
    uint16_t nv_per_lsb;
    int16_t samples[ECG_SAMPLES];
} ecg_body;

void ecg_header_pack(const ecg_header *header, uint8_t out[ECG_HEADER_BYTES]);

/* ECG_MALFORMED where magic, version or suite are others. The tag is not looked at. */
ecg_error ecg_header_unpack(const uint8_t in[ECG_HEADER_BYTES], ecg_header *header);

/* ECG_BAD_ARGUMENT for a body that the service would refuse. */
ecg_error ecg_body_pack(const ecg_body *body, uint8_t out[ECG_BODY_BYTES]);

#endif
