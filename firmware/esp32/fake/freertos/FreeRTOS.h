/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_FREERTOS_FREERTOS_H
#define FAKE_FREERTOS_FREERTOS_H

#include <stdint.h>
typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef uint32_t TickType_t;
#define pdFALSE ((BaseType_t)0)
#define pdTRUE ((BaseType_t)1)
#define pdPASS pdTRUE
#define portMAX_DELAY ((TickType_t)0xffffffffU)
#define FAKE_TICK_HZ 100U
#define pdMS_TO_TICKS(ms) ((TickType_t)(((uint64_t)(ms) * FAKE_TICK_HZ) / 1000U))

#endif
