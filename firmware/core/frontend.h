/* The AD8232 and the converter behind it: codes become samples about mid-scale, in known units.
 *
 * An electrode that comes back shakes the amplifier for a while: until it has settled there are no
 * samples, for what looks like a beat then is none. */
#ifndef ECG_FRONTEND_H
#define ECG_FRONTEND_H

#include "errors.h"

#include <stdint.h>

typedef struct {
    uint32_t reference_uv; /* full scale of the converter */
    uint8_t bits;          /* of the converter, at most 15 */
    uint16_t gain;         /* from the electrodes to the converter */
    uint16_t margin;       /* codes from either end that count as saturated */
    uint32_t settle;       /* samples without value after an electrode is back */
} ecg_frontend_form;

typedef struct {
    ecg_frontend_form form;
    uint32_t unsettled;
} ecg_frontend;

/* ECG_BAD_ARGUMENT for a form whose unit does not fit into nv_per_lsb, or whose margins leave no code
 * between them. */
ecg_error ecg_frontend_begin(ecg_frontend *frontend, const ecg_frontend_form *form,
                             uint16_t *nv_per_lsb);

/* The sample for a code, ECG_NO_SAMPLE where there is none; adds to ``flags`` (chunk.h). */
int16_t ecg_frontend_sample(ecg_frontend *frontend, uint16_t code, int lead_off_plus,
                            int lead_off_minus, uint16_t *flags);

#endif
