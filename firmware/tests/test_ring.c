/* One thread puts, another takes: every value once, in order, or counted as lost. */
#include "bench.h"

#include "../core/ring.h"

#include <pthread.h>

#define COUNT 64U
#define MANY 300000U

static void test_order_wrap_and_loss(void **state) {
    uint32_t values[4];
    uint32_t value = 0;
    ecg_ring ring;
    (void)state;
    assert_int_equal(ecg_ring_begin(&ring, values, 3), ECG_BAD_ARGUMENT);
    assert_int_equal(ecg_ring_begin(&ring, values, 0), ECG_BAD_ARGUMENT);
    assert_int_equal(ecg_ring_begin(&ring, values, 4), ECG_OK);
    atomic_store(&ring.put, UINT32_MAX - 1U);
    atomic_store(&ring.taken, UINT32_MAX - 1U);
    for (uint32_t i = 0; i < 6U; i++) {
        assert_int_equal(ecg_ring_put(&ring, i), i < 4U);
    }
    assert_int_equal(ecg_ring_lost(&ring), 2);
    assert_int_equal(ecg_ring_lost(&ring), 0);
    for (uint32_t i = 0; i < 4U; i++) {
        assert_true(ecg_ring_take(&ring, &value));
        assert_int_equal(value, i);
    }
    assert_false(ecg_ring_take(&ring, &value));
}

static void *put_all(void *argument) {
    ecg_ring *ring = argument;
    for (uint32_t i = 0; i < MANY; i++) {
        (void)ecg_ring_put(ring, i);
    }
    (void)ecg_ring_put(ring, UINT32_MAX);
    return NULL;
}

static void test_two_threads(void **state) {
    uint32_t values[COUNT];
    pthread_t writer;
    ecg_ring ring;
    uint32_t taken = 0;
    uint32_t last = 0;
    uint32_t value = 0;
    int is_first = 1;
    (void)state;
    assert_int_equal(ecg_ring_begin(&ring, values, COUNT), ECG_OK);
    assert_int_equal(pthread_create(&writer, NULL, put_all, &ring), 0);
    while (taken + atomic_load(&ring.lost) < MANY + 1U) {
        if (ecg_ring_take(&ring, &value)) {
            assert_true(is_first || value > last);
            is_first = 0;
            last = value;
            taken++;
        }
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_true(taken >= COUNT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_wrap_and_loss),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
