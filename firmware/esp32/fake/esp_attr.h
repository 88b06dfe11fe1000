/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_ESP_ATTR_H
#define FAKE_ESP_ATTR_H

#define IRAM_ATTR __attribute__((section(".iram1")))

#endif
