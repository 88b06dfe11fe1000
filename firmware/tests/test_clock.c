/* Time goes on, never back; and says when it is not known. */
#include "bench.h"

#include "../core/clock.h"

#define S UINT64_C(1000000)
#define T UINT64_C(1800000000000000)

static ecg_clock set(void) {
    ecg_clock clock;
    ecg_clock_begin(&clock);
    ecg_clock_correct(&clock, 10U * S, T);
    return clock;
}

static void test_unknown_until_it_was_told(void **state) {
    ecg_clock clock;
    (void)state;
    ecg_clock_begin(&clock);
    assert_true(ecg_clock_utc(&clock, 5) == 0);
    ecg_clock_correct(&clock, 5, 0);
    assert_true(ecg_clock_utc(&clock, 6) == 0);
    clock = set();
    assert_true(ecg_clock_utc(&clock, 11U * S) == T + S);
    assert_true(ecg_clock_utc(&clock, 9U * S) == 0);
}

static void test_small_errors_are_made_good_slowly(void **state) {
    const int64_t errors_us[] = {100000, -100000};
    (void)state;
    for (size_t i = 0; i < ROWS(errors_us); i++) {
        ecg_clock clock = set();
        uint64_t before = ecg_clock_utc(&clock, 20U * S);
        ecg_clock_correct(&clock, 20U * S, (uint64_t)((int64_t)before + errors_us[i]));
        assert_true(ecg_clock_utc(&clock, 20U * S) == before);
        for (uint64_t at = 21; at <= 400; at++) {
            uint64_t now = ecg_clock_utc(&clock, at * S);
            assert_true(now > before);
            assert_true(now - before >= S - 500U && now - before <= S + 500U);
            before = now;
        }
        assert_true(ecg_clock_utc(&clock, 400U * S) ==
                    (uint64_t)((int64_t)(T + 390U * S) + errors_us[i]));
    }
}

static void test_late_steps_forward_and_ahead_is_lost_until_it_is_right_again(void **state) {
    ecg_clock clock = set();
    (void)state;
    ecg_clock_correct(&clock, 20U * S, T + 70U * S);
    assert_true(ecg_clock_utc(&clock, 20U * S) == T + 70U * S);
    ecg_clock_correct(&clock, 30U * S, T + 20U * S);
    assert_true(ecg_clock_utc(&clock, 31U * S) == 0);
    ecg_clock_correct(&clock, 90U * S, T + 140U * S);
    assert_true(ecg_clock_utc(&clock, 90U * S) >= T + 80U * S);
    assert_true(ecg_clock_utc(&clock, 90U * S) != 0);
}

static void test_a_correction_from_before_is_not_taken(void **state) {
    ecg_clock clock = set();
    (void)state;
    ecg_clock_correct(&clock, 9U * S, T + 50U * S);
    assert_true(ecg_clock_utc(&clock, 11U * S) == T + S);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_until_it_was_told),
        cmocka_unit_test(test_small_errors_are_made_good_slowly),
        cmocka_unit_test(test_late_steps_forward_and_ahead_is_lost_until_it_is_right_again),
        cmocka_unit_test(test_a_correction_from_before_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
