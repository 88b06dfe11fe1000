/* What the factory wrote, once, into NVS under "factory" (README.md, step 4), and what the board is. */
#include "layer.h"

#include "board.h"
#include "esp_log.h"

#include <stdio.h>

#define NAMESPACE "factory"
#define SATURATION_MARGIN 8U /* codes from either rail */
#define SETTLE_S 4U          /* of the 0.5 Hz high-pass after an electrode is back */

static const char TAG[] = "settings";

static ecg_error blob(nvs_handle_t nvs, const char *key, uint8_t *out, size_t size) {
    size_t found = size;
    return nvs_get_blob(nvs, key, out, &found) == ESP_OK && found == size ? ECG_OK : ECG_NVS;
}

static ecg_error text(nvs_handle_t nvs, const char *key, char *out, size_t room) {
    size_t found = room;
    return nvs_get_str(nvs, key, out, &found) == ESP_OK ? ECG_OK : ECG_NVS;
}

/* The UUID in its canonical lower-case form, as topics have it. */
static void write_id(const uint8_t id[ECG_ID_BYTES], char out[37]) {
    static const char DIGITS[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < ECG_ID_BYTES; i++) {
        if (i == 4U || i == 6U || i == 8U || i == 10U) {
            out[at++] = '-';
        }
        out[at++] = DIGITS[id[i] >> 4U];
        out[at++] = DIGITS[id[i] & 15U];
    }
    out[at] = '\0';
}

static ecg_error read_factory(layer_factory *factory, nvs_handle_t nvs) {
    if (blob(nvs, "device_id", factory->device_id, sizeof factory->device_id) != ECG_OK ||
        blob(nvs, "point", factory->service_point, sizeof factory->service_point) != ECG_OK ||
        text(nvs, "enrol_url", factory->enrolment_url, sizeof factory->enrolment_url) != ECG_OK ||
        text(nvs, "mqtt_uri", factory->mqtt_uri, sizeof factory->mqtt_uri) != ECG_OK ||
        text(nvs, "pair_code", factory->pairing_code, sizeof factory->pairing_code) != ECG_OK ||
        text(nvs, "claim", factory->claim_token, sizeof factory->claim_token) != ECG_OK ||
        text(nvs, "ca", factory->ca_pem, sizeof factory->ca_pem) != ECG_OK) {
        return ECG_NVS;
    }
    if (text(nvs, "update_url", factory->update_url, sizeof factory->update_url) != ECG_OK) {
        factory->update_url[0] = '\0';
    }
    write_id(factory->device_id, factory->id_text);
    return ECG_OK;
}

static void describe_board(ecg_settings *settings) {
    settings->rate_centihz = BOARD_RATE_CENTIHZ;
    settings->decimation = BOARD_DECIMATION;
    settings->frontend = (ecg_frontend_form){
        .reference_uv = CONFIG_ECG_FULL_SCALE_MV * 1000U,
        .bits = BOARD_ADC_BITS,
        .gain = CONFIG_ECG_GAIN,
        .margin = SATURATION_MARGIN,
        .settle = (SETTLE_S * BOARD_RATE_CENTIHZ) / 100U,
    };
#if CONFIG_ECG_TEST_SIGNAL
    settings->always = ECG_TEST_SIGNAL;
#endif
}

ecg_error settings_begin(layer *self) {
    nvs_handle_t nvs = 0;
    if (nvs_open(NAMESPACE, NVS_READONLY, &nvs) != ESP_OK) {
        ESP_LOGE(TAG, "nothing from the factory in NVS: see README.md, step 4");
        return ECG_NVS;
    }
    ecg_error error = read_factory(&self->factory, nvs);
    nvs_close(nvs);
    memcpy(self->settings.device_id, self->factory.device_id, ECG_ID_BYTES);
    memcpy(self->settings.service_point, self->factory.service_point, ECG_POINT_BYTES);
    describe_board(&self->settings);
    return error;
}
