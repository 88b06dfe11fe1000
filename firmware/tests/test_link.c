/* Tries, waits and gives up in good time; never MQTT without Wi-Fi, never two clients. */
#include "bench.h"

#include "../core/link.h"

#define S UINT64_C(1000000)

/* Wi-Fi and MQTT are up at 0. */
static ecg_link up(void) {
    ecg_link link;
    ecg_link_begin(&link, 7);
    assert_int_equal(ecg_link_step(&link, 0), ECG_LINK_START_WIFI);
    assert_int_equal(ecg_link_step(&link, 0), ECG_LINK_NONE);
    ecg_link_on_wifi(&link, 1, 0);
    assert_int_equal(ecg_link_step(&link, 0), ECG_LINK_START_MQTT);
    ecg_link_on_mqtt(&link, 1, 0);
    assert_int_equal(ecg_link_step(&link, 0), ECG_LINK_NONE);
    assert_true(ecg_link_due_us(&link) == UINT64_MAX);
    return link;
}

static void test_waits_are_drawn_from_intervals_that_double(void **state) {
    const uint64_t intervals[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    uint64_t longest[ROWS(intervals)] = {0};
    uint64_t shortest[ROWS(intervals)];
    (void)state;
    memset(shortest, 0xFF, sizeof shortest);
    for (uint32_t seed = 0; seed < 200U; seed++) {
        ecg_link link;
        uint64_t now_us = 0;
        ecg_link_begin(&link, seed * 2654435761U);
        for (size_t i = 0; i < ROWS(intervals); i++) {
            assert_int_equal(ecg_link_step(&link, now_us), ECG_LINK_START_WIFI);
            ecg_link_on_wifi(&link, 0, now_us);
            uint64_t waited = ecg_link_due_us(&link) - now_us;
            longest[i] = waited > longest[i] ? waited : longest[i];
            shortest[i] = waited < shortest[i] ? waited : shortest[i];
            now_us += waited;
        }
    }
    for (size_t i = 0; i < ROWS(intervals); i++) {
        assert_true(longest[i] <= intervals[i] * S && longest[i] >= intervals[i] * S * 9U / 10U);
        assert_true(shortest[i] <= intervals[i] * S / 10U);
    }
}

static void test_silence_is_failure(void **state) {
    ecg_link link;
    (void)state;
    ecg_link_begin(&link, 7);
    assert_int_equal(ecg_link_step(&link, 0), ECG_LINK_START_WIFI);
    assert_true(ecg_link_due_us(&link) == 20U * S);
    assert_int_equal(ecg_link_step(&link, 20U * S - 1U), ECG_LINK_NONE);
    assert_int_equal(ecg_link_step(&link, 20U * S), ECG_LINK_NONE);
    assert_int_equal(ecg_link_step(&link, 21U * S), ECG_LINK_START_WIFI);
    ecg_link_on_wifi(&link, 1, 22U * S);
    assert_int_equal(ecg_link_step(&link, 22U * S), ECG_LINK_START_MQTT);
    assert_int_equal(ecg_link_step(&link, 42U * S), ECG_LINK_STOP_MQTT);
    assert_int_equal(ecg_link_step(&link, 43U * S), ECG_LINK_START_MQTT);
}

static void test_without_wifi_mqtt_is_stopped_and_not_tried(void **state) {
    ecg_link link = up();
    (void)state;
    ecg_link_on_wifi(&link, 0, 5U * S);
    assert_true(ecg_link_due_us(&link) == 0);
    assert_int_equal(ecg_link_step(&link, 5U * S), ECG_LINK_STOP_MQTT);
    ecg_link_on_mqtt(&link, 0, 5U * S); /* the client's own word of it changes nothing */
    assert_int_equal(ecg_link_step(&link, 10U * S), ECG_LINK_START_WIFI);
    assert_int_equal(ecg_link_step(&link, 10U * S), ECG_LINK_NONE);
    ecg_link_on_wifi(&link, 1, 11U * S);
    assert_int_equal(ecg_link_step(&link, 11U * S), ECG_LINK_START_MQTT);
}

static void test_a_late_word_of_the_old_client_counts_for_nothing(void **state) {
    ecg_link link = up();
    (void)state;
    ecg_link_on_mqtt(&link, 0, 5U * S);
    ecg_link_on_mqtt(&link, 1, 5U * S);
    assert_int_equal(ecg_link_step(&link, 5U * S), ECG_LINK_STOP_MQTT);
    assert_int_equal(ecg_link_step(&link, 10U * S), ECG_LINK_START_MQTT);
}

static void test_only_a_steady_link_goes_back_to_the_first_interval(void **state) {
    (void)state;
    for (uint64_t steady = 0; steady < 2U; steady++) {
        ecg_link link = up();
        uint64_t now_us = 0;
        for (int i = 0; i < 8; i++) {
            ecg_link_on_mqtt(&link, 0, now_us);
            assert_int_equal(ecg_link_step(&link, now_us), ECG_LINK_STOP_MQTT);
            now_us += 60U * S;
            assert_int_equal(ecg_link_step(&link, now_us), ECG_LINK_START_MQTT);
            ecg_link_on_mqtt(&link, 1, now_us);
            now_us += steady ? 60U * S : 60U * S - 1U;
        }
        ecg_link_on_mqtt(&link, 0, now_us);
        assert_true(link.mqtt.interval_us == (steady ? 2U * S : 60U * S));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_are_drawn_from_intervals_that_double),
        cmocka_unit_test(test_silence_is_failure),
        cmocka_unit_test(test_without_wifi_mqtt_is_stopped_and_not_tried),
        cmocka_unit_test(test_a_late_word_of_the_old_client_counts_for_nothing),
        cmocka_unit_test(test_only_a_steady_link_goes_back_to_the_first_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
