/* A session's id is fresh by a counter and by chance; either alone would do. */
#include "bench.h"

#include "../core/seal.h"

static psa_key_id_t device_key;
static const uint8_t DEVICE[ECG_ID_BYTES] = {1, 2, 3};

static int begin(void **state) {
    const uint8_t key[ECG_KEY_BYTES] = {7};
    (void)state;
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
    return ecg_key_import(key, &device_key);
}

static ecg_error boot(world *self, ecg_session *session) {
    ecg_ports ports = ports_of(self);
    return ecg_session_begin(session, &ports, DEVICE, 1, device_key);
}

static void test_the_counter_goes_up_with_every_boot(void **state) {
    world self = {0};
    (void)state;
    for (uint8_t n = 1; n <= 3; n++) {
        ecg_session session;
        assert_int_equal(boot(&self, &session), ECG_OK);
        assert_int_equal(session.header.session_id[3], n);
        assert_int_equal(self.writes, n);
        assert_true(session.header.seq == 0);
        ecg_session_end(&session);
    }
}

static void test_the_same_random_bytes_give_other_keys(void **state) {
    world self = {0};
    ecg_session one;
    ecg_session other;
    (void)state;
    assert_int_equal(boot(&self, &one), ECG_OK);
    assert_int_equal(boot(&self, &other), ECG_OK);
    assert_memory_equal(one.header.session_id + 4, other.header.session_id + 4, 12);
    assert_memory_not_equal(one.iv, other.iv, ECG_IV_BYTES);
    ecg_session_end(&one);
    ecg_session_end(&other);
}

static void test_a_memory_that_was_rolled_back_repeats_no_nonce(void **state) {
    world self = {0};
    world rolled_back = {0};
    ecg_session one;
    ecg_session other;
    (void)state;
    rolled_back.random = 99;
    assert_int_equal(boot(&self, &one), ECG_OK);
    assert_int_equal(boot(&rolled_back, &other), ECG_OK);
    assert_memory_equal(one.header.session_id, other.header.session_id, 4);
    assert_memory_not_equal(one.header.session_id, other.header.session_id, ECG_ID_BYTES);
    assert_memory_not_equal(one.iv, other.iv, ECG_IV_BYTES);
    ecg_session_end(&one);
    ecg_session_end(&other);
}

static void test_without_memory_chance_or_numbers_there_is_no_session(void **state) {
    ecg_session session;
    world unwritable = {0};
    world unlucky = {0};
    world worn_out = {{255, 255, 255, 255}, 4, 0, ECG_OK, ECG_OK, 0};
    (void)state;
    unwritable.on_write = ECG_NVS;
    unlucky.on_random = ECG_RANDOM;
    assert_int_equal(boot(&unwritable, &session), ECG_NVS);
    assert_int_equal(boot(&unlucky, &session), ECG_RANDOM);
    assert_int_equal(boot(&worn_out, &session), ECG_EXHAUSTED);
    assert_int_equal(session.chunk_key, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_counter_goes_up_with_every_boot),
        cmocka_unit_test(test_the_same_random_bytes_give_other_keys),
        cmocka_unit_test(test_a_memory_that_was_rolled_back_repeats_no_nonce),
        cmocka_unit_test(test_without_memory_chance_or_numbers_there_is_no_session),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
