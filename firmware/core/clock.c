#include "clock.h"

#include <string.h>

#define MILLION 1000000

void ecg_clock_begin(ecg_clock *clock) {
    memset(clock, 0, sizeof *clock);
}

/* What of the debt is made good in that time. */
static int64_t slewed_us(const ecg_clock *clock, uint64_t elapsed_us) {
    uint64_t most = (elapsed_us / MILLION) * ECG_SLEW_PPM +
                    ((elapsed_us % MILLION) * ECG_SLEW_PPM) / MILLION;
    uint64_t owed = (uint64_t)(clock->owed_us < 0 ? -clock->owed_us : clock->owed_us);
    int64_t paid = (int64_t)(most < owed ? most : owed);
    return clock->owed_us < 0 ? -paid : paid;
}

static uint64_t reading(const ecg_clock *clock, uint64_t elapsed_us) {
    return (uint64_t)((int64_t)(clock->utc_us + elapsed_us) + slewed_us(clock, elapsed_us));
}

uint64_t ecg_clock_utc(const ecg_clock *clock, uint64_t monotonic_us) {
    if (!clock->is_set || clock->is_lost || monotonic_us < clock->monotonic_us) {
        return 0;
    }
    return reading(clock, monotonic_us - clock->monotonic_us);
}

void ecg_clock_correct(ecg_clock *clock, uint64_t monotonic_us, uint64_t utc_us) {
    if (utc_us == 0 || (clock->is_set && monotonic_us < clock->monotonic_us)) {
        return;
    }
    if (!clock->is_set) {
        *clock = (ecg_clock){utc_us, monotonic_us, 0, 1, 0};
        return;
    }
    uint64_t now_us = reading(clock, monotonic_us - clock->monotonic_us);
    int64_t error_us = (int64_t)(utc_us - now_us);
    clock->monotonic_us = monotonic_us;
    clock->utc_us = error_us > ECG_STEP_US ? utc_us : now_us;
    clock->owed_us = error_us > ECG_STEP_US ? 0 : error_us;
    clock->is_lost = error_us < -ECG_STEP_US;
}
