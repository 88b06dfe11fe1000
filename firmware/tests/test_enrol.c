/* The service's proof is that of the shared vectors; Python opens what is sealed (test_codec.py). */
#include "bench.h"

#include "../build/vectors.h"
#include "../core/enrol.h"

static psa_key_id_t device_key;
static uint8_t device_id[ECG_ID_BYTES];
static uint32_t epoch;

static int begin(void **state) {
    uint8_t key[ECG_KEY_BYTES];
    (void)state;
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
    unhex(VECTOR_DEVICE_KEY, key, sizeof key);
    unhex(VECTOR_DEVICE_ID, device_id, sizeof device_id);
    epoch = (uint32_t)unhex_u64(VECTOR_KEY_EPOCH);
    return ecg_key_import(key, &device_key);
}

static void test_the_proof_of_the_vectors(void **state) {
    uint8_t proof[ECG_CONFIRMATION_BYTES];
    (void)state;
    unhex(VECTOR_CONFIRMATION, proof, sizeof proof);
    assert_int_equal(ecg_enrol_confirm(device_key, device_id, epoch, proof), ECG_OK);
    assert_int_equal(ecg_enrol_confirm(device_key, device_id, epoch + 1U, proof), ECG_FORGED);
    for (size_t bit = 0; bit < 8U * sizeof proof; bit++) {
        proof[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
        assert_int_equal(ecg_enrol_confirm(device_key, device_id, epoch, proof), ECG_FORGED);
        proof[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
    }
}

static void test_each_sealing_is_another_and_a_wrong_point_is_refused(void **state) {
    const uint8_t key[ECG_KEY_BYTES] = {1};
    uint8_t point[ECG_POINT_BYTES] = {4};
    uint8_t one[ECG_SEALED_KEY_BYTES];
    uint8_t other[ECG_SEALED_KEY_BYTES];
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t service = 0;
    size_t size = 0;
    (void)state;
    assert_int_not_equal(ecg_enrol_seal(point, device_id, epoch, key, one), ECG_OK);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDH);
    assert_int_equal(psa_generate_key(&attributes, &service), PSA_SUCCESS);
    assert_int_equal(psa_export_public_key(service, point, sizeof point, &size), PSA_SUCCESS);
    assert_int_equal(ecg_enrol_seal(point, device_id, epoch, key, one), ECG_OK);
    assert_int_equal(ecg_enrol_seal(point, device_id, epoch, key, other), ECG_OK);
    assert_memory_not_equal(one, other, ECG_SEALED_KEY_BYTES);
    assert_int_equal(psa_destroy_key(service), PSA_SUCCESS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_proof_of_the_vectors),
        cmocka_unit_test(test_each_sealing_is_another_and_a_wrong_point_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
