/* Samples from the converter's callback to the task, without a lock: one writer, one reader.
 *
 * Atomic loads and stores alone, for the ESP32-C3 has no instruction that does both: each index and
 * each count has one side that writes it. */
#ifndef ECG_RING_H
#define ECG_RING_H

#include "errors.h"

#include <stdatomic.h>
#include <stdint.h>

typedef struct {
    uint32_t *storage;
    uint32_t mask;
    _Atomic uint32_t put;  /* written by the writer: all that was ever put, modulo 2^32 */
    _Atomic uint32_t lost; /* by the writer: all that was ever lost, modulo 2^32 */
    _Atomic uint32_t take; /* by the reader */
    uint32_t told;         /* the reader's: of ``lost``, what ecg_ring_lost has told */
} ecg_ring;

/* Before either side begins. The storage is the caller's and has to last. ECG_BAD_ARGUMENT for a
 * count that is no power of two. */
ecg_error ecg_ring_begin(ecg_ring *ring, uint32_t *storage, uint32_t count_power_of_two);

/* The writer: 0 where the ring is full; the sample is lost then, and counted. */
int ecg_ring_put(ecg_ring *ring, uint32_t sample);

/* The reader: the oldest sample, 0 where there is none. */
int ecg_ring_take(ecg_ring *ring, uint32_t *sample);

/* The reader: samples lost since it last asked, which has to be before 2^32 were. They are missing
 * somewhere after those it had taken when it asked before. */
uint64_t ecg_ring_lost(ecg_ring *ring);

#endif
