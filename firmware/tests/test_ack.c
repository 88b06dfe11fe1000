/* Only who knows the device's key can make it delete anything. */
#include "bench.h"

#include "../build/vectors.h"
#include "../core/ack.h"
#include "../core/bytes.h"

static ecg_session session;

static int begin(void **state) {
    uint8_t key[ECG_KEY_BYTES];
    psa_key_id_t device_key = 0;
    (void)state;
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
    unhex(VECTOR_DEVICE_KEY, key, sizeof key);
    assert_int_equal(ecg_key_import(key, &device_key), ECG_OK);
    unhex(VECTOR_DEVICE_ID, session.header.device_id, ECG_ID_BYTES);
    unhex(VECTOR_SESSION_ID, session.header.session_id, ECG_ID_BYTES);
    session.header.key_epoch = (uint32_t)unhex_u64(VECTOR_KEY_EPOCH);
    return ecg_session_derive(&session, device_key);
}

static void test_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS(vector_acks); i++) {
        uint8_t frame[ECG_ACK_BYTES_MAX];
        uint8_t ranges[16U * ECG_ACK_RANGES];
        ecg_ack ack;
        size_t size = unhex(vector_acks[i][2], frame, sizeof frame);
        size_t count = unhex(vector_acks[i][1], ranges, sizeof ranges) / 16U;
        assert_int_equal(ecg_ack_open(&session, frame, size, &ack), ECG_OK);
        assert_true(ack.watermark == unhex_u64(vector_acks[i][0]));
        assert_int_equal(ack.count, count);
        for (size_t n = 0; n < count; n++) {
            assert_true(ack.ranges[n].first == ecg_get(ranges + (16U * n), 8));
            assert_true(ack.ranges[n].last == ecg_get(ranges + (16U * n) + 8U, 8));
        }
    }
}

static void test_wrong_ones_change_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS(vector_wrong_acks); i++) {
        uint8_t frame[ECG_ACK_BYTES_MAX];
        ecg_ack ack = {41, 0, {{0, 0}}};
        size_t size = unhex(vector_wrong_acks[i][2], frame, sizeof frame);
        assert_int_not_equal(ecg_ack_open(&session, frame, size, &ack), ECG_OK);
        assert_true(ack.watermark == 41);
    }
}

static void test_no_changed_bit_is_taken(void **state) {
    uint8_t frame[ECG_ACK_BYTES_MAX];
    ecg_ack ack;
    size_t size = unhex(vector_acks[2][2], frame, sizeof frame);
    (void)state;
    for (size_t bit = 0; bit < 8U * size; bit++) {
        frame[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
        assert_int_not_equal(ecg_ack_open(&session, frame, size, &ack), ECG_OK);
        frame[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(ecg_ack_open(&session, frame, cut, &ack), ECG_MALFORMED);
    }
}

static void test_another_session_is_foreign(void **state) {
    uint8_t frame[ECG_ACK_BYTES_MAX];
    ecg_ack ack;
    ecg_session other = session;
    size_t size = unhex(vector_acks[0][2], frame, sizeof frame);
    (void)state;
    other.header.session_id[15] ^= 1U;
    assert_int_equal(ecg_ack_open(&other, frame, size, &ack), ECG_FOREIGN);
}

static void test_what_is_covered(void **state) {
    ecg_ack ack = {5, 2, {{7, 7}, {10, 12}}};
    const uint64_t stored[] = {0, 4, 7, 10, 11, 12};
    const uint64_t missing[] = {5, 6, 8, 9, 13, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < ROWS(stored); i++) {
        assert_true(ecg_ack_covers(&ack, stored[i]));
        assert_false(ecg_ack_covers(&ack, missing[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_wrong_ones_change_nothing),
        cmocka_unit_test(test_no_changed_bit_is_taken),
        cmocka_unit_test(test_another_session_is_foreign),
        cmocka_unit_test(test_what_is_covered),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
