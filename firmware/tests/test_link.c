/* The link comes back by itself, later each time, and never all devices at once. */
#include "bench.h"

#include "../core/link.h"

#define SECOND UINT64_C(1000000)

static void test_wifi_first_then_mqtt(void **state) {
    ecg_link link;
    (void)state;
    ecg_link_begin(&link, 7);
    assert_int_equal(ecg_link_step(&link, 0), ECG_LINK_START_WIFI);
    assert_int_equal(ecg_link_step(&link, 1), ECG_LINK_NONE);
    ecg_link_on_wifi(&link, 1, 2 * SECOND);
    assert_int_equal(ecg_link_step(&link, 2 * SECOND), ECG_LINK_START_MQTT);
    ecg_link_on_mqtt(&link, 1, 3 * SECOND);
    assert_int_equal(ecg_link_step(&link, 3 * SECOND), ECG_LINK_NONE);
    assert_true(ecg_link_due_us(&link) == UINT64_MAX);
}

static void test_wifi_lost_takes_mqtt_with_it(void **state) {
    ecg_link link;
    (void)state;
    ecg_link_begin(&link, 7);
    (void)ecg_link_step(&link, 0);
    ecg_link_on_wifi(&link, 1, 0);
    (void)ecg_link_step(&link, 0);
    ecg_link_on_mqtt(&link, 1, 0);
    ecg_link_on_wifi(&link, 0, SECOND);
    assert_int_equal(ecg_link_step(&link, SECOND), ECG_LINK_STOP_MQTT);
    assert_int_equal(ecg_link_step(&link, 2 * SECOND), ECG_LINK_START_WIFI);
}

static void test_a_silent_attempt_fails_and_is_cleared_away(void **state) {
    ecg_link link;
    (void)state;
    ecg_link_begin(&link, 7);
    (void)ecg_link_step(&link, 0);
    ecg_link_on_wifi(&link, 1, 0);
    assert_int_equal(ecg_link_step(&link, 0), ECG_LINK_START_MQTT);
    assert_int_equal(ecg_link_step(&link, ECG_LINK_SILENCE_US - 1U), ECG_LINK_NONE);
    assert_int_equal(ecg_link_step(&link, ECG_LINK_SILENCE_US), ECG_LINK_STOP_MQTT);
    assert_int_equal(ecg_link_step(&link, ECG_LINK_SILENCE_US + SECOND), ECG_LINK_START_MQTT);
}

/* The waits of a device whose every attempt is refused. */
static uint64_t longest_wait(uint32_t seed, uint64_t *sum_us) {
    uint64_t now_us = 0;
    uint64_t longest_us = 0;
    ecg_link link;
    ecg_link_begin(&link, seed);
    for (int i = 0; i < 60; i++) {
        assert_int_equal(ecg_link_step(&link, now_us), ECG_LINK_START_WIFI);
        ecg_link_on_wifi(&link, 0, now_us);
        uint64_t wait_us = ecg_link_due_us(&link) - now_us;
        assert_true(i > 0 || wait_us <= ECG_LINK_FIRST_US);
        longest_us = wait_us > longest_us ? wait_us : longest_us;
        *sum_us += wait_us;
        now_us += wait_us;
    }
    return longest_us;
}

static void test_waits_grow_to_a_minute_and_differ(void **state) {
    uint64_t sums[2] = {0, 0};
    (void)state;
    for (uint32_t seed = 0; seed < 2U; seed++) {
        uint64_t longest_us = longest_wait(seed * 99U, &sums[seed]);
        assert_true(longest_us > 45U * SECOND && longest_us <= ECG_LINK_MAX_US);
        assert_true(sums[seed] > 60U * 20U * SECOND && sums[seed] < 60U * 40U * SECOND);
    }
    assert_true(sums[0] != sums[1]);
}

static void test_a_steady_link_begins_anew(void **state) {
    uint64_t now_us = 0;
    ecg_link link;
    (void)state;
    ecg_link_begin(&link, 3);
    for (int i = 0; i < 10; i++) {
        now_us = ecg_link_due_us(&link);
        (void)ecg_link_step(&link, now_us);
        ecg_link_on_wifi(&link, 0, now_us);
    }
    assert_true(link.wifi.interval_us == ECG_LINK_MAX_US);
    ecg_link_on_wifi(&link, 1, now_us);
    ecg_link_on_wifi(&link, 0, now_us + ECG_LINK_STEADY_US - 1U);
    assert_true(link.wifi.interval_us == ECG_LINK_MAX_US);
    ecg_link_on_wifi(&link, 1, now_us);
    ecg_link_on_wifi(&link, 0, now_us + ECG_LINK_STEADY_US);
    assert_true(link.wifi.interval_us == 2U * ECG_LINK_FIRST_US);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wifi_first_then_mqtt),
        cmocka_unit_test(test_wifi_lost_takes_mqtt_with_it),
        cmocka_unit_test(test_a_silent_attempt_fails_and_is_cleared_away),
        cmocka_unit_test(test_waits_grow_to_a_minute_and_differ),
        cmocka_unit_test(test_a_steady_link_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
