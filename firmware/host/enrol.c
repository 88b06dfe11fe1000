#define _DEFAULT_SOURCE
#include "enrol.h"

#include "http.h"
#include "request.h"

#include "../core/bytes.h"
#include "../core/claim.h"
#include "../core/keys.h"
#include "../core/uuid.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CREATED 201L
#define ACCEPTED 202L
#define OK 200L

static ecg_error fail(const char *what) {
    (void)fprintf(stderr, "enrolment: %s\n", what);
    return ECG_NETWORK;
}

/* The pinned key decides: whoever answers with another one is not the service. */
static ecg_error ask_service(const ecg_config *config, const char *ca_file, ecg_service *service) {
    http_answer answer;
    if (http_send(config->service_url, "/enrolment/key", config->claim_token, ca_file, NULL,
                  &answer) != ECG_OK ||
        answer.status != OK) {
        return fail(answer.text);
    }
    if (ecg_claim_read_service(answer.text, answer.size, service) != ECG_OK) {
        return fail("not a service's answer");
    }
    if (memcmp(service->service_point, config->settings.service_point, ECG_POINT_BYTES) != 0) {
        return fail("the service's key is not the pinned one");
    }
    return ECG_OK;
}

static ecg_error write_body(const ecg_keys *keys, const ecg_config *config, const csr *request,
                            char *out, size_t room) {
    uint8_t key[ECG_KEY_BYTES];
    uint8_t sealed[ECG_SEALED_KEY_BYTES];
    const uint8_t *id = config->settings.device_id;
    ecg_error error = ecg_keys_newest_bytes(keys, key);
    if (error == ECG_OK) {
        error = ecg_enrol_seal(config->settings.service_point, id, keys->newest.epoch, key, sealed);
    }
    ecg_wipe(key, sizeof key);
    return error == ECG_OK ? ecg_claim_write(id, keys->newest.epoch, sealed, request->der,
                                             request->size, out, room)
                           : error;
}

static ecg_error keep_text(const ecg_ports *ports, const char *name, const char *text) {
    return ports->nvs_write(ports->self, name, text, strlen(text));
}

static ecg_error keep_all(const ecg_ports *ports, const ecg_service *service,
                          const ecg_claim_answer *answer) {
    char address[ECG_HOST_ROOM + 8U];
    (void)snprintf(address, sizeof address, "%s %u", service->host, (unsigned)service->port);
    ecg_error error = keep_text(ports, "ca.pem", service->ca_pem);
    if (error == ECG_OK) {
        error = keep_text(ports, "certificate.pem", answer->certificate_pem);
    }
    if (error == ECG_OK) {
        error = keep_text(ports, "password", answer->mqtt_password);
    }
    /* Last: with it the account is whole. */
    return error == ECG_OK ? keep_text(ports, "address", address) : error;
}

/* One request. ECG_AGAIN while an operator has to approve. */
static ecg_error ask_once(const ecg_ports *ports, const ecg_keys *keys, const ecg_config *config,
                          const char *ca_file, const csr *request, const ecg_service *service) {
    char body[ECG_CLAIM_ROOM];
    http_answer http;
    ecg_claim_answer answer;
    ecg_error error = write_body(keys, config, request, body, sizeof body);
    if (error != ECG_OK) {
        return error;
    }
    error = http_send(config->service_url, "/enrolment", config->claim_token, ca_file, body, &http);
    if (error != ECG_OK) {
        (void)fail(http.text);
        return ECG_AGAIN; /* the network was there a moment ago */
    }
    if (http.status != CREATED && http.status != ACCEPTED) {
        return fail(http.text);
    }
    if (ecg_claim_read_answer(http.text, http.size, &answer) != ECG_OK) {
        return fail("not a service's answer");
    }
    error = ecg_enrol_confirm(keys->newest.handle, config->settings.device_id, keys->newest.epoch,
                              answer.key_confirmation);
    if (error != ECG_OK) {
        return fail("the service did not prove that it has the key");
    }
    if (answer.is_pending) {
        (void)printf("{\"code\":\"%s\"}\n", answer.code);
        (void)fflush(stdout);
        return ECG_AGAIN;
    }
    return keep_all(ports, service, &answer);
}

ecg_error host_enrol(const host_world *world, const ecg_ports *ports, const ecg_config *config,
                     const char *ca_file, unsigned ask_every_s) {
    static ecg_service service;
    ecg_keys keys;
    csr request = {.size = 0};
    char key_path[HOST_PATH_ROOM];
    host_world_path(world, "key.pem", key_path);
    ecg_error error = ecg_keys_load(&keys, ports);
    if (error == ECG_OK) {
        error = csr_make(key_path, config->settings.device_id, &request);
    }
    if (error == ECG_OK) {
        error = ask_service(config, ca_file, &service);
    }
    while (error == ECG_OK) {
        error = ask_once(ports, &keys, config, ca_file, &request, &service);
        if (error != ECG_AGAIN) {
            return error;
        }
        (void)sleep(ask_every_s);
        error = ECG_OK;
    }
    return error;
}

static int read_text(const host_world *world, const char *name, char *out, size_t room) {
    char path[HOST_PATH_ROOM];
    host_world_path(world, name, path);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    size_t size = fread(out, 1, room - 1U, file);
    out[size] = '\0';
    (void)fclose(file);
    return 1;
}

ecg_error host_account_load(const host_world *world, const uint8_t device_id[ECG_ID_BYTES],
                            host_account *account) {
    char address[ECG_HOST_ROOM + 8U];
    char first[2];
    memset(account, 0, sizeof *account);
    if (!read_text(world, "address", address, sizeof address) ||
        sscanf(address, "%255s %d", account->host, &account->port) != 2 ||
        !read_text(world, "password", account->password, sizeof account->password)) {
        (void)fprintf(stderr, "%s: the device is not enrolled\n", world->folder);
        return ECG_NO_KEY;
    }
    ecg_uuid_write(device_id, account->username);
    if (read_text(world, "ca.pem", first, sizeof first) && first[0] != '\0') {
        host_world_path(world, "ca.pem", account->ca_file);
    }
    if (read_text(world, "certificate.pem", first, sizeof first) &&
        first[0] != '\0') {
        host_world_path(world, "certificate.pem", account->certificate_file);
        host_world_path(world, "key.pem", account->key_file);
    }
    return ECG_OK;
}
