#include "ring.h"

#include <stddef.h>

ecg_error ecg_ring_begin(ecg_ring *ring, uint32_t *storage, uint32_t count_power_of_two) {
    uint32_t count = count_power_of_two;
    if (storage == NULL || count == 0U || (count & (count - 1U)) != 0U) {
        return ECG_BAD_ARGUMENT;
    }
    ring->storage = storage;
    ring->mask = count - 1U;
    atomic_init(&ring->put, 0U);
    atomic_init(&ring->lost, 0U);
    atomic_init(&ring->take, 0U);
    ring->told = 0;
    return ECG_OK;
}

int ecg_ring_put(ecg_ring *ring, uint32_t sample) {
    uint32_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
    /* Acquire: the reader has done with the place before it is written again. */
    uint32_t take = atomic_load_explicit(&ring->take, memory_order_acquire);
    if (put - take > ring->mask) {
        uint32_t lost = atomic_load_explicit(&ring->lost, memory_order_relaxed);
        atomic_store_explicit(&ring->lost, lost + 1U, memory_order_release);
        return 0;
    }
    ring->storage[put & ring->mask] = sample;
    atomic_store_explicit(&ring->put, put + 1U, memory_order_release);
    return 1;
}

int ecg_ring_take(ecg_ring *ring, uint32_t *sample) {
    uint32_t take = atomic_load_explicit(&ring->take, memory_order_relaxed);
    if (take == atomic_load_explicit(&ring->put, memory_order_acquire)) {
        return 0;
    }
    *sample = ring->storage[take & ring->mask];
    atomic_store_explicit(&ring->take, take + 1U, memory_order_release);
    return 1;
}

uint64_t ecg_ring_lost(ecg_ring *ring) {
    uint32_t lost = atomic_load_explicit(&ring->lost, memory_order_acquire);
    uint32_t fresh = lost - ring->told;
    ring->told = lost;
    return fresh;
}
