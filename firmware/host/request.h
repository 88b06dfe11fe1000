/* The pair of keys for TLS and the request for its certificate (PKCS#10), by OpenSSL,
 * which the MQTT client uses as well. (Mbed TLS 2.28 writes requests that strict readers refuse.) */
#ifndef ECG_HOST_REQUEST_H
#define ECG_HOST_REQUEST_H

#include "../core/claim.h"

typedef struct {
    uint8_t der[ECG_CSR_MAX];
    size_t size;
} csr;

/* The request of the key in a file (PEM), which is made, P-256, where there is none. ECG_CRYPTO. */
ecg_error csr_make(const char *key_path, const uint8_t device_id[ECG_ID_BYTES], csr *out);

#endif
