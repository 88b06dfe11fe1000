/* Codes in known units, and no sample from an amplifier that shakes. */
#include "bench.h"

#include "../core/chunk.h"
#include "../core/frontend.h"

static const ecg_frontend_form FORM = {3300000, 12, 1100, 8, 3};

static ecg_frontend settled(void) {
    ecg_frontend frontend;
    uint16_t nv = 0;
    uint16_t flags = 0;
    assert_int_equal(ecg_frontend_begin(&frontend, &FORM, &nv), ECG_OK);
    for (uint32_t i = 0; i < FORM.settle; i++) {
        assert_int_equal(ecg_frontend_sample(&frontend, 2048, 0, 0, &flags), ECG_NO_SAMPLE);
    }
    assert_int_equal(flags, 0);
    return frontend;
}

static void test_units(void **state) {
    ecg_frontend frontend;
    ecg_frontend_form form = FORM;
    uint16_t nv = 0;
    (void)state;
    assert_int_equal(ecg_frontend_begin(&frontend, &form, &nv), ECG_OK);
    assert_int_equal(nv, 732);
    form.gain = 100;
    assert_int_equal(ecg_frontend_begin(&frontend, &form, &nv), ECG_OK);
    assert_int_equal(nv, 8057);
    form.gain = 1;
    assert_int_equal(ecg_frontend_begin(&frontend, &form, &nv), ECG_BAD_ARGUMENT);
    form.gain = 0;
    assert_int_equal(ecg_frontend_begin(&frontend, &form, &nv), ECG_BAD_ARGUMENT);
    form = FORM;
    form.bits = 16;
    assert_int_equal(ecg_frontend_begin(&frontend, &form, &nv), ECG_BAD_ARGUMENT);
    form.bits = 8;
    form.margin = 126;
    assert_int_equal(ecg_frontend_begin(&frontend, &form, &nv), ECG_OK);
    form.margin = 127; /* from both ends: no code is between them */
    assert_int_equal(ecg_frontend_begin(&frontend, &form, &nv), ECG_BAD_ARGUMENT);
}

static void test_about_mid_scale_and_saturated_at_the_ends(void **state) {
    const struct {
        uint16_t code;
        int16_t sample;
        uint16_t flags;
    } rows[] = {{2048, 0, 0},     {2049, 1, 0},
                {9, -2039, 0},    {8, -2040, ECG_SATURATED},
                {4086, 2038, 0},  {4087, 2039, ECG_SATURATED},
                {0, -2048, ECG_SATURATED}, {65535, 2047, ECG_SATURATED}};
    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        ecg_frontend frontend = settled();
        uint16_t flags = 0;
        assert_int_equal(ecg_frontend_sample(&frontend, rows[i].code, 0, 0, &flags),
                         rows[i].sample);
        assert_int_equal(flags, rows[i].flags);
    }
}

static void test_an_electrode_that_comes_back_has_to_settle(void **state) {
    ecg_frontend frontend = settled();
    uint16_t flags = 0;
    (void)state;
    assert_int_equal(ecg_frontend_sample(&frontend, 2048, 1, 0, &flags), ECG_NO_SAMPLE);
    assert_int_equal(flags, ECG_LEAD_OFF_PLUS);
    for (uint32_t i = 0; i < FORM.settle - 1U; i++) {
        assert_int_equal(ecg_frontend_sample(&frontend, 2048, 0, 0, &flags), ECG_NO_SAMPLE);
    }
    assert_int_equal(ecg_frontend_sample(&frontend, 2048, 0, 1, &flags), ECG_NO_SAMPLE);
    assert_int_equal(flags, ECG_LEAD_OFF_PLUS | ECG_LEAD_OFF_MINUS);
    for (uint32_t i = 0; i < FORM.settle; i++) {
        assert_int_equal(ecg_frontend_sample(&frontend, 2048, 0, 0, &flags), ECG_NO_SAMPLE);
    }
    assert_int_equal(ecg_frontend_sample(&frontend, 2050, 0, 0, &flags), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_about_mid_scale_and_saturated_at_the_ends),
        cmocka_unit_test(test_an_electrode_that_comes_back_has_to_settle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
