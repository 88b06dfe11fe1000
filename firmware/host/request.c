#define _DEFAULT_SOURCE
#include "request.h"

#include "../core/uuid.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static EVP_PKEY *read_key(const char *path) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    (void)fclose(file);
    return key;
}

/* A new key, in the file before anything is asked for it. */
static EVP_PKEY *make_key(const char *path) {
    int handle = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = handle < 0 ? NULL : fdopen(handle, "w");
    EVP_PKEY *key = file == NULL ? NULL : EVP_EC_gen("P-256");
    int is_stored = key != NULL &&
                    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                    fflush(file) == 0 && fsync(handle) == 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (is_stored) {
        return key;
    }
    EVP_PKEY_free(key);
    return NULL;
}

static int write_request(EVP_PKEY *key, const uint8_t *device_id, csr *out) {
    char id[ECG_UUID_CHARS + 1U];
    unsigned char *at = out->der;
    X509_REQ *request = X509_REQ_new();
    ecg_uuid_write(device_id, id);
    int size = 0;
    if (request != NULL &&
        X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_ASC,
                                   (const unsigned char *)id, -1, -1, 0) == 1 &&
        X509_REQ_set_pubkey(request, key) == 1 &&
        X509_REQ_sign(request, key, EVP_sha256()) > 0 &&
        i2d_X509_REQ(request, NULL) <= (int)sizeof out->der) {
        size = i2d_X509_REQ(request, &at);
    }
    X509_REQ_free(request);
    out->size = size > 0 ? (size_t)size : 0U;
    return size > 0;
}

ecg_error csr_make(const char *key_path, const uint8_t device_id[ECG_ID_BYTES], csr *out) {
    EVP_PKEY *key = access(key_path, F_OK) == 0 ? read_key(key_path) : make_key(key_path);
    int is_made = key != NULL && write_request(key, device_id, out);
    EVP_PKEY_free(key);
    if (!is_made) {
        (void)fprintf(stderr, "%s: no key for TLS\n", key_path);
    }
    return is_made ? ECG_OK : ECG_CRYPTO;
}
