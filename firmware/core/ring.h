/* Conversions on their way from the driver's callback to the task: one writer, one reader, no lock. */
#ifndef ECG_RING_H
#define ECG_RING_H

#include "errors.h"

#include <stdatomic.h>
#include <stdint.h>

typedef struct {
    uint32_t *values;
    uint32_t mask;
    _Atomic uint32_t put; /* written by the writer alone */
    _Atomic uint32_t taken; /* by the reader alone */
    _Atomic uint32_t lost;
} ecg_ring;

/* ``count`` values of storage, a power of two; else ECG_BAD_ARGUMENT. */
ecg_error ecg_ring_begin(ecg_ring *ring, uint32_t *values, uint32_t count);

/* The writer. 0 where there is no room: the value is counted as lost. */
int ecg_ring_put(ecg_ring *ring, uint32_t value);

/* The reader. 0 where there is nothing. */
int ecg_ring_take(ecg_ring *ring, uint32_t *value);

/* The reader: how many were lost since it last asked. They lie behind what the ring held then. */
uint32_t ecg_ring_lost(ecg_ring *ring);

#endif
