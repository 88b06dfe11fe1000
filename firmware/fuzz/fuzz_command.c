/* Commands: only what one of the two keys has proven is taken. The first byte says whether the proof
 * is made right, so that what comes after it is reached as well. */
#include "../core/bytes.h"
#include "../core/rotate.h"

#include <string.h>

#define EPOCH 7U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t DEVICE[ECG_ID_BYTES] = {1, 2, 3};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static psa_key_id_t keys[2];
    static const uint8_t BYTES[2][ECG_KEY_BYTES] = {{1}, {2}};
    uint8_t told[ECG_COMMAND_BYTES];
    ecg_command_kind kind = (ecg_command_kind)0;
    if (keys[0] == 0U && (psa_crypto_init() != PSA_SUCCESS ||
                          ecg_key_import(BYTES[0], &keys[0]) != ECG_OK ||
                          ecg_key_import(BYTES[1], &keys[1]) != ECG_OK)) {
        __builtin_trap();
    }
    size_t used = size < sizeof told ? size : sizeof told;
    memcpy(told, data, used);
    if (used > 24U && (told[4] & 1U) != 0U) {
        memcpy(told + 4, DEVICE, sizeof DEVICE);
        ecg_put(told + 20, EPOCH + 1U, 4);
    }
    if (ecg_command_open(told, used, DEVICE, EPOCH, keys[0], keys[1], &kind) == ECG_OK) {
        __builtin_trap(); /* 256 bits cannot be guessed */
    }
    return 0;
}
