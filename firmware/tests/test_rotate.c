/* The shared vectors of commands, each with one bit changed too; requests are opened by Python
 * (tests/firmware/test_rotation.py). */
#include "bench.h"

#include "../build/vectors.h"
#include "../core/rotate.h"

static psa_key_id_t newest;
static psa_key_id_t pending;
static uint8_t device_id[ECG_ID_BYTES];
static uint32_t epoch;

static int begin(void **state) {
    uint8_t key[ECG_KEY_BYTES];
    (void)state;
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
    unhex(VECTOR_DEVICE_ID, device_id, sizeof device_id);
    epoch = (uint32_t)unhex_u64(VECTOR_KEY_EPOCH);
    unhex(VECTOR_DEVICE_KEY, key, sizeof key);
    assert_int_equal(ecg_key_import(key, &newest), ECG_OK);
    unhex(VECTOR_NEXT_KEY, key, sizeof key);
    return ecg_key_import(key, &pending);
}

static ecg_error take(const uint8_t *data, size_t size, psa_key_id_t next, ecg_command_kind *kind) {
    return ecg_command_open(data, size, device_id, epoch, newest, next, kind);
}

static void test_right_ones(void **state) {
    uint8_t command[ECG_COMMAND_BYTES];
    ecg_command_kind kind = ECG_COMMAND_TAKEN;
    (void)state;
    assert_int_equal(unhex(VECTOR_ROTATE, command, sizeof command), sizeof command);
    assert_int_equal(take(command, sizeof command, 0, &kind), ECG_OK);
    assert_int_equal(kind, ECG_COMMAND_ROTATE);
    unhex(VECTOR_TAKEN, command, sizeof command);
    assert_int_equal(take(command, sizeof command, pending, &kind), ECG_OK);
    assert_int_equal(kind, ECG_COMMAND_TAKEN);
    assert_int_equal(take(command, sizeof command, 0, &kind), ECG_FOREIGN);
}

static void test_every_changed_bit(void **state) {
    const char *const made[] = {VECTOR_ROTATE, VECTOR_TAKEN};
    (void)state;
    for (size_t row = 0; row < ROWS(made); row++) {
        uint8_t command[ECG_COMMAND_BYTES];
        unhex(made[row], command, sizeof command);
        for (size_t bit = 0; bit < 8U * sizeof command; bit++) {
            ecg_command_kind kind = ECG_COMMAND_ROTATE;
            command[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
            assert_int_not_equal(take(command, sizeof command, pending, &kind), ECG_OK);
            command[bit / 8U] ^= (uint8_t)(1U << (bit % 8U));
        }
    }
}

static void test_wrong_ones_and_why(void **state) {
    (void)state;
    for (size_t row = 0; row < ROWS(vector_wrong_commands); row++) {
        uint8_t command[ECG_COMMAND_BYTES + 1U];
        ecg_command_kind kind = ECG_COMMAND_ROTATE;
        size_t size = unhex(vector_wrong_commands[row][2], command, sizeof command);
        const char *as = vector_wrong_commands[row][1];
        ecg_error expected = strcmp(as, "malformed") == 0 ? ECG_MALFORMED
                             : strcmp(as, "foreign") == 0 ? ECG_FOREIGN
                                                          : ECG_FORGED;
        assert_int_equal(take(command, size, pending, &kind), expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right_ones),
        cmocka_unit_test(test_every_changed_bit),
        cmocka_unit_test(test_wrong_ones_and_why),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
