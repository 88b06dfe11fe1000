/* The owner: starts everything in the one order that is right, then calls the core. */
#include "layer.h"

#include "board.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_event.h"
#include "esp_system.h"

#define OWNER_STACK 12288U
#define OWNER_PRIORITY 10U
#define WAIT_MAX_US 1000000U
#define RETRY_MS 30000U

static const char TAG[] = "ecg";
static layer the_layer; /* in main's file alone: everyone else is given it */

void layer_tell(layer *self, uint32_t bits) {
    (void)xTaskNotify(self->owner, bits, eSetBits);
}

static void inject(layer *self) {
    self->ports = (ecg_ports){
        .self = self,
        .monotonic_us = port_monotonic_us,
        .utc_us = port_utc_us,
        .random = port_random,
        .nvs_read = port_nvs_read,
        .nvs_write = port_nvs_write,
        .flash_size = self->outbox->size,
        .flash_sector = self->outbox->erase_size,
        .flash_read = port_flash_read,
        .flash_write = port_flash_write,
        .flash_erase = port_flash_erase,
        .wifi_start = port_wifi_start,
        .mqtt_start = port_mqtt_start,
        .mqtt_stop = port_mqtt_stop,
        .mqtt_publish = port_mqtt_publish,
        .led = port_led,
    };
}

/* Everything that needs random bytes lies between the radio's start and the converter's. */
static ecg_error begin(layer *self) {
    ecg_error error = nvs_begin(self);
    if (error == ECG_OK) {
        error = settings_begin(self);
    }
    if (error == ECG_OK) {
        error = flash_begin(self);
    }
    if (error == ECG_OK) {
        error = wifi_begin(self);
    }
    if (error != ECG_OK) {
        return error;
    }
    inject(self);
    error = psa_crypto_init() == PSA_SUCCESS ? identity_begin(self) : ECG_CRYPTO;
    if (error == ECG_OK) {
        error = ecg_device_begin(&self->device, &self->ports, &self->settings);
    }
    if (error == ECG_OK) {
        error = enrol_prepare(self);
    }
    if (error == ECG_OK) {
        error = adc_begin(self);
    }
    if (error == ECG_OK) {
        error = time_begin(self);
    }
    if (error == ECG_OK) {
        error = provision_begin(self);
    }
    if (error == ECG_OK) {
        error = enrol_begin(self);
    }
    return error;
}

static void deliver_messages(layer *self) {
    while (xQueueReceive(self->messages, &self->inbox, 0) == pdTRUE) {
        ecg_device_on_message(&self->device, self->inbox.topic, self->inbox.data, self->inbox.size);
    }
}

/* Down before up: what fell and came back between two wakes is told as both, in that order. */
static void deliver(layer *self, uint32_t bits) {
    if ((bits & LAYER_WIFI_DOWN) != 0U) {
        ecg_device_on_wifi(&self->device, 0);
    }
    if ((bits & LAYER_WIFI_UP) != 0U) {
        ecg_device_on_wifi(&self->device, 1);
    }
    if ((bits & LAYER_MQTT_DOWN) != 0U) {
        ecg_device_on_mqtt(&self->device, 0);
    }
    if ((bits & LAYER_MQTT_UP) != 0U) {
        ecg_device_on_mqtt(&self->device, 1);
    }
    if ((bits & LAYER_TIME) != 0U) {
        ecg_device_on_time(&self->device, port_utc_us(self));
    }
    if ((bits & LAYER_ANSWER) != 0U) {
        enrol_answered(self);
    }
    if ((bits & LAYER_RESTART) != 0U) {
        ecg_device_stop(&self->device);
        esp_restart();
    }
}

static void run(layer *self) {
    for (;;) {
        uint64_t wait_us = ecg_device_step(&self->device);
        uint32_t bits = 0;
        wait_us = wait_us < WAIT_MAX_US ? wait_us : WAIT_MAX_US;
        (void)xTaskNotifyWait(0, UINT32_MAX, &bits, pdMS_TO_TICKS((uint32_t)(wait_us / 1000U)));
        adc_deliver(self);
        deliver_messages(self);
        deliver(self, bits);
        board_button_step(self, board_button());
        ota_step(self);
        watchdog_feed();
    }
}

static void own(void *argument) {
    layer *self = argument;
    self->owner = xTaskGetCurrentTaskHandle();
    ecg_button_begin(&self->button, board_button(), port_monotonic_us(self));
    board_begin();
    ecg_error error = begin(self);
    if (error != ECG_OK) {
        ESP_LOGE(TAG, "cannot start: error %d; again in 30 s", (int)error);
        vTaskDelay(pdMS_TO_TICKS(RETRY_MS));
        esp_restart();
    }
    watchdog_begin();
    ota_begin(self);
    run(self);
}

void app_main(void) {
    the_layer.messages = xQueueCreate(LAYER_MESSAGES, sizeof(layer_message));
    ESP_ERROR_CHECK(the_layer.messages == NULL ? ESP_ERR_NO_MEM : ESP_OK);
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    (void)xTaskCreate(own, "ecg", OWNER_STACK, &the_layer, OWNER_PRIORITY, NULL);
}
