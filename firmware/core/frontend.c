#include "frontend.h"

#include "chunk.h"

#define BITS_MAX 15U

ecg_error ecg_frontend_begin(ecg_frontend *frontend, const ecg_frontend_form *form,
                             uint16_t *nv_per_lsb) {
    if (form->bits == 0 || form->bits > BITS_MAX || form->gain == 0 ||
        (2U * form->margin) + 2U >= UINT32_C(1) << form->bits) {
        return ECG_BAD_ARGUMENT;
    }
    uint64_t steps = (uint64_t)form->gain << form->bits;
    uint64_t nv = (((uint64_t)form->reference_uv * 1000U) + (steps / 2U)) / steps;
    if (nv == 0 || nv > UINT16_MAX) {
        return ECG_BAD_ARGUMENT;
    }
    frontend->form = *form;
    frontend->unsettled = form->settle; /* the amplifier has only just been switched on */
    *nv_per_lsb = (uint16_t)nv;
    return ECG_OK;
}

int16_t ecg_frontend_sample(ecg_frontend *frontend, uint16_t code, int lead_off_plus,
                            int lead_off_minus, uint16_t *flags) {
    uint16_t top = (uint16_t)((1U << frontend->form.bits) - 1U);
    if (lead_off_plus || lead_off_minus) {
        *flags |= (uint16_t)((lead_off_plus ? ECG_LEAD_OFF_PLUS : 0) |
                             (lead_off_minus ? ECG_LEAD_OFF_MINUS : 0));
        frontend->unsettled = frontend->form.settle;
        return (int16_t)ECG_NO_SAMPLE;
    }
    if (frontend->unsettled > 0U) {
        frontend->unsettled -= 1U;
        return (int16_t)ECG_NO_SAMPLE;
    }
    uint16_t inside = code < top ? code : top;
    if (inside <= frontend->form.margin || inside >= top - frontend->form.margin) {
        *flags |= ECG_SATURATED;
    }
    return (int16_t)((int32_t)inside - (int32_t)(1U << (frontend->form.bits - 1U)));
}
