/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_SOC_SOC_CAPS_H
#define FAKE_SOC_SOC_CAPS_H

#include "sdkconfig.h"
#if CONFIG_IDF_TARGET_ESP32
#define SOC_ADC_DIGI_RESULT_BYTES (2)
#else
#define SOC_ADC_DIGI_RESULT_BYTES (4)
#endif

#endif
