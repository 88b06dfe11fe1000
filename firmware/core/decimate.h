/* Fewer samples than the converter gives: the ones left out must not fold into the ECG's band.
 *
 * FIR filters of linear phase, one stage for 4 and 8 (of 1000 Hz), two for 80 and 160 (of 20 kHz: by
 * 20, then by 4 or 8). 0-40 Hz pass within 0.1 dB; from the output's rate less 40 Hz on all is at
 * least 60 dB down. A sample is that of (span - 1) / 2 codes before the last code it came from. */
#ifndef ECG_DECIMATE_H
#define ECG_DECIMATE_H

#include "errors.h"

#include <stdint.h>

#define ECG_DECIMATE_STAGES 2U
#define ECG_DECIMATE_BLOCKS 10U /* of the longest filter */

typedef struct {
    const int16_t *taps; /* blocks times factor, in units of 1/32768 */
    uint16_t factor;
    uint16_t phase;                    /* of the next code within its block */
    uint16_t cold;                     /* outputs that would still lack codes */
    uint16_t blocks;                   /* outputs that a code has a part in */
    int32_t sums[ECG_DECIMATE_BLOCKS]; /* of the outputs to come */
} ecg_decimator_stage;

typedef struct {
    ecg_decimator_stage stages[ECG_DECIMATE_STAGES];
    uint16_t count;   /* of stages */
    uint16_t span;    /* codes that one sample is computed from: the first comes after so many */
    uint16_t unclean; /* codes until no sample comes from a code at a rail any more */
} ecg_decimator;

/* By 1 (every code is a sample), 4, 8, 80 or 160; else ECG_BAD_ARGUMENT. To be called again after
 * codes were lost: no sample is computed across a gap. */
ecg_error ecg_decimator_begin(ecg_decimator *decimator, uint16_t factor);

/* Take the next code. 1 where it completes a sample, then in ``out``, on the codes' scale;
 * ``is_saturated`` says whether a code it was computed from was at ``rail_low`` or below, or at
 * ``rail_high`` or above: the filter would hide that. */
int ecg_decimator_push(ecg_decimator *decimator, uint16_t code, uint16_t rail_low,
                       uint16_t rail_high, uint16_t *out, int *is_saturated);

#endif
