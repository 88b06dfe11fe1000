#define _DEFAULT_SOURCE
#include "request.h"

#include "../core/uuid.h"

#include <fcntl.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_csr.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PEM_ROOM 512U

static int random_bytes(void *self, unsigned char *out, size_t size) {
    (void)self;
    return getrandom(out, size, 0) == (ssize_t)size ? 0 : -1;
}

static int store(const char *path, const unsigned char *pem) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t size = strlen((const char *)pem);
    int is_stored = file >= 0 && write(file, pem, size) == (ssize_t)size && fsync(file) == 0;
    if (file >= 0) {
        (void)close(file);
    }
    return is_stored ? 0 : -1;
}

static int make_key(mbedtls_pk_context *key, const char *path) {
    unsigned char pem[PEM_ROOM];
    int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc == 0) {
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), random_bytes, NULL);
    }
    if (rc == 0) {
        rc = mbedtls_pk_write_key_pem(key, pem, sizeof pem);
    }
    return rc == 0 ? store(path, pem) : rc;
}

/* mbedtls writes DER at the end of the buffer. */
static int write_request(mbedtls_pk_context *key, const uint8_t *device_id, csr *out) {
    char id[ECG_UUID_CHARS + 1U];
    char name[ECG_UUID_CHARS + 4U];
    mbedtls_x509write_csr request;
    ecg_uuid_write(device_id, id);
    (void)snprintf(name, sizeof name, "CN=%s", id);
    mbedtls_x509write_csr_init(&request);
    mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
    mbedtls_x509write_csr_set_key(&request, key);
    int size = mbedtls_x509write_csr_set_subject_name(&request, name);
    if (size == 0) {
        size = mbedtls_x509write_csr_der(&request, out->der, sizeof out->der, random_bytes, NULL);
    }
    mbedtls_x509write_csr_free(&request);
    if (size > 0) {
        memmove(out->der, out->der + sizeof out->der - (size_t)size, (size_t)size);
        out->size = (size_t)size;
    }
    return size;
}

ecg_error csr_make(const char *key_path, const uint8_t device_id[ECG_ID_BYTES], csr *out) {
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int rc = access(key_path, F_OK) == 0 ? mbedtls_pk_parse_keyfile(&key, key_path, NULL)
                                         : make_key(&key, key_path);
    if (rc == 0) {
        rc = write_request(&key, device_id, out);
    }
    mbedtls_pk_free(&key);
    if (rc < 0) {
        (void)fprintf(stderr, "%s: no key for TLS (-0x%04x)\n", key_path, (unsigned)-rc);
    }
    return rc > 0 ? ECG_OK : ECG_CRYPTO;
}
