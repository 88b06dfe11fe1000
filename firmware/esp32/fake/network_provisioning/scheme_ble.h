/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_NETWORK_PROVISIONING_SCHEME_BLE_H
#define FAKE_NETWORK_PROVISIONING_SCHEME_BLE_H

#include "network_provisioning/manager.h"
extern const network_prov_scheme_t network_prov_scheme_ble;
void network_prov_scheme_ble_event_cb_free_btdm(void *user_data, network_prov_cb_event_t event,
                                                void *event_data);
#define NETWORK_PROV_SCHEME_BLE_EVENT_HANDLER_FREE_BTDM \
    { .event_cb = network_prov_scheme_ble_event_cb_free_btdm, .user_data = NULL }

#endif
