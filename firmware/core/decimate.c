#include "decimate.h"

#include "decimate_taps.h"

#include <string.h>

/* Codes are taken about the middle, so that no sum of theirs leaves 32 bits (tests/taps.py). */
#define MIDDLE 32768
#define ONE 32768

static void add_stage(ecg_decimator *decimator, const int16_t *taps, uint16_t factor,
                      uint16_t blocks) {
    ecg_decimator_stage *stage = &decimator->stages[decimator->count];
    stage->taps = taps;
    stage->factor = factor;
    stage->blocks = blocks;
    stage->cold = (uint16_t)(blocks - 1U);
    /* A tap of this stage is as many codes long as the stages before it leave out. */
    uint16_t step = decimator->count == 0U ? 1U : decimator->stages[0].factor;
    decimator->span = (uint16_t)(decimator->span + (step * ((factor * blocks) - 1U)));
    decimator->count = (uint16_t)(decimator->count + 1U);
}

ecg_error ecg_decimator_begin(ecg_decimator *decimator, uint16_t factor) {
    memset(decimator, 0, sizeof *decimator);
    decimator->span = 1;
    if (factor == 80U || factor == 160U) {
        add_stage(decimator, BY_20, 20, BY_20_BLOCKS);
        factor = (uint16_t)(factor / 20U);
    }
    if (factor == 4U) {
        add_stage(decimator, BY_4, 4, BY_4_BLOCKS);
    } else if (factor == 8U) {
        add_stage(decimator, BY_8, 8, BY_8_BLOCKS);
    } else if (factor != 1U) {
        return ECG_BAD_ARGUMENT;
    }
    return ECG_OK;
}

static uint16_t finished(int32_t sum) {
    int64_t scaled = (int64_t)sum + ((int64_t)MIDDLE * ONE) + (ONE / 2);
    if (scaled < 0) {
        return 0; /* the filter's overshoot of a step at the end of the scale */
    }
    scaled /= ONE;
    return (uint16_t)(scaled < UINT16_MAX ? scaled : UINT16_MAX);
}

/* Each code goes into the sums of all outputs that it has a part in, and is forgotten: a few sums
 * instead of a history, and the same work for every code. */
static int stage_push(ecg_decimator_stage *stage, uint16_t code, uint16_t *out) {
    int32_t centred = (int32_t)code - MIDDLE;
    const int16_t *tap = &stage->taps[stage->factor - 1U - stage->phase];
    for (uint16_t i = 0; i < stage->blocks; i++) {
        stage->sums[i] += centred * tap[(uint32_t)i * stage->factor];
    }
    stage->phase = (uint16_t)(stage->phase + 1U);
    if (stage->phase < stage->factor) {
        return 0;
    }
    stage->phase = 0;
    *out = finished(stage->sums[0]);
    memmove(stage->sums, stage->sums + 1, (stage->blocks - 1U) * sizeof stage->sums[0]);
    stage->sums[stage->blocks - 1U] = 0;
    if (stage->cold > 0U) {
        stage->cold = (uint16_t)(stage->cold - 1U);
        return 0;
    }
    return 1;
}

int ecg_decimator_push(ecg_decimator *decimator, uint16_t code, uint16_t rail_low,
                       uint16_t rail_high, uint16_t *out, int *is_saturated) {
    if (code <= rail_low || code >= rail_high) {
        decimator->unclean = decimator->span;
    } else if (decimator->unclean > 0U) {
        decimator->unclean = (uint16_t)(decimator->unclean - 1U);
    }
    uint16_t sample = code;
    for (uint16_t i = 0; i < decimator->count; i++) {
        if (!stage_push(&decimator->stages[i], sample, &sample)) {
            return 0;
        }
    }
    *out = sample;
    *is_saturated = decimator->unclean > 0U;
    return 1;
}
