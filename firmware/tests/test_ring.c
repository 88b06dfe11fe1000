/* In order, none twice, and what is lost is counted: alone, across the wrap, and by two threads. */
#include "bench.h"

#include "../core/ring.h"

#include <pthread.h>

#define ROOM 64U
#define MANY 300000U

static void test_counts_that_are_no_power_of_two_are_refused(void **state) {
    const uint32_t wrong[] = {0, 3, 6, 100, UINT32_MAX};
    uint32_t storage[1];
    ecg_ring ring;
    (void)state;
    for (size_t i = 0; i < ROWS(wrong); i++) {
        assert_int_equal(ecg_ring_begin(&ring, storage, wrong[i]), ECG_BAD_ARGUMENT);
    }
    assert_int_equal(ecg_ring_begin(&ring, NULL, 4), ECG_BAD_ARGUMENT);
    assert_int_equal(ecg_ring_begin(&ring, storage, 1), ECG_OK);
}

static void test_full_loses_the_new_ones_and_counts_them(void **state) {
    uint32_t storage[4];
    uint32_t sample = 0;
    ecg_ring ring;
    (void)state;
    assert_int_equal(ecg_ring_begin(&ring, storage, 4), ECG_OK);
    for (uint32_t i = 0; i < 7U; i++) {
        assert_int_equal(ecg_ring_put(&ring, i), i < 4U);
    }
    for (uint32_t i = 0; i < 4U; i++) {
        assert_true(ecg_ring_take(&ring, &sample));
        assert_int_equal(sample, i);
    }
    assert_false(ecg_ring_take(&ring, &sample));
    assert_true(ecg_ring_lost(&ring) == 3U);
    assert_true(ecg_ring_lost(&ring) == 0U);
}

static void test_counters_that_wrap_change_nothing(void **state) {
    uint32_t storage[4];
    ecg_ring ring;
    (void)state;
    assert_int_equal(ecg_ring_begin(&ring, storage, 4), ECG_OK);
    atomic_init(&ring.put, UINT32_MAX - 5U);
    atomic_init(&ring.take, UINT32_MAX - 5U);
    atomic_init(&ring.lost, UINT32_MAX);
    ring.told = UINT32_MAX;
    for (uint32_t i = 0; i < 12U; i++) {
        uint32_t sample = 0;
        for (uint32_t j = 0; j < 5U; j++) {
            assert_int_equal(ecg_ring_put(&ring, 10U * i + j), j < 4U);
        }
        for (uint32_t j = 0; j < 4U; j++) {
            assert_true(ecg_ring_take(&ring, &sample));
            assert_int_equal(sample, 10U * i + j);
        }
        assert_false(ecg_ring_take(&ring, &sample));
        assert_true(ecg_ring_lost(&ring) == 1U);
    }
}

typedef struct {
    ecg_ring ring;
    _Atomic int is_done;
} shared;

static void *write_all(void *given) {
    shared *both = given;
    for (uint32_t i = 1; i <= MANY; i++) {
        (void)ecg_ring_put(&both->ring, i);
    }
    atomic_store(&both->is_done, 1);
    return NULL;
}

static void test_two_threads(void **state) {
    static uint32_t storage[ROOM];
    static shared both;
    pthread_t writer;
    uint64_t taken = 0;
    uint64_t lost = 0;
    uint32_t last = 0;
    (void)state;
    assert_int_equal(ecg_ring_begin(&both.ring, storage, ROOM), ECG_OK);
    assert_int_equal(pthread_create(&writer, NULL, write_all, &both), 0);
    for (int was_done = 0; !was_done;) {
        uint32_t sample = 0;
        was_done = atomic_load(&both.is_done); /* before the last look, not after it */
        while (ecg_ring_take(&both.ring, &sample)) {
            assert_true(sample > last && sample <= MANY);
            last = sample;
            taken++;
        }
        lost += ecg_ring_lost(&both.ring);
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_true(taken + lost == MANY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_that_are_no_power_of_two_are_refused),
        cmocka_unit_test(test_full_loses_the_new_ones_and_counts_them),
        cmocka_unit_test(test_counters_that_wrap_change_nothing),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
