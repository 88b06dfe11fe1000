/* What differs between the chips: converter, its rates and its range. Pins are in Kconfig. */
#ifndef BOARD_H
#define BOARD_H

#include "sdkconfig.h"

/* Converter's codes to one sample; converter's rates are the lowest that its driver takes and that
 * are whole multiples (ESP32 20 kHz at least, S3 and C3 611 Hz). */
#if CONFIG_IDF_TARGET_ESP32
#define BOARD_ADC_HZ 20000U
#define BOARD_FRAME_CODES 400U
#if CONFIG_ECG_RATE_250
#define BOARD_DECIMATION 80U
#else
#define BOARD_DECIMATION 160U
#endif
#else
#define BOARD_ADC_HZ 1000U
#define BOARD_FRAME_CODES 20U
#if CONFIG_ECG_RATE_250
#define BOARD_DECIMATION 4U
#else
#define BOARD_DECIMATION 8U
#endif
#endif

#define BOARD_RATE_CENTIHZ ((BOARD_ADC_HZ * 100U) / BOARD_DECIMATION)
#define BOARD_ADC_BITS 12U
/* 640 ms: longer than the slowest erase of a flash sector. */
#define BOARD_POOL_FRAMES 32U

#endif
