/* UTC from a counter that only goes forward and a network time that now and then corrects it.
 *
 * Within a session time never goes back: small errors are made good slowly, a clock that is late
 * steps forward, and one that is far ahead says that it does not know, until the next session. */
#ifndef ECG_CLOCK_H
#define ECG_CLOCK_H

#include <stdint.h>

#define ECG_SLEW_PPM 500
#define ECG_STEP_US 1000000

typedef struct {
    uint64_t utc_us;       /* at ``monotonic_us`` */
    uint64_t monotonic_us; /* of the last correction */
    int64_t owed_us;       /* still to be made good by slewing */
    int is_set;
    int is_lost;
} ecg_clock;

void ecg_clock_begin(ecg_clock *clock);

/* A network time was had at a moment of the counter. */
void ecg_clock_correct(ecg_clock *clock, uint64_t monotonic_us, uint64_t utc_us);

/* UTC in microseconds since 1970 at a moment of the counter, not before the last correction; 0
 * where it is not known. */
uint64_t ecg_clock_utc(const ecg_clock *clock, uint64_t monotonic_us);

#endif
