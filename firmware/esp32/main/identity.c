/* Who the device is to a broker: a key that it made, and what enrolment gave for it. */
#include "layer.h"

#include "csr.h"

#include <string.h>

#define KEY "tls_key"
#define LOGIN "login"

static void wipe(void *bytes, size_t size) {
    volatile uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) {
        at[i] = 0;
    }
}

static ecg_error own_key(layer *self, uint8_t secret[CSR_SECRET_BYTES]) {
    size_t size = 0;
    ecg_error error = port_nvs_read(self, KEY, secret, CSR_SECRET_BYTES, &size);
    if (error != ECG_EMPTY) {
        return error;
    }
    error = csr_new_key(secret);
    return error == ECG_OK ? port_nvs_write(self, KEY, secret, CSR_SECRET_BYTES) : error;
}

/* The login without its key, which is derived at each boot: see layer_login. */
ecg_error identity_begin(layer *self) {
    uint8_t secret[CSR_SECRET_BYTES];
    size_t size = 0;
    layer_login *login = &self->login;
    ecg_error error = port_nvs_read(self, LOGIN, login, sizeof *login, &size);
    login->is_there = error == ECG_OK && size == sizeof *login;
    if (error != ECG_OK && error != ECG_EMPTY) {
        return error;
    }
    error = own_key(self, secret);
    if (error == ECG_OK) {
        error = csr_key_der(secret, login->key_der);
    }
    wipe(secret, sizeof secret);
    return error;
}

ecg_error identity_store(layer *self, const ecg_claim_answer *answer) {
    layer_login *login = &self->login;
    uint8_t key_der[LAYER_KEY_DER_BYTES];
    if (strlen(answer->mqtt_password) >= sizeof login->password ||
        strlen(answer->certificate_pem) >= sizeof login->certificate_pem) {
        return ECG_FULL;
    }
    memcpy(key_der, login->key_der, sizeof key_der);
    memset(login, 0, sizeof *login);
    (void)strcpy(login->password, answer->mqtt_password);
    (void)strcpy(login->certificate_pem, answer->certificate_pem);
    login->ends_us = answer->expires_us;
    ecg_error error = port_nvs_write(self, LOGIN, login, sizeof *login);
    memcpy(login->key_der, key_der, sizeof key_der);
    wipe(key_der, sizeof key_der);
    login->is_there = error == ECG_OK;
    return error;
}

/* The claim's body, for as long as this boot lasts: PROTOCOL.md wants the same key each time. */
ecg_error enrol_prepare(layer *self) {
    uint8_t secret[CSR_SECRET_BYTES];
    uint8_t csr[CSR_BYTES_MAX];
    size_t size = 0;
    ecg_error error = own_key(self, secret);
    if (error == ECG_OK) {
        error = csr_make(secret, csr, &size);
    }
    wipe(secret, sizeof secret);
    if (error != ECG_OK) {
        return error;
    }
    error = ecg_device_claim(&self->device, csr, size, self->enrol.claim, sizeof self->enrol.claim);
    self->enrol.claim_size = error == ECG_OK ? strlen(self->enrol.claim) : 0U;
    return error;
}
