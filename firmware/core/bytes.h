/* Integers as the protocol writes them: big-endian, whatever the processor's own order; and keys,
 * which nothing may be left of. */
#ifndef ECG_BYTES_H
#define ECG_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void ecg_put(uint8_t *out, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(value >> (8U * (size - 1U - i)));
    }
}

static inline uint64_t ecg_get(const uint8_t *in, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = (value << 8U) | in[i];
    }
    return value;
}

/* Make key bytes zero, by a loop that the compiler may not leave out. */
static inline void ecg_wipe(volatile uint8_t *bytes, size_t size) {
    while (size > 0U) {
        bytes[--size] = 0;
    }
}

#endif
