/* The device's pair of keys for TLS, and a request for its certificate (PKCS#10), in DER.
 *
 * PSA and nothing else: ESP-IDF 5 and 6 have different X.509 writers, and this needs 130 bytes. */
#ifndef CSR_H
#define CSR_H

#include "errors.h"

#include <psa/crypto.h>
#include <stddef.h>
#include <stdint.h>

#define CSR_SECRET_BYTES 32U
#define CSR_KEY_DER_BYTES 121U
#define CSR_BYTES_MAX 256U

/* A new P-256 key. ``secret`` is for NVS alone. ECG_CRYPTO. */
ecg_error csr_new_key(uint8_t secret[CSR_SECRET_BYTES]);

/* The key as RFC 5915 has it, for the TLS library. */
ecg_error csr_key_der(const uint8_t secret[CSR_SECRET_BYTES], uint8_t out[CSR_KEY_DER_BYTES]);

/* A request without names (PROTOCOL.md, section 5: they are ignored), signed by ECDSA with SHA-256. */
ecg_error csr_make(const uint8_t secret[CSR_SECRET_BYTES], uint8_t out[CSR_BYTES_MAX], size_t *size);

#endif
