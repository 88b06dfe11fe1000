/* Levels and the middle of a step keep their place; nothing at a rail is hidden by the filter. */
#include "bench.h"

#include "../core/decimate.h"

static const uint16_t FACTORS[] = {1, 4, 8, 80, 160};

static void test_a_level_is_kept_to_the_code(void **state) {
    const uint16_t levels[] = {0, 1, 2048, 4095, 32767, 32768, 65535};
    (void)state;
    for (size_t f = 0; f < ROWS(FACTORS); f++) {
        for (size_t i = 0; i < ROWS(levels); i++) {
            ecg_decimator decimator;
            uint16_t out = 0;
            int is_saturated = 0;
            uint32_t given = 0;
            assert_int_equal(ecg_decimator_begin(&decimator, FACTORS[f]), ECG_OK);
            for (uint32_t n = 0; n < decimator.span + 9U * FACTORS[f]; n++) {
                if (ecg_decimator_push(&decimator, levels[i], 0, 65535, &out, &is_saturated)) {
                    assert_int_equal(n + 1U, decimator.span + given * FACTORS[f]);
                    assert_int_equal(out, levels[i]);
                    assert_int_equal(is_saturated, levels[i] == 0 || levels[i] == 65535);
                    given++;
                }
            }
            assert_int_equal(given, 10);
        }
    }
}

static void test_other_factors_are_refused(void **state) {
    const uint16_t wrong[] = {0, 2, 16, 20, 40, 81, 320, 65535};
    ecg_decimator decimator;
    (void)state;
    for (size_t i = 0; i < ROWS(wrong); i++) {
        assert_int_equal(ecg_decimator_begin(&decimator, wrong[i]), ECG_BAD_ARGUMENT);
    }
}

static void test_one_code_at_a_rail_marks_what_came_from_it(void **state) {
    const uint16_t rails[] = {8, 4087};
    (void)state;
    for (size_t f = 0; f < ROWS(FACTORS); f++) {
        for (size_t r = 0; r < ROWS(rails); r++) {
            ecg_decimator decimator;
            assert_int_equal(ecg_decimator_begin(&decimator, FACTORS[f]), ECG_OK);
            uint32_t span = decimator.span;
            for (uint32_t n = 0; n < 3U * span + 3U; n++) {
                uint16_t out = 0;
                int is_saturated = 0;
                uint16_t code = n == span + 1U ? rails[r] : 2048;
                if (ecg_decimator_push(&decimator, code, 8, 4087, &out, &is_saturated)) {
                    assert_int_equal(is_saturated, n >= span + 1U && n < 2U * span + 1U);
                }
            }
        }
    }
}

/* The worst that codes can do: a square wave over the whole scale, at every period. */
static void test_no_sum_overflows(void **state) {
    (void)state;
    for (size_t f = 0; f < ROWS(FACTORS); f++) {
        for (uint32_t half = 1; half < 40U; half++) {
            ecg_decimator decimator;
            uint16_t out = 0;
            int is_saturated = 0;
            assert_int_equal(ecg_decimator_begin(&decimator, FACTORS[f]), ECG_OK);
            for (uint32_t n = 0; n < 4000U; n++) {
                uint16_t code = (n / half) % 2U == 0U ? 0 : UINT16_MAX;
                (void)ecg_decimator_push(&decimator, code, 0, UINT16_MAX, &out, &is_saturated);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_level_is_kept_to_the_code),
        cmocka_unit_test(test_other_factors_are_refused),
        cmocka_unit_test(test_one_code_at_a_rail_marks_what_came_from_it),
        cmocka_unit_test(test_no_sum_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
