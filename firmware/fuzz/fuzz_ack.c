/* Whatever comes as an acknowledgement: no byte is read that is not there, nothing forged is taken.
 *
 * The MAC is made right for one input in two, so that what lies behind it is reached as well. */
#include "../core/ack.h"

#include <stdlib.h>
#include <string.h>

#define MAC_BYTES 32U

static ecg_session session;
static psa_key_id_t signing;

static void begin(void) {
    static const uint8_t key[ECG_KEY_BYTES] = {7};
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    if (signing != 0) {
        return;
    }
    if (psa_crypto_init() != PSA_SUCCESS) {
        abort();
    }
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_VERIFY_MESSAGE);
    psa_set_key_algorithm(&attributes, PSA_ALG_HMAC(PSA_ALG_SHA_256));
    if (psa_import_key(&attributes, key, sizeof key, &signing) != PSA_SUCCESS) {
        abort();
    }
    session.ack_key = signing;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ecg_ack ack;
    size_t mac_size = 0;
    begin();
    if (size == 0) {
        return 0;
    }
    int is_signed = data[0] & 1;
    size -= 1;
    uint8_t *frame = malloc(size + 1U); /* of just the size, so that the sanitizer sees its end */
    if (frame == NULL) {
        return 0;
    }
    memcpy(frame, data + 1, size);
    if (is_signed && size > MAC_BYTES) {
        (void)psa_mac_compute(signing, PSA_ALG_HMAC(PSA_ALG_SHA_256), frame, size - MAC_BYTES,
                              frame + size - MAC_BYTES, MAC_BYTES, &mac_size);
    }
    if (ecg_ack_open(&session, frame, size, &ack) == ECG_OK) {
        if (!is_signed || ack.count > ECG_ACK_RANGES) {
            abort();
        }
        (void)ecg_ack_covers(&ack, ack.watermark);
    }
    free(frame);
    return 0;
}
