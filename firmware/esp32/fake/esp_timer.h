/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_ESP_TIMER_H
#define FAKE_ESP_TIMER_H

#include <stdint.h>
int64_t esp_timer_get_time(void);

#endif
