#include "framer.h"

#include <string.h>

static void open_body(ecg_framer *framer) {
    framer->body.t0_us = 0;
    framer->body.flags = 0;
    framer->body.n_valid = 0;
}

void ecg_framer_begin(ecg_framer *framer, uint16_t rate_centihz, uint16_t nv_per_lsb,
                      uint16_t always) {
    memset(framer, 0, sizeof *framer);
    framer->body.rate_centihz = rate_centihz;
    framer->body.nv_per_lsb = nv_per_lsb;
    framer->always = always;
    open_body(framer);
}

int ecg_framer_stop(ecg_framer *framer, ecg_body *out) {
    if (framer->body.n_valid == 0) {
        return 0;
    }
    *out = framer->body;
    open_body(framer);
    return 1;
}

int ecg_framer_push(ecg_framer *framer, int16_t sample, uint16_t flags, uint64_t utc_us,
                    ecg_body *out) {
    ecg_body *body = &framer->body;
    if (body->n_valid == 0) {
        body->t0_us = utc_us;
        body->sample_index = framer->next_index;
        body->flags = (uint16_t)(framer->always | framer->pending |
                                 (utc_us == 0 ? ECG_CLOCK_UNSYNCED : 0));
        framer->pending = 0;
    }
    body->samples[body->n_valid] = sample;
    body->n_valid = (uint16_t)(body->n_valid + 1U);
    body->flags |= flags;
    framer->next_index += 1U;
    return body->n_valid == ECG_SAMPLES ? ecg_framer_stop(framer, out) : 0;
}

int ecg_framer_lose(ecg_framer *framer, uint64_t count, ecg_body *out) {
    while (count > 0 && framer->body.n_valid > 0) {
        count -= 1U;
        if (ecg_framer_push(framer, (int16_t)ECG_NO_SAMPLE, 0, 0, out)) {
            framer->next_index += count;
            framer->pending |= (uint16_t)(count > 0 ? ECG_GAP_BEFORE : 0);
            return 1;
        }
    }
    if (count > 0) {
        framer->next_index += count;
        framer->pending |= ECG_GAP_BEFORE;
    }
    return 0;
}

void ecg_framer_dropped(ecg_framer *framer) {
    framer->pending |= ECG_GAP_BEFORE;
    if (framer->body.n_valid > 0) {
        framer->body.flags |= ECG_GAP_BEFORE;
        framer->pending = 0;
    }
}

int ecg_framer_owes_gap(const ecg_framer *framer) {
    return (framer->pending & ECG_GAP_BEFORE) != 0;
}
