/* The decimator in integers: gain 1, no ringing at its start, rails that stay visible. The response
 * itself is measured from Python. */
#include "bench.h"

#include "../core/decimate.h"

#define RAIL_LOW 8U
#define RAIL_HIGH 4087U

static const uint16_t FACTORS[] = {1, 4, 8, 80, 160};

static void test_a_constant_stays_what_it_is_from_the_first_sample(void **state) {
    (void)state;
    for (size_t row = 0; row < ROWS(FACTORS); row++) {
        ecg_decimator decimator;
        unsigned samples = 0;
        assert_int_equal(ecg_decimator_begin(&decimator, FACTORS[row]), ECG_OK);
        for (unsigned i = 0; i < 40U * FACTORS[row]; i++) {
            uint16_t out = 0;
            int is_saturated = 1;
            if (ecg_decimator_push(&decimator, 2047, RAIL_LOW, RAIL_HIGH, &out, &is_saturated)) {
                samples++;
                assert_int_equal(out, 2047);
                assert_false(is_saturated);
            }
        }
        assert_int_equal(samples, 40);
    }
}

static void test_a_single_code_at_a_rail_is_told_once(void **state) {
    ecg_decimator decimator;
    unsigned told = 0;
    (void)state;
    assert_int_equal(ecg_decimator_begin(&decimator, 160), ECG_OK);
    for (unsigned i = 0; i < 100U * 160U; i++) {
        uint16_t out = 0;
        int is_saturated = 0;
        uint16_t code = i == 5000U ? RAIL_HIGH : 2047;
        if (ecg_decimator_push(&decimator, code, RAIL_LOW, RAIL_HIGH, &out, &is_saturated)) {
            told += (unsigned)is_saturated;
            assert_in_range(out, 2047 - 30, 2047 + 30);
        }
    }
    assert_int_equal(told, 1);
}

static void test_extremes_are_not_wrapped(void **state) {
    ecg_decimator decimator;
    (void)state;
    assert_int_equal(ecg_decimator_begin(&decimator, 8), ECG_OK);
    for (unsigned i = 0; i < 4000; i++) {
        uint16_t out = 0;
        int is_saturated = 0;
        uint16_t code = (i / 100U) % 2U == 0U ? UINT16_MAX : 0;
        if (ecg_decimator_push(&decimator, code, RAIL_LOW, RAIL_HIGH, &out, &is_saturated) &&
            i % 100U > 95U && i > 100U) {
            assert_true(code == 0 ? out < 500U : out > UINT16_MAX - 500U);
        }
    }
}

static void test_delay_and_what_cannot_be(void **state) {
    ecg_decimator decimator;
    (void)state;
    assert_int_equal(ecg_decimator_begin(&decimator, 0), ECG_BAD_ARGUMENT);
    assert_int_equal(ecg_decimator_begin(&decimator, 5), ECG_BAD_ARGUMENT);
    assert_int_equal(ecg_decimator_begin(&decimator, 1), ECG_OK);
    assert_true(ecg_decimator_delay_us(&decimator, 36000) == 0);
    assert_int_equal(ecg_decimator_begin(&decimator, 160), ECG_OK);
    assert_true(ecg_decimator_delay_us(&decimator, 12500) == 2000 + 45000);
    assert_int_equal(ecg_decimator_begin(&decimator, 4), ECG_OK);
    assert_true(ecg_decimator_delay_us(&decimator, 25000) == 12000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_constant_stays_what_it_is_from_the_first_sample),
        cmocka_unit_test(test_a_single_code_at_a_rail_is_told_once),
        cmocka_unit_test(test_extremes_are_not_wrapped),
        cmocka_unit_test(test_delay_and_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
