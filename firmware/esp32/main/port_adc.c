/* The converter in continuous mode: its interrupt wakes the owner, who reads, never the reverse. */
#include "layer.h"

#include "board.h"
#include "esp_attr.h"
#include "soc/soc_caps.h"

#define FRAME_BYTES (BOARD_FRAME_CODES * SOC_ADC_DIGI_RESULT_BYTES)
#define POOL_CODES (BOARD_FRAME_CODES * BOARD_POOL_FRAMES)

static bool IRAM_ATTR on_frame(adc_continuous_handle_t handle, const adc_continuous_evt_data_t *frame,
                               void *argument) {
    layer *self = argument;
    BaseType_t is_woken = pdFALSE;
    (void)handle;
    (void)frame;
    (void)xTaskNotifyFromISR(self->owner, LAYER_ADC, eSetBits, &is_woken);
    return is_woken == pdTRUE;
}

/* The pool had no room for one frame; what the driver says of it is empty, so a frame it is. */
static bool IRAM_ATTR on_overflow(adc_continuous_handle_t handle,
                                  const adc_continuous_evt_data_t *frame, void *argument) {
    layer *self = argument;
    (void)handle;
    (void)frame;
    self->adc.lost_frames += 1U; /* the only writer: no atomic, whose code may lie in flash */
    return false;
}

static esp_err_t configure(adc_continuous_handle_t handle, adc_channel_t channel) {
    adc_digi_pattern_config_t pattern = {
        .atten = ADC_ATTEN_DB_12,
        .channel = (uint8_t)channel,
        .unit = ADC_UNIT_1, /* unit 2 is the radio's */
        .bit_width = BOARD_ADC_BITS,
    };
    adc_continuous_config_t config = {
        .pattern_num = 1,
        .adc_pattern = &pattern,
        .sample_freq_hz = BOARD_ADC_HZ,
        .conv_mode = ADC_CONV_SINGLE_UNIT_1,
    };
/* ESP-IDF 5 needs the format, 6 has it deprecated and looks no more at it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#if CONFIG_IDF_TARGET_ESP32
    config.format = ADC_DIGI_OUTPUT_FORMAT_TYPE1;
#else
    config.format = ADC_DIGI_OUTPUT_FORMAT_TYPE2;
#endif
#pragma GCC diagnostic pop
    return adc_continuous_config(handle, &config);
}

ecg_error adc_begin(layer *self) {
    const adc_continuous_handle_cfg_t sizes = {
        .max_store_buf_size = FRAME_BYTES * BOARD_POOL_FRAMES,
        .conv_frame_size = FRAME_BYTES,
    };
    const adc_continuous_evt_cbs_t callbacks = {.on_conv_done = on_frame, .on_pool_ovf = on_overflow};
    adc_unit_t unit = ADC_UNIT_1;
    adc_channel_t channel = ADC_CHANNEL_0;
    if (adc_continuous_io_to_channel(CONFIG_ECG_PIN_SIGNAL, &unit, &channel) != ESP_OK ||
        unit != ADC_UNIT_1 || adc_continuous_new_handle(&sizes, &self->adc.handle) != ESP_OK ||
        configure(self->adc.handle, channel) != ESP_OK ||
        adc_continuous_register_event_callbacks(self->adc.handle, &callbacks, self) != ESP_OK ||
        adc_continuous_start(self->adc.handle) != ESP_OK) {
        return ECG_BAD_ARGUMENT;
    }
    self->adc.is_running = true;
    return ECG_OK;
}

static uint16_t code_of(const uint8_t *result) {
    adc_digi_output_data_t told;
    memcpy(&told, result, sizeof told);
#if CONFIG_IDF_TARGET_ESP32
    return (uint16_t)told.type1.data;
#else
    return (uint16_t)told.type2.data;
#endif
}

/* A pool that overflowed was full of older codes: the loss is told where those end. */
static void note_loss(layer_adc *adc) {
    uint32_t frames = adc->lost_frames - adc->known_frames;
    adc->known_frames += frames;
    if (frames == 0U) {
        return;
    }
    if (adc->codes_lost == 0U) {
        adc->codes_before_loss = POOL_CODES;
    }
    adc->codes_lost += (uint64_t)frames * BOARD_FRAME_CODES;
}

static void tell_loss(layer *self) {
    uint64_t lost = self->adc.codes_lost;
    self->adc.codes_lost = 0;
    self->adc.codes_before_loss = 0;
    if (lost > 0U) {
        ecg_device_on_overflow(&self->device, lost);
    }
}

static void hand_over(layer *self, const uint8_t *results, uint32_t size) {
    int off_plus = 0;
    int off_minus = 0;
    board_leads(&off_plus, &off_minus); /* once a frame, 20 ms: the comparators are slower */
    for (uint32_t at = 0; at + SOC_ADC_DIGI_RESULT_BYTES <= size; at += SOC_ADC_DIGI_RESULT_BYTES) {
        ecg_device_on_code(&self->device, code_of(results + at), off_plus, off_minus);
        if (self->adc.codes_before_loss > 0U && --self->adc.codes_before_loss == 0U) {
            tell_loss(self);
        }
    }
}

void adc_deliver(layer *self) {
    uint8_t results[FRAME_BYTES];
    uint32_t size = 0;
    if (!self->adc.is_running) {
        return;
    }
    for (uint32_t frame = 0; frame < BOARD_POOL_FRAMES; frame++) {
        note_loss(&self->adc);
        if (adc_continuous_read(self->adc.handle, results, sizeof results, &size, 0) != ESP_OK) {
            tell_loss(self);
            return;
        }
        hand_over(self, results, size);
    }
}

/* Both may be called from within the core, which is asked for nothing here. */
void adc_pause(layer *self, uint64_t *since_us) {
    *since_us = 0;
    if (!self->adc.is_running) {
        return;
    }
    *since_us = port_monotonic_us(self);
    (void)adc_continuous_stop(self->adc.handle);
    self->adc.is_running = false;
}

/* What was missed is told once the pool is empty, so at most a frame too late. */
void adc_resume(layer *self, uint64_t since_us) {
    if (since_us == 0U) {
        return;
    }
    self->adc.is_running = adc_continuous_start(self->adc.handle) == ESP_OK;
    uint64_t paused_us = port_monotonic_us(self) - since_us;
    self->adc.codes_lost += (paused_us * BOARD_ADC_HZ) / 1000000U;
}
