/* Updates: a signed image over HTTPS into the other slot. A new image that is not online within ten
 * minutes, or that crashes before, is not started again: the bootloader goes back to the one before. */
#include "layer.h"

#include "esp_app_desc.h"
#include "esp_https_ota.h"
#include "esp_log.h"
#include "esp_ota_ops.h"

#define STACK 8192U
#define PRIORITY 2U
#define PROVE_US UINT64_C(600000000)
#define FIRST_MS 900000U /* after PROVE_US: an image that is on trial fetches no other */
#define EACH_MS 86400000U
#define TIMEOUT_MS 15000

static const char TAG[] = "ota";

static bool is_on_trial(void) {
    esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
    esp_err_t error = esp_ota_get_state_partition(esp_ota_get_running_partition(), &state);
    return error == ESP_OK && state == ESP_OTA_IMG_PENDING_VERIFY;
}

static bool is_other(esp_https_ota_handle_t ota) {
    esp_app_desc_t theirs;
    if (esp_https_ota_get_img_desc(ota, &theirs) != ESP_OK) {
        return false;
    }
    return strncmp(theirs.version, esp_app_get_description()->version, sizeof theirs.version) != 0;
}

static esp_err_t receive(esp_https_ota_handle_t ota) {
    esp_err_t error = ESP_ERR_HTTPS_OTA_IN_PROGRESS;
    while (error == ESP_ERR_HTTPS_OTA_IN_PROGRESS) {
        error = esp_https_ota_perform(ota);
    }
    return error == ESP_OK && !esp_https_ota_is_complete_data_received(ota) ? ESP_FAIL : error;
}

/* True where another image than the running one is in place and will be started next. */
static bool fetch(const layer *self) {
    const esp_http_client_config_t http = {
        .url = self->factory.update_url,
        .cert_pem = self->factory.ca_pem,
        .timeout_ms = TIMEOUT_MS,
        .keep_alive_enable = true,
    };
    const esp_https_ota_config_t config = {.http_config = &http};
    esp_https_ota_handle_t ota = NULL;
    if (esp_https_ota_begin(&config, &ota) != ESP_OK) {
        return false;
    }
    if (!is_other(ota) || receive(ota) != ESP_OK) {
        (void)esp_https_ota_abort(ota);
        return false;
    }
    return esp_https_ota_finish(ota) == ESP_OK; /* checks the signature, where there is one */
}

static void look(void *argument) {
    layer *self = argument;
    vTaskDelay(pdMS_TO_TICKS(FIRST_MS));
    for (;;) {
        if (fetch(self)) {
            ESP_LOGI(TAG, "another image is in place");
            layer_tell(self, LAYER_RESTART); /* the owner stops the device first */
        }
        vTaskDelay(pdMS_TO_TICKS(EACH_MS));
    }
}

void ota_begin(layer *self) {
    self->must_be_online_us = is_on_trial() ? port_monotonic_us(self) + PROVE_US : 0U;
    if (self->factory.update_url[0] != '\0') {
        (void)xTaskCreate(look, "ota", STACK, self, PRIORITY, NULL);
    }
}

void ota_step(layer *self) {
    if (self->must_be_online_us == 0U) {
        return;
    }
    if (atomic_load(&self->was_online)) {
        self->must_be_online_us = 0;
        (void)esp_ota_mark_app_valid_cancel_rollback();
        ESP_LOGI(TAG, "this image stays");
    } else if (port_monotonic_us(self) >= self->must_be_online_us) {
        ecg_device_stop(&self->device);
        (void)esp_ota_mark_app_invalid_rollback_and_reboot();
    }
}
