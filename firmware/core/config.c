#include "config.h"

#include "base64.h"
#include "json.h"
#include "uuid.h"

#include <string.h>

#define POINT_CHARS (ECG_BASE64_CHARS(ECG_POINT_BYTES) + 1U)
#define POINT_UNCOMPRESSED 4U
#define MS_MAX 60000

/* A number with its bounds, and where it is put. */
typedef struct {
    const char *path;
    int32_t least;
    int32_t most;
    int32_t *out;
} number;

static ecg_error read_numbers(const ecg_json *json, const number *numbers, size_t count,
                              const char **field) {
    for (size_t i = 0; i < count; i++) {
        *field = numbers[i].path;
        ecg_error error = ecg_json_integer(json, numbers[i].path, numbers[i].out);
        if (error != ECG_OK || *numbers[i].out < numbers[i].least ||
            *numbers[i].out > numbers[i].most) {
            return ECG_MALFORMED;
        }
    }
    return ECG_OK;
}

static ecg_error read_signal(const ecg_json *json, ecg_settings *settings, const char **field) {
    int32_t rate = 0, decimation = 0, reference = 0, bits = 0, gain = 0, margin = 0, settle = 0;
    const number numbers[] = {
        {"rate_centihz", ECG_RATE_MIN_CENTIHZ, UINT16_MAX, &rate},
        {"decimation", 1, 160, &decimation},
        {"frontend.reference_uv", 1, 10000000, &reference},
        {"frontend.bits", 8, 15, &bits},
        {"frontend.gain", 1, 10000, &gain},
        {"frontend.margin", 0, 1000, &margin},
        {"frontend.settle_ms", 0, MS_MAX, &settle},
    };
    ecg_error error = read_numbers(json, numbers, sizeof numbers / sizeof numbers[0], field);
    ecg_decimator decimator;
    if (error == ECG_OK && ecg_decimator_begin(&decimator, (uint16_t)decimation) != ECG_OK) {
        *field = "decimation";
        error = ECG_MALFORMED;
    }
    settings->rate_centihz = (uint16_t)rate;
    settings->decimation = (uint16_t)decimation;
    settings->frontend = (ecg_frontend_form){
        (uint32_t)reference, (uint8_t)bits, (uint16_t)gain, (uint16_t)margin,
        (uint32_t)(((int64_t)settle * rate) / 100000)};
    ecg_frontend frontend;
    uint16_t nv_per_lsb = 0;
    if (error == ECG_OK &&
        ecg_frontend_begin(&frontend, &settings->frontend, &nv_per_lsb) != ECG_OK) {
        *field = "frontend"; /* its unit, reference / gain / 2^bits, is under 1 or over 65535 nV */
        error = ECG_MALFORMED;
    }
    return error;
}

static ecg_error read_point(const ecg_json *json, uint8_t point[ECG_POINT_BYTES]) {
    char text[POINT_CHARS];
    size_t size = 0;
    ecg_error error = ecg_json_string(json, "service_public_key", text, sizeof text);
    if (error == ECG_OK) {
        error = ecg_base64_read(text, strlen(text), point, ECG_POINT_BYTES, &size);
    }
    return error == ECG_OK && size == ECG_POINT_BYTES && point[0] == POINT_UNCOMPRESSED
               ? ECG_OK
               : ECG_MALFORMED;
}

static ecg_error read_names(const ecg_json *json, ecg_config *config, const char **field) {
    char id[ECG_UUID_CHARS + 1U];
    *field = "device_id";
    ecg_error error = ecg_json_string(json, *field, id, sizeof id);
    if (error != ECG_OK || ecg_uuid_read(id, config->settings.device_id) != ECG_OK) {
        return ECG_MALFORMED;
    }
    *field = "service_url";
    error = ecg_json_string(json, *field, config->service_url, sizeof config->service_url);
    if (error != ECG_OK || strncmp(config->service_url, "http", 4) != 0) {
        return ECG_MALFORMED;
    }
    *field = "claim_token";
    error = ecg_json_string(json, *field, config->claim_token, sizeof config->claim_token);
    if (error != ECG_OK || config->claim_token[0] == '\0') {
        return ECG_MALFORMED;
    }
    *field = "service_public_key";
    return read_point(json, config->settings.service_point);
}

ecg_error ecg_config_read(const char *text, size_t size, ecg_config *config, const char **field) {
    const ecg_json json = {text, size};
    int is_test = 0;
    memset(config, 0, sizeof *config);
    *field = "";
    /* A text that is no object is told as such, not as its first member missing. */
    if (ecg_json_boolean(&json, "", &is_test) == ECG_MALFORMED) {
        return ECG_MALFORMED;
    }
    ecg_error error = read_names(&json, config, field);
    if (error == ECG_OK) {
        error = read_signal(&json, &config->settings, field);
    }
    if (error != ECG_OK) {
        return error;
    }
    *field = "test_signal";
    error = ecg_json_boolean(&json, *field, &is_test);
    config->settings.always = is_test ? ECG_TEST_SIGNAL : 0;
    return error == ECG_OK || error == ECG_EMPTY ? ECG_OK : ECG_MALFORMED;
}
