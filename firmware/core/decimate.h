/* From the converter's rate down to the protocol's: two linear-phase FIR stages in integers.
 *
 * The converter cannot run as slowly as an ECG is sampled (20 kHz at least on the ESP32, 1 kHz here
 * on S3 and C3). Response, both stages together, at 125 and 250 Hz: 0-40 Hz within 0.1 dB, and from
 * where a frequency would fold into 0-40 Hz at least 60 dB down. tests/taps.py makes and states the
 * coefficients; tests/firmware measures the response of this code. */
#ifndef ECG_DECIMATE_H
#define ECG_DECIMATE_H

#include "errors.h"

#include <stdint.h>

#define ECG_TAPS_MAX 91

typedef struct {
    const int16_t *taps; /* sum 2^15 */
    uint16_t count;
    uint16_t factor;
    uint16_t at;    /* where the next value goes */
    uint16_t until; /* values until the next output */
    int32_t values[ECG_TAPS_MAX];
} ecg_fir;

typedef struct {
    uint16_t factor;
    uint16_t stages;
    uint32_t delay; /* in conversions */
    int is_begun;
    int is_saturated; /* a code of the present output sample was at a rail */
    ecg_fir stage[2];
} ecg_decimator;

/* ``factor`` conversions to a sample: 1 (none), 4, 8 (from 1 kHz), 80 or 160 (from 20 kHz); else
 * ECG_BAD_ARGUMENT. */
ecg_error ecg_decimator_begin(ecg_decimator *decimator, uint16_t factor);

/* One conversion. 1 where a sample is in ``out``; ``is_saturated`` then tells whether a code since the
 * sample before was at or beyond a rail: the filter rounds off what the converter cut off. */
int ecg_decimator_push(ecg_decimator *decimator, uint16_t code, uint16_t rail_low,
                       uint16_t rail_high, uint16_t *out, int *is_saturated);

/* By how much a sample is older than the moment at which it comes out. */
uint64_t ecg_decimator_delay_us(const ecg_decimator *decimator, uint16_t rate_centihz);

#endif
