#include "ring.h"

ecg_error ecg_ring_begin(ecg_ring *ring, uint32_t *values, uint32_t count) {
    if (count == 0U || (count & (count - 1U)) != 0U) {
        return ECG_BAD_ARGUMENT;
    }
    ring->values = values;
    ring->mask = count - 1U;
    atomic_init(&ring->put, 0U);
    atomic_init(&ring->taken, 0U);
    atomic_init(&ring->lost, 0U);
    return ECG_OK;
}

/* Both counters wrap; their difference is what the ring holds. */
int ecg_ring_put(ecg_ring *ring, uint32_t value) {
    uint32_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
    uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_acquire);
    if (put - taken > ring->mask) {
        (void)atomic_fetch_add_explicit(&ring->lost, 1U, memory_order_relaxed);
        return 0;
    }
    ring->values[put & ring->mask] = value;
    atomic_store_explicit(&ring->put, put + 1U, memory_order_release);
    return 1;
}

int ecg_ring_take(ecg_ring *ring, uint32_t *value) {
    uint32_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    if (taken == atomic_load_explicit(&ring->put, memory_order_acquire)) {
        return 0;
    }
    *value = ring->values[taken & ring->mask];
    atomic_store_explicit(&ring->taken, taken + 1U, memory_order_release);
    return 1;
}

uint32_t ecg_ring_lost(ecg_ring *ring) {
    return atomic_exchange_explicit(&ring->lost, 0U, memory_order_relaxed);
}
