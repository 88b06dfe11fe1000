/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_ESP_WIFI_H
#define FAKE_ESP_WIFI_H

#include "esp_event.h"

#include <stdint.h>
ESP_EVENT_DECLARE_BASE(WIFI_EVENT);
/* Their numbers are others: nothing here may depend on them. */
typedef enum { WIFI_EVENT_STA_START, WIFI_EVENT_STA_CONNECTED, WIFI_EVENT_STA_DISCONNECTED } wifi_event_t;
typedef enum { WIFI_MODE_NULL, WIFI_MODE_STA, WIFI_MODE_AP, WIFI_MODE_APSTA } wifi_mode_t;
typedef enum { WIFI_PS_NONE, WIFI_PS_MIN_MODEM, WIFI_PS_MAX_MODEM } wifi_ps_type_t;
typedef struct {
    int static_rx_buf_num;
    int magic;
} wifi_init_config_t;
#define WIFI_INIT_CONFIG_DEFAULT() {.static_rx_buf_num = 10, .magic = 1}
esp_err_t esp_wifi_init(const wifi_init_config_t *config);
esp_err_t esp_wifi_set_mode(wifi_mode_t mode);
esp_err_t esp_wifi_set_ps(wifi_ps_type_t type);
esp_err_t esp_wifi_start(void);
esp_err_t esp_wifi_connect(void);
esp_err_t esp_wifi_restore(void);

#endif
