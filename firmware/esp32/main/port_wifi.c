/* The radio: on from the start, for without it no random byte is random; joined when the core asks. */
#include "layer.h"

#include "esp_event.h"
#include "esp_netif.h"
#include "esp_wifi.h"

/* Runs in the event loop's task. */
static void on_wifi(void *argument, esp_event_base_t base, int32_t id, void *data) {
    (void)base;
    (void)data;
    if (id == WIFI_EVENT_STA_DISCONNECTED) {
        layer_tell(argument, LAYER_WIFI_DOWN);
    }
}

static void on_address(void *argument, esp_event_base_t base, int32_t id, void *data) {
    (void)base;
    (void)data;
    if (id == IP_EVENT_STA_GOT_IP) {
        layer_tell(argument, LAYER_WIFI_UP);
    }
    if (id == IP_EVENT_STA_LOST_IP) {
        layer_tell(argument, LAYER_WIFI_DOWN);
    }
}

ecg_error wifi_begin(layer *self) {
    const wifi_init_config_t config = WIFI_INIT_CONFIG_DEFAULT();
    if (esp_netif_create_default_wifi_sta() == NULL || esp_wifi_init(&config) != ESP_OK ||
        esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, on_wifi, self) != ESP_OK ||
        esp_event_handler_register(IP_EVENT, ESP_EVENT_ANY_ID, on_address, self) != ESP_OK ||
        esp_wifi_set_mode(WIFI_MODE_STA) != ESP_OK ||
        esp_wifi_set_ps(WIFI_PS_MIN_MODEM) != ESP_OK || esp_wifi_start() != ESP_OK) {
        return ECG_NETWORK;
    }
    atomic_store(&self->is_radio_on, true);
    return ECG_OK;
}

ecg_error port_wifi_start(void *self) {
    layer *owner = self;
    if (atomic_load(&owner->is_pairing)) {
        return ECG_NETWORK; /* the pairing joins the network by itself, and would be disturbed */
    }
    return esp_wifi_connect() == ESP_OK ? ECG_OK : ECG_NETWORK;
}
