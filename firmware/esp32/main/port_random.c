/* Random bytes fit for keys. The chip's generator is one only while the radio is on, and a worse one
 * while the converter runs: so it stands still meanwhile, and what it misses is told as lost. */
#include "layer.h"

#include "esp_random.h"

ecg_error port_random(void *self, uint8_t *out, size_t size) {
    layer *owner = self;
    uint64_t since_us = 0;
    if (!atomic_load(&owner->is_radio_on)) {
        return ECG_RANDOM;
    }
    adc_pause(owner, &since_us);
    esp_fill_random(out, size);
    adc_resume(owner, since_us);
    return ECG_OK;
}
