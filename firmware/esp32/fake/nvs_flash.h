/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_NVS_FLASH_H
#define FAKE_NVS_FLASH_H

#include "nvs.h"
esp_err_t nvs_flash_init(void);

#endif
