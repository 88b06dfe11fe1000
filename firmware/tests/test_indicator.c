/* What the LED shows, worst first; what a press means, told once, whatever the contacts do. */
#include "bench.h"

#include "../core/indicator.h"

#define MS UINT64_C(1000)

static void test_patterns(void **unused) {
    const struct {
        ecg_state state;
        uint32_t period_ms;
        uint32_t lit_ms;
        uint32_t flashes;
    } rows[] = {
        {{0}, 5000, 50, 1},
        {{.is_starting = 1}, 1000, 1000, 0},
        {{.is_starting = 1, .has_no_network = 1}, 2000, 100, 1},
        {{.has_no_network = 1, .awaits_approval = 1}, 1000, 500, 1},
        {{.awaits_approval = 1, .is_nearly_full = 1}, 2000, 300, 3},
        {{.is_nearly_full = 1, .is_lead_off = 1}, 1000, 200, 2},
        {{.is_lead_off = 1, .is_fault = 1}, 200, 100, 1},
    };
    (void)unused;
    for (size_t i = 0; i < ROWS(rows); i++) {
        uint32_t lit_ms = 0;
        uint32_t flashes = 0;
        for (uint64_t ms = rows[i].period_ms; ms < 2U * rows[i].period_ms; ms++) {
            int on = ecg_indicator_on(&rows[i].state, ms * MS);
            lit_ms += on ? 1U : 0U;
            flashes += on && !ecg_indicator_on(&rows[i].state, (ms - 1U) * MS) ? 1U : 0U;
        }
        assert_int_equal(lit_ms, rows[i].lit_ms);
        assert_int_equal(flashes, rows[i].flashes);
    }
}

/* Down at 1 s, up ``held_ms`` later; what is told from then on. */
static ecg_press pressed(uint64_t held_ms) {
    ecg_button button;
    uint64_t up_us = (1000U + held_ms) * MS;
    ecg_button_begin(&button, 0, 0);
    assert_int_equal(ecg_button_step(&button, 1, 1000U * MS), ECG_BUTTON_NONE);
    assert_true(ecg_button_due_us(&button) == 1030U * MS);
    assert_int_equal(ecg_button_step(&button, 1, 1030U * MS), ECG_BUTTON_NONE);
    assert_int_equal(ecg_button_step(&button, 0, up_us), ECG_BUTTON_NONE);
    ecg_press press = ecg_button_step(&button, 0, ecg_button_due_us(&button));
    assert_true(ecg_button_due_us(&button) == UINT64_MAX);
    assert_int_equal(ecg_button_step(&button, 0, up_us + 99U * MS), ECG_BUTTON_NONE);
    return press;
}

static void test_how_long_says_what(void **unused) {
    (void)unused;
    assert_int_equal(pressed(31), ECG_BUTTON_EVENT);
    assert_int_equal(pressed(4999), ECG_BUTTON_EVENT);
    assert_int_equal(pressed(5000), ECG_BUTTON_PAIR);
    assert_int_equal(pressed(14999), ECG_BUTTON_PAIR);
    assert_int_equal(pressed(15000), ECG_BUTTON_RESET);
    assert_int_equal(pressed(600000), ECG_BUTTON_RESET);
}

static void test_contacts_that_bounce_are_one_press(void **unused) {
    ecg_button button;
    uint32_t told = 0;
    (void)unused;
    ecg_button_begin(&button, 0, 0);
    for (uint64_t ms = 1; ms < 1000U; ms++) {
        int is_bouncing = (ms >= 100U && ms < 120U) || (ms >= 500U && ms < 520U);
        int is_down = is_bouncing ? ms % 2U == 0U : ms >= 120U && ms < 500U;
        told += ecg_button_step(&button, is_down, ms * MS) == ECG_BUTTON_EVENT ? 1U : 0U;
    }
    assert_int_equal(told, 1);
}

static void test_a_glitch_is_no_press(void **unused) {
    ecg_button button;
    (void)unused;
    ecg_button_begin(&button, 0, 0);
    for (uint64_t ms = 1; ms < 1000U; ms++) {
        int is_down = ms >= 100U && ms < 129U;
        assert_int_equal(ecg_button_step(&button, is_down, ms * MS), ECG_BUTTON_NONE);
    }
}

static void test_who_is_told_of_changes_alone_and_late_loses_nothing(void **unused) {
    ecg_button button;
    (void)unused;
    ecg_button_begin(&button, 0, 0);
    assert_int_equal(ecg_button_step(&button, 1, 100U * MS), ECG_BUTTON_NONE);
    assert_int_equal(ecg_button_step(&button, 0, 400U * MS), ECG_BUTTON_NONE);
    assert_int_equal(ecg_button_step(&button, 1, 900U * MS), ECG_BUTTON_EVENT);
}

static void test_held_since_the_start_means_nothing(void **unused) {
    ecg_button button;
    (void)unused;
    ecg_button_begin(&button, 1, 0);
    assert_int_equal(ecg_button_step(&button, 0, 20000U * MS), ECG_BUTTON_NONE);
    assert_int_equal(ecg_button_step(&button, 0, 20030U * MS), ECG_BUTTON_NONE);
    assert_int_equal(ecg_button_step(&button, 1, 21000U * MS), ECG_BUTTON_NONE);
    assert_int_equal(ecg_button_step(&button, 1, 21030U * MS), ECG_BUTTON_NONE);
    assert_int_equal(ecg_button_step(&button, 0, 21200U * MS), ECG_BUTTON_NONE);
    assert_int_equal(ecg_button_step(&button, 0, 21230U * MS), ECG_BUTTON_EVENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_how_long_says_what),
        cmocka_unit_test(test_contacts_that_bounce_are_one_press),
        cmocka_unit_test(test_a_glitch_is_no_press),
        cmocka_unit_test(test_who_is_told_of_changes_alone_and_late_loses_nothing),
        cmocka_unit_test(test_held_since_the_start_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
