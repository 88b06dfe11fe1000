/* 187 samples a body, numbered without holes of our own; what was lost is told. */
#include "bench.h"

#include "../core/framer.h"

static ecg_framer begun(void) {
    ecg_framer framer;
    ecg_framer_begin(&framer, 12500, 732, ECG_TEST_SIGNAL);
    return framer;
}

/* Push ``count`` samples; how many bodies were completed, the last one in ``body``. */
static int push(ecg_framer *framer, uint32_t count, uint64_t utc_us, ecg_body *body) {
    int complete = 0;
    for (uint32_t i = 0; i < count; i++) {
        complete += ecg_framer_push(framer, (int16_t)i, 0, utc_us + i, body);
    }
    return complete;
}

static void test_bodies_follow_each_other(void **state) {
    ecg_framer framer = begun();
    ecg_body body;
    (void)state;
    assert_int_equal(push(&framer, ECG_SAMPLES, 1000, &body), 1);
    assert_true(body.sample_index == 0 && body.t0_us == 1000);
    assert_int_equal(body.flags, ECG_TEST_SIGNAL);
    assert_int_equal(body.samples[186], 186);
    assert_int_equal(push(&framer, ECG_SAMPLES, 2000, &body), 1);
    assert_true(body.sample_index == ECG_SAMPLES && body.t0_us == 2000);
    assert_int_equal(ecg_framer_stop(&framer, &body), 0);
}

static void test_flags_are_those_of_any_sample_and_of_a_clock_that_is_not_set(void **state) {
    ecg_framer framer = begun();
    ecg_body body;
    (void)state;
    assert_int_equal(ecg_framer_push(&framer, 0, ECG_SATURATED, 0, &body), 0);
    assert_int_equal(push(&framer, ECG_SAMPLES - 1U, 5, &body), 1);
    assert_true(body.t0_us == 0);
    assert_int_equal(body.flags, ECG_TEST_SIGNAL | ECG_SATURATED | ECG_CLOCK_UNSYNCED);
}

static void test_a_stop_ends_a_body_early(void **state) {
    ecg_framer framer = begun();
    ecg_body body;
    (void)state;
    assert_int_equal(push(&framer, 5, 1, &body), 0);
    assert_int_equal(ecg_framer_stop(&framer, &body), 1);
    assert_int_equal(body.n_valid, 5);
    assert_int_equal(push(&framer, ECG_SAMPLES, 1, &body), 1);
    assert_true(body.sample_index == 5);
}

static void test_lost_samples_are_counted(void **state) {
    ecg_framer framer = begun();
    ecg_body body;
    (void)state;
    assert_int_equal(ecg_framer_lose(&framer, 10, &body), 0);
    assert_int_equal(push(&framer, 100, 1, &body), 0);
    assert_int_equal(ecg_framer_lose(&framer, 3, &body), 0);
    assert_int_equal(push(&framer, 84, 1, &body), 1);
    assert_true(body.sample_index == 10);
    assert_int_equal(body.flags, ECG_TEST_SIGNAL | ECG_GAP_BEFORE);
    assert_int_equal(body.samples[100], ECG_NO_SAMPLE);
    assert_int_equal(body.samples[102], ECG_NO_SAMPLE);
    assert_int_equal(body.samples[103], 0);
    assert_int_equal(push(&framer, 180, 1, &body), 0);
    assert_int_equal(ecg_framer_lose(&framer, 1000, &body), 1);
    assert_int_equal(body.n_valid, ECG_SAMPLES);
    assert_int_equal(body.flags, ECG_TEST_SIGNAL);
    assert_int_equal(push(&framer, ECG_SAMPLES, 1, &body), 1);
    assert_true(body.sample_index == 10U + 187U + 180U + 1000U);
    assert_int_equal(body.flags, ECG_TEST_SIGNAL | ECG_GAP_BEFORE);
}

static void test_a_body_that_found_no_place_leaves_a_gap(void **state) {
    ecg_framer framer = begun();
    ecg_body body;
    (void)state;
    assert_int_equal(push(&framer, ECG_SAMPLES, 1, &body), 1);
    ecg_framer_dropped(&framer);
    assert_int_equal(push(&framer, ECG_SAMPLES, 1, &body), 1);
    assert_int_equal(body.flags, ECG_TEST_SIGNAL | ECG_GAP_BEFORE);
    assert_true(body.sample_index == ECG_SAMPLES);
    assert_int_equal(push(&framer, ECG_SAMPLES, 1, &body), 1);
    assert_int_equal(body.flags, ECG_TEST_SIGNAL);
    assert_int_equal(push(&framer, 1, 1, &body), 0);
    ecg_framer_dropped(&framer);
    assert_int_equal(push(&framer, ECG_SAMPLES - 1U, 1, &body), 1);
    assert_int_equal(body.flags, ECG_TEST_SIGNAL | ECG_GAP_BEFORE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_follow_each_other),
        cmocka_unit_test(test_flags_are_those_of_any_sample_and_of_a_clock_that_is_not_set),
        cmocka_unit_test(test_a_stop_ends_a_body_early),
        cmocka_unit_test(test_lost_samples_are_counted),
        cmocka_unit_test(test_a_body_that_found_no_place_leaves_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
