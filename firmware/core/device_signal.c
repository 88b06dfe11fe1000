#include "device_parts.h"

#include "seal.h"

#define ASTRAY_US UINT64_C(1000000)
#define FOLLOW 1024U /* samples: about four seconds */

/* Seal and keep. Room is made sure of first: a number, once used, is never without its chunk. */
static ecg_error keep(ecg_device *device, ecg_body *body) {
    uint8_t chunk[ECG_CHUNK_BYTES];
    body->flags |= (uint16_t)(device->is_online ? 0U : (unsigned)ECG_FROM_FLASH);
    ecg_error error = ecg_outbox_make_room(&device->courier.outbox);
    if (error == ECG_OK) {
        error = ecg_seal(&device->session, body, chunk);
    }
    if (error == ECG_OK) {
        error = ecg_courier_keep(&device->courier, chunk);
    }
    return error;
}

static void keep_or_tell(ecg_device *device, ecg_body *body) {
    ecg_error error = keep(device, body);
    device->tally.fault = error;
    if (error == ECG_OK) {
        device->tally.sealed += 1U;
        return;
    }
    device->tally.dropped_samples += body->n_valid;
    ecg_framer_dropped(&device->framer);
}

/* The counter's time of the sample that comes next. Conversions come in batches, so that "now" is
 * later than the truth by up to one: samples are counted from an anchor, which follows "now" so slowly
 * that batches do not show. The converter's clock and the counter drift apart without a jump. */
static uint64_t sample_time_us(ecg_device *device) {
    uint64_t now_us = ecg_device_now_us(device);
    uint64_t since = device->samples - device->anchor_index;
    uint64_t at_us = device->anchor_us +
                     ((since * UINT64_C(100000000)) / device->settings.rate_centihz);
    int is_ahead = at_us > now_us;
    uint64_t apart_us = is_ahead ? at_us - now_us : now_us - at_us;
    if (!device->is_anchored || apart_us > ASTRAY_US) {
        device->is_anchored = 1;
        device->anchor_us = now_us;
        device->anchor_index = device->samples;
        return now_us;
    }
    uint64_t step_us = apart_us / FOLLOW;
    device->anchor_us = is_ahead ? device->anchor_us - step_us : device->anchor_us + step_us;
    return at_us;
}

/* When a sample was measured that is computed from the codes until now. */
static uint64_t utc_of(const ecg_device *device, uint64_t at_us) {
    uint64_t codes_per_s =
        (uint64_t)device->settings.rate_centihz * device->settings.decimation / 100U;
    uint64_t delay_us = (device->decimator.span - 1U) * UINT64_C(500000) / codes_per_s;
    uint64_t from_us = device->clock.monotonic_us;
    uint64_t utc_us = ecg_clock_utc(&device->clock, at_us > from_us ? at_us : from_us);
    return utc_us > delay_us ? utc_us - delay_us : 0U;
}

void ecg_device_on_code(ecg_device *device, uint16_t code, int lead_off_plus, int lead_off_minus) {
    uint16_t top = (uint16_t)((1U << device->settings.frontend.bits) - 1U);
    uint16_t margin = device->settings.frontend.margin;
    uint16_t flags = 0;
    uint16_t smooth = 0;
    int is_saturated = 0;
    ecg_body body;
    device->codes += 1U;
    if (!ecg_decimator_push(&device->decimator, code, margin, (uint16_t)(top - margin), &smooth,
                            &is_saturated)) {
        return;
    }
    device->codes = 0;
    int16_t sample = ecg_frontend_sample(&device->frontend, smooth, lead_off_plus, lead_off_minus,
                                         &flags);
    if (is_saturated && sample != ECG_NO_SAMPLE) {
        flags |= ECG_SATURATED;
    }
    uint64_t utc_us = utc_of(device, sample_time_us(device));
    device->samples += 1U;
    if (ecg_framer_push(&device->framer, sample, flags, utc_us, &body)) {
        keep_or_tell(device, &body);
    }
}

/* No sample is computed across a gap: the filter begins anew, and what it needs to fill itself is
 * lost as well. What is less than a sample's worth is carried on to the next loss. */
void ecg_device_on_overflow(ecg_device *device, uint64_t codes) {
    ecg_body body;
    uint64_t until_next = device->codes + codes + device->decimator.span + device->carried;
    uint64_t lost = (until_next / device->settings.decimation) - 1U;
    device->carried = until_next % device->settings.decimation;
    device->codes = 0;
    (void)ecg_decimator_begin(&device->decimator, device->settings.decimation);
    device->samples += lost;
    device->tally.dropped_samples += lost;
    if (ecg_framer_lose(&device->framer, lost, &body)) {
        keep_or_tell(device, &body);
    }
}

void ecg_device_on_time(ecg_device *device, uint64_t utc_us) {
    ecg_clock_correct(&device->clock, ecg_device_now_us(device), utc_us);
}

void ecg_device_stop(ecg_device *device) {
    ecg_body body;
    if (ecg_framer_stop(&device->framer, &body)) {
        keep_or_tell(device, &body);
    }
}
