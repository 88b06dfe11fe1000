#include "decimate.h"

#include "decimate_taps.h"

#include <string.h>

/* Values carry this many bits below a code from stage to stage, and are rounded once, at the end. */
#define FRACTION 8U
#define TAPS_BITS 15U
#define CODE_MAX 65535

typedef struct {
    uint16_t factor;
    uint16_t stage_factor;
    uint16_t count;
    const int16_t *taps;
} form;

_Static_assert(sizeof ECG_TAPS_1K_BY_8 == sizeof(int16_t) * ECG_TAPS_MAX, "the longest stage");

#define TAPS(name) (uint16_t)(sizeof ECG_TAPS_##name / sizeof ECG_TAPS_##name[0]), ECG_TAPS_##name

/* The stages of a factor are the rows that carry it, first to last. */
static const form FORMS[] = {
    {4, 4, TAPS(1K_BY_4)},    {8, 8, TAPS(1K_BY_8)},  {80, 20, TAPS(20K_BY_20)},
    {80, 4, TAPS(1K_BY_4)},   {160, 20, TAPS(20K_BY_20)}, {160, 8, TAPS(1K_BY_8)},
};

static void add_stage(ecg_decimator *decimator, const form *row, uint32_t conversions) {
    ecg_fir *fir = &decimator->stage[decimator->stages++];
    fir->taps = row->taps;
    fir->count = row->count;
    fir->factor = fir->until = row->stage_factor;
    decimator->delay += conversions * ((row->count - 1U) / 2U);
}

ecg_error ecg_decimator_begin(ecg_decimator *decimator, uint16_t factor) {
    uint32_t conversions = 1; /* to one value of the stage */
    memset(decimator, 0, sizeof *decimator);
    decimator->factor = factor;
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        if (FORMS[i].factor == factor) {
            add_stage(decimator, &FORMS[i], conversions);
            conversions *= FORMS[i].stage_factor;
        }
    }
    return conversions == factor ? ECG_OK : ECG_BAD_ARGUMENT;
}

/* A filter that begins in the middle of a signal has always seen its first value: else the step from
 * nothing would ring. */
static void begin_at(ecg_decimator *decimator, int32_t value) {
    for (uint16_t stage = 0; stage < decimator->stages; stage++) {
        for (uint16_t i = 0; i < decimator->stage[stage].count; i++) {
            decimator->stage[stage].values[i] = value;
        }
    }
    decimator->is_begun = 1;
}

/* The taps are symmetric, so that oldest and newest may change places. */
static int32_t convolve(const ecg_fir *fir) {
    int64_t sum = INT64_C(1) << (TAPS_BITS - 1U);
    uint16_t at = fir->at;
    for (uint16_t i = 0; i < fir->count; i++) {
        sum += (int64_t)fir->taps[i] * fir->values[at];
        at = (uint16_t)(at + 1U == fir->count ? 0U : at + 1U);
    }
    return (int32_t)(sum >> TAPS_BITS);
}

/* 1 where the stage has a value of its own, which takes the place of the one given. */
static int push(ecg_fir *fir, int32_t *value) {
    fir->values[fir->at] = *value;
    fir->at = (uint16_t)(fir->at + 1U == fir->count ? 0U : fir->at + 1U);
    fir->until = (uint16_t)(fir->until - 1U);
    if (fir->until > 0U) {
        return 0;
    }
    fir->until = fir->factor;
    *value = convolve(fir);
    return 1;
}

static uint16_t round_code(int32_t value) {
    int32_t code = (value + (1 << (FRACTION - 1U))) >> FRACTION;
    return (uint16_t)(code < 0 ? 0 : code > CODE_MAX ? CODE_MAX : code);
}

int ecg_decimator_push(ecg_decimator *decimator, uint16_t code, uint16_t rail_low,
                       uint16_t rail_high, uint16_t *out, int *is_saturated) {
    int32_t value = (int32_t)code * (1 << FRACTION);
    if (!decimator->is_begun) {
        begin_at(decimator, value);
    }
    decimator->is_saturated |= code <= rail_low || code >= rail_high;
    for (uint16_t stage = 0; stage < decimator->stages; stage++) {
        if (!push(&decimator->stage[stage], &value)) {
            return 0;
        }
    }
    *out = round_code(value);
    *is_saturated = decimator->is_saturated;
    decimator->is_saturated = 0;
    return 1;
}

uint64_t ecg_decimator_delay_us(const ecg_decimator *decimator, uint16_t rate_centihz) {
    return (uint64_t)decimator->delay * UINT64_C(100000000) /
           ((uint64_t)rate_centihz * decimator->factor);
}
