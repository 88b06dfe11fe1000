/* The light tells states apart, the button presses from bounces. */
#include "bench.h"

#include "../core/indicator.h"

#define MS UINT64_C(1000)

/* Times that the light goes on within 20 s, and tenths that it is lit. */
static void watch(ecg_state state, unsigned *changes, unsigned *lit) {
    int before = 0;
    *changes = *lit = 0;
    for (uint64_t tenth = 0; tenth < 200U; tenth++) {
        int on = ecg_indicator_on(state, tenth * 100U * MS);
        *changes += on && !before ? 1U : 0U;
        *lit += on ? 1U : 0U;
        before = on;
    }
}

static void test_states_look_different(void **state) {
    static const unsigned EXPECTED[][3] = {
        {ECG_STREAMING, 4, 4},  {ECG_OFFLINE, 8, 8},  {ECG_NEARLY_FULL, 12, 12},
        {ECG_LEAD_OFF, 10, 100}, {ECG_WAITING, 40, 80}, {ECG_STARTING, 1, 200},
        {ECG_FAULT, 100, 100},
    };
    (void)state;
    for (size_t row = 0; row < ROWS(EXPECTED); row++) {
        unsigned changes = 0;
        unsigned lit = 0;
        watch((ecg_state)EXPECTED[row][0], &changes, &lit);
        assert_int_equal(changes, EXPECTED[row][1]);
        assert_int_equal(lit, EXPECTED[row][2]);
    }
}

/* Hold the button from 1 s on, with a bounce at either end; what is told, and how often. */
static ecg_press hold(uint64_t held_us, unsigned *told) {
    ecg_button button = {0, 0, 0, 0};
    ecg_press last = ECG_PRESS_NONE;
    for (uint64_t now_us = 0; now_us < 20000U * MS; now_us += 5U * MS) {
        uint64_t since = now_us - (1000U * MS);
        int is_down = now_us >= 1000U * MS && since < held_us;
        int bounces = since == 10U * MS || since == held_us + (10U * MS);
        ecg_press press = ecg_button_look(&button, is_down ^ bounces, now_us);
        *told += press != ECG_PRESS_NONE ? 1U : 0U;
        last = press != ECG_PRESS_NONE ? press : last;
    }
    return last;
}

static void test_presses(void **state) {
    unsigned told = 0;
    (void)state;
    assert_int_equal(hold(20U * MS, &told), ECG_PRESS_NONE);
    assert_int_equal(told, 0);
    assert_int_equal(hold(200U * MS, &told), ECG_PRESS_SHORT);
    assert_int_equal(hold(6000U * MS, &told), ECG_PRESS_LONG);
    assert_int_equal(hold(16000U * MS, &told), ECG_PRESS_RESET);
    assert_int_equal(told, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_look_different),
        cmocka_unit_test(test_presses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
