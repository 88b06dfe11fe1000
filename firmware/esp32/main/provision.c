/* The name and password of the network, from a telephone: over the device's own access point, or
 * over Bluetooth LE (Kconfig). The device records meanwhile; chunks wait in the outbox. */
#include "layer.h"

#include "esp_log.h"
#include "network_provisioning/manager.h"

#if CONFIG_ECG_PROVISION_BLE
#include "network_provisioning/scheme_ble.h"
#else
#include "esp_netif.h"
#include "network_provisioning/scheme_softap.h"
#endif

#include <stdio.h>

static const char TAG[] = "pair";

static network_prov_mgr_config_t scheme(void) {
#if CONFIG_ECG_PROVISION_BLE
    return (network_prov_mgr_config_t){
        .scheme = network_prov_scheme_ble,
        .scheme_event_handler = NETWORK_PROV_SCHEME_BLE_EVENT_HANDLER_FREE_BTDM,
    };
#else
    return (network_prov_mgr_config_t){
        .scheme = network_prov_scheme_softap,
        .scheme_event_handler = NETWORK_PROV_EVENT_HANDLER_NONE,
    };
#endif
}

/* Runs in the event loop's task: the manager has what it wanted, and its memory goes back. */
static void on_end(void *argument, esp_event_base_t base, int32_t id, void *data) {
    layer *self = argument;
    (void)base;
    (void)data;
    if (id == NETWORK_PROV_END) {
        atomic_store(&self->is_pairing, false);
        (void)network_prov_mgr_deinit();
    }
}

static ecg_error ask(layer *self) {
    char name[16];
    (void)snprintf(name, sizeof name, "ECG-%.8s", self->factory.id_text);
#if !CONFIG_ECG_PROVISION_BLE
    if (esp_netif_create_default_wifi_ap() == NULL) {
        return ECG_NETWORK;
    }
#endif
    atomic_store(&self->is_pairing, true);
    /* Security 1: X25519, and a code printed on the device that the telephone has to know. */
    esp_err_t error = network_prov_mgr_start_provisioning(
        NETWORK_PROV_SECURITY_1, self->factory.pairing_code, name, NULL);
    ESP_LOGI(TAG, "no network yet: pair as %s", name);
    return error == ESP_OK ? ECG_OK : ECG_NETWORK;
}

ecg_error provision_begin(layer *self) {
    bool is_known = false;
    if (network_prov_mgr_init(scheme()) != ESP_OK ||
        network_prov_mgr_is_wifi_provisioned(&is_known) != ESP_OK) {
        return ECG_NETWORK;
    }
    if (is_known) {
        return network_prov_mgr_deinit() == ESP_OK ? ECG_OK : ECG_NETWORK;
    }
    if (esp_event_handler_register(NETWORK_PROV_EVENT, ESP_EVENT_ANY_ID, on_end, self) != ESP_OK) {
        return ECG_NETWORK;
    }
    return ask(self);
}
