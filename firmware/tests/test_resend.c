/* 2, 4, 8, 16 and 30 s; a window of 256; who is never acknowledged is in nobody's way. */
#include "bench.h"

#include "../core/resend.h"

#define S UINT64_C(1000000)

static void test_intervals_grow_to_the_longest(void **state) {
    const uint64_t wanted[] = {2, 4, 8, 16, 30, 30, 30};
    static ecg_resend resend;
    uint64_t now_us = 5;
    (void)state;
    ecg_resend_restart(&resend);
    for (size_t i = 0; i < ROWS(wanted); i++) {
        uint32_t number = 0;
        assert_int_equal(ecg_resend_sent(&resend, 7, now_us), ECG_OK);
        assert_int_equal(ecg_resend_due(&resend, now_us + (wanted[i] * S) - 1U, &number), ECG_EMPTY);
        now_us += wanted[i] * S;
        assert_int_equal(ecg_resend_due(&resend, now_us, &number), ECG_OK);
        assert_int_equal(number, 7);
    }
    ecg_resend_done(&resend, 7);
    uint32_t number = 0;
    assert_int_equal(ecg_resend_due(&resend, UINT64_MAX, &number), ECG_EMPTY);
}

static void test_the_window_is_bounded(void **state) {
    static ecg_resend resend;
    (void)state;
    ecg_resend_restart(&resend);
    for (uint32_t n = 0; n < ECG_WINDOW; n++) {
        assert_true(ecg_resend_has_room(&resend));
        assert_int_equal(ecg_resend_sent(&resend, n, 0), ECG_OK);
    }
    assert_false(ecg_resend_has_room(&resend));
    assert_int_equal(ecg_resend_sent(&resend, 999, 0), ECG_FULL);
    assert_int_equal(ecg_resend_sent(&resend, 3, 2U * S), ECG_OK);
    ecg_resend_done(&resend, 3);
    assert_int_equal(ecg_resend_sent(&resend, 999, 0), ECG_OK);
}

static void test_who_is_never_acknowledged_leaves_the_window(void **state) {
    static ecg_resend resend;
    uint32_t number = 0;
    (void)state;
    ecg_resend_restart(&resend);
    for (uint32_t n = 0; n < ECG_WINDOW; n++) {
        assert_int_equal(ecg_resend_sent(&resend, n, 0), ECG_OK);
    }
    for (uint32_t tries = 1; tries <= ECG_TRIES; tries++) {
        assert_false(ecg_resend_has_room(&resend));
        assert_int_equal(ecg_resend_sent(&resend, 0, tries * 30U * S), ECG_OK);
    }
    assert_true(ecg_resend_has_room(&resend));
    assert_int_equal(ecg_resend_sent(&resend, ECG_WINDOW, 0), ECG_OK);
    assert_int_equal(ecg_resend_due(&resend, 6U * 30U * S, &number), ECG_OK);
}

static void test_what_was_passed_over_is_due_at_once_and_once(void **state) {
    static ecg_resend resend;
    uint32_t number = 0;
    (void)state;
    ecg_resend_restart(&resend);
    assert_int_equal(ecg_resend_sent(&resend, 1, 0), ECG_OK);
    assert_int_equal(ecg_resend_sent(&resend, 2, 0), ECG_OK);
    ecg_resend_passed_over(&resend, 1, 100);
    assert_int_equal(ecg_resend_due(&resend, 100, &number), ECG_OK);
    assert_int_equal(number, 1);
    assert_int_equal(ecg_resend_sent(&resend, 1, 100), ECG_OK);
    ecg_resend_passed_over(&resend, 1, 200);
    assert_int_equal(ecg_resend_due(&resend, 200, &number), ECG_EMPTY);
    ecg_resend_passed_over(&resend, 77, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intervals_grow_to_the_longest),
        cmocka_unit_test(test_the_window_is_bounded),
        cmocka_unit_test(test_who_is_never_acknowledged_leaves_the_window),
        cmocka_unit_test(test_what_was_passed_over_is_due_at_once_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
