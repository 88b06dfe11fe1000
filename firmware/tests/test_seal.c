/* Bodies are sealed to the very bytes of the shared vectors, and no number twice. */
#include "bench.h"

#include "../build/vectors.h"
#include "../core/bytes.h"
#include "../core/seal.h"

static psa_key_id_t device_key;

static int begin(void **state) {
    uint8_t key[ECG_KEY_BYTES];
    (void)state;
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
    unhex(VECTOR_DEVICE_KEY, key, sizeof key);
    return ecg_key_import(key, &device_key);
}

static ecg_session of_vectors(void) {
    ecg_session session = {0};
    unhex(VECTOR_DEVICE_ID, session.header.device_id, ECG_ID_BYTES);
    unhex(VECTOR_SESSION_ID, session.header.session_id, ECG_ID_BYTES);
    session.header.key_epoch = (uint32_t)unhex_u64(VECTOR_KEY_EPOCH);
    assert_int_equal(ecg_session_derive(&session, device_key), ECG_OK);
    return session;
}

static ecg_body body_of(const char *const *row) {
    uint8_t samples[2U * ECG_SAMPLES];
    ecg_body body = {unhex_u64(row[2]),           unhex_u64(row[3]),
                     (uint16_t)unhex_u64(row[4]), (uint16_t)unhex_u64(row[5]),
                     (uint16_t)unhex_u64(row[6]), (uint16_t)unhex_u64(row[7]),
                     {0}};
    unhex(row[8], samples, sizeof samples);
    for (size_t i = 0; i < ECG_SAMPLES; i++) {
        body.samples[i] = (int16_t)ecg_get(samples + (2U * i), 2);
    }
    return body;
}

static void test_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS(vector_chunks); i++) {
        uint8_t expected[ECG_CHUNK_BYTES];
        uint8_t sealed[ECG_CHUNK_BYTES];
        ecg_session session = of_vectors();
        ecg_body body = body_of(vector_chunks[i]);
        assert_int_equal(unhex(vector_chunks[i][9], expected, sizeof expected), ECG_CHUNK_BYTES);
        session.header.seq = unhex_u64(vector_chunks[i][1]);
        assert_int_equal(ecg_seal(&session, &body, sealed), ECG_OK);
        assert_memory_equal(sealed, expected, ECG_CHUNK_BYTES);
        ecg_header header;
        assert_int_equal(ecg_header_unpack(sealed, &header), ECG_OK);
        assert_true(header.seq == unhex_u64(vector_chunks[i][1]));
        assert_true(session.header.seq == header.seq + 1U);
        ecg_session_end(&session);
    }
}

static void test_no_number_twice(void **state) {
    uint8_t first[ECG_CHUNK_BYTES];
    uint8_t second[ECG_CHUNK_BYTES];
    ecg_session session = of_vectors();
    ecg_body body = body_of(vector_chunks[0]);
    (void)state;
    assert_int_equal(ecg_seal(&session, &body, first), ECG_OK);
    assert_int_equal(ecg_seal(&session, &body, second), ECG_OK);
    assert_memory_not_equal(first + ECG_HEADER_BYTES, second + ECG_HEADER_BYTES, ECG_BODY_BYTES);
    session.header.seq = UINT64_MAX - 1U;
    assert_int_equal(ecg_seal(&session, &body, first), ECG_OK);
    assert_int_equal(ecg_seal(&session, &body, first), ECG_EXHAUSTED);
    ecg_session_end(&session);
    assert_int_equal(ecg_seal(&session, &body, first), ECG_EXHAUSTED);
    session.header.seq = 0;
    assert_int_equal(ecg_seal(&session, &body, first), ECG_NO_KEY);
}

static void refused(ecg_body body) {
    uint8_t sealed[ECG_CHUNK_BYTES];
    ecg_session session = of_vectors();
    assert_int_equal(ecg_seal(&session, &body, sealed), ECG_BAD_ARGUMENT);
    assert_true(session.header.seq == 0);
    ecg_session_end(&session);
}

static void test_bodies_that_the_service_would_refuse(void **state) {
    ecg_body body = body_of(vector_chunks[0]);
    (void)state;
    body.n_valid = ECG_SAMPLES + 1U;
    refused(body);
    body = body_of(vector_chunks[0]);
    body.nv_per_lsb = 0;
    refused(body);
    body = body_of(vector_chunks[0]);
    body.rate_centihz = ECG_RATE_MIN_CENTIHZ - 1U;
    refused(body);
    body = body_of(vector_chunks[0]);
    body.sample_index = ECG_SAMPLE_INDEX_MAX + 1U;
    refused(body);
}

static void test_what_is_past_the_valid_samples_is_not_told(void **state) {
    uint8_t packed[ECG_BODY_BYTES];
    ecg_body body = body_of(vector_chunks[0]);
    (void)state;
    body.n_valid = 3;
    assert_int_equal(ecg_body_pack(&body, packed), ECG_OK);
    for (size_t i = 3; i < ECG_SAMPLES; i++) {
        assert_int_equal((int16_t)ecg_get(packed + 24 + (2U * i), 2), ECG_NO_SAMPLE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_no_number_twice),
        cmocka_unit_test(test_bodies_that_the_service_would_refuse),
        cmocka_unit_test(test_what_is_past_the_valid_samples_is_not_told),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
