#include "claim.h"

#include "base64.h"
#include "json.h"
#include "uuid.h"

#include <stdio.h>
#include <string.h>

#define B64_ROOM (ECG_BASE64_CHARS(ECG_SEALED_KEY_BYTES) + 1U)
#define MOMENT_ROOM 40U
#define CSR_ROOM (ECG_BASE64_CHARS(ECG_CSR_MAX) + 1U)

ecg_error ecg_claim_write(const uint8_t device_id[ECG_ID_BYTES], uint32_t key_epoch,
                          const uint8_t sealed_key[ECG_SEALED_KEY_BYTES], const uint8_t *csr,
                          size_t csr_size, char *out, size_t room) {
    char id[ECG_UUID_CHARS + 1U];
    char sealed[B64_ROOM];
    char request[CSR_ROOM];
    if (csr_size > ECG_CSR_MAX) {
        return ECG_BAD_ARGUMENT;
    }
    ecg_uuid_write(device_id, id);
    ecg_base64_write(sealed_key, ECG_SEALED_KEY_BYTES, sealed);
    ecg_base64_write(csr, csr_size, request);
    int written = snprintf(
        out, room, "{\"device_id\":\"%s\",\"key_epoch\":%lu,\"sealed_key\":\"%s\"%s%s%s}", id,
        (unsigned long)key_epoch, sealed, csr_size > 0U ? ",\"csr\":\"" : "", request,
        csr_size > 0U ? "\"" : "");
    return written >= 0 && (size_t)written < room ? ECG_OK : ECG_FULL;
}

/* Bytes of exactly one size, told in base64. */
static ecg_error read_bytes(const ecg_json *json, const char *path, uint8_t *out, size_t wanted) {
    char text[B64_ROOM];
    size_t size = 0;
    ecg_error error = ecg_json_string(json, path, text, sizeof text);
    if (error == ECG_OK) {
        error = ecg_base64_read(text, strlen(text), out, wanted, &size);
    }
    return error == ECG_OK && size == wanted ? ECG_OK : ECG_MALFORMED;
}

/* "" where it is left out. */
static ecg_error read_optional(const ecg_json *json, const char *path, char *out, size_t room) {
    ecg_error error = ecg_json_string(json, path, out, room);
    if (error == ECG_EMPTY) {
        out[0] = '\0';
    }
    return error == ECG_OK || error == ECG_EMPTY ? ECG_OK : ECG_MALFORMED;
}

ecg_error ecg_claim_read_service(const char *text, size_t size, ecg_service *service) {
    const ecg_json json = {text, size};
    int32_t port = 0;
    ecg_error error =
        read_bytes(&json, "public_key", service->service_point, ECG_POINT_BYTES);
    if (error == ECG_OK) {
        error = ecg_json_string(&json, "mqtt.host", service->host, sizeof service->host);
    }
    if (error == ECG_OK) {
        error = ecg_json_integer(&json, "mqtt.port", &port);
    }
    if (error == ECG_OK) {
        error = ecg_json_boolean(&json, "mqtt.tls", &service->tls);
    }
    if (error == ECG_OK) {
        error = read_optional(&json, "mqtt.ca_pem", service->ca_pem, sizeof service->ca_pem);
    }
    if (error != ECG_OK || service->host[0] == '\0' || port < 1 || port > UINT16_MAX) {
        return ECG_MALFORMED;
    }
    service->port = (uint16_t)port;
    return ECG_OK;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar from 1970 on. */
static int64_t days_until(int64_t year, int64_t month, int64_t day) {
    static const int16_t BEFORE[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t last = month > 2 ? year : year - 1;
    return (365 * (year - 1970)) + (last / 4) - (last / 100) + (last / 400) - 477 +
           BEFORE[month - 1] + day - 1;
}

/* Whole seconds of a moment in UTC as RFC 3339 writes it; what is shorter is left out. */
static ecg_error read_moment(const char *text, uint64_t *utc_us) {
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    char zone[8] = "";
    int found = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%7[Z+0:]", &year, &month, &day, &hour,
                       &minute, &second, zone);
    if (found < 6 || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59 || second > 60) {
        return ECG_MALFORMED;
    }
    int64_t seconds = (days_until(year, month, day) * 86400) + ((int64_t)hour * 3600) +
                      ((int64_t)minute * 60) + second;
    *utc_us = (uint64_t)seconds * 1000000U;
    return ECG_OK;
}

static ecg_error read_end(const ecg_json *json, ecg_claim_answer *answer) {
    char text[MOMENT_ROOM];
    ecg_error error = read_optional(json, "certificate_expires_at", text, sizeof text);
    if (error != ECG_OK || text[0] == '\0') {
        return error;
    }
    return read_moment(text, &answer->expires_us);
}

static ecg_error read_approved(const ecg_json *json, ecg_claim_answer *answer) {
    ecg_error error = ecg_json_string(json, "mqtt_password", answer->mqtt_password,
                                      sizeof answer->mqtt_password);
    if (error != ECG_OK || answer->mqtt_password[0] == '\0') {
        return ECG_MALFORMED;
    }
    error = read_optional(json, "certificate_pem", answer->certificate_pem,
                          sizeof answer->certificate_pem);
    return error == ECG_OK ? read_end(json, answer) : error;
}

ecg_error ecg_claim_read_answer(const char *text, size_t size, ecg_claim_answer *answer) {
    const ecg_json json = {text, size};
    char status[16];
    memset(answer, 0, sizeof *answer);
    ecg_error error = read_bytes(&json, "key_confirmation", answer->key_confirmation,
                                 ECG_CONFIRMATION_BYTES);
    if (error == ECG_OK) {
        error = read_optional(&json, "status", status, sizeof status);
    }
    if (error != ECG_OK) {
        return ECG_MALFORMED;
    }
    answer->is_pending = strcmp(status, "pending") == 0;
    if (!answer->is_pending) {
        return read_approved(&json, answer);
    }
    error = ecg_json_string(&json, "code", answer->code, sizeof answer->code);
    return error == ECG_OK && answer->code[0] != '\0' ? ECG_OK : ECG_MALFORMED;
}
