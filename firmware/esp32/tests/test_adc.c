/* The converter's port against a driver that does what ESP-IDF's does: a pool of frames that loses
 * the newest when it is full, and tells so with an empty event. */
#include "layer.h"

#include "board.h"
#include "soc/soc_caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define POOL_CODES (BOARD_FRAME_CODES * BOARD_POOL_FRAMES)

static struct {
    uint16_t pool[POOL_CODES];
    size_t held;
    uint16_t next; /* codes count up, whether kept or lost */
    uint64_t now_us;
    adc_continuous_evt_cbs_t callbacks;
    void *argument;
    int notified;
} driver;

static struct {
    uint32_t next; /* what the core would expect */
    uint64_t codes;
    uint64_t lost;
    int misplaced;
} core;

static layer the_layer;

esp_err_t adc_continuous_new_handle(const adc_continuous_handle_cfg_t *sizes,
                                    adc_continuous_handle_t *handle) {
    assert_int_equal(sizes->conv_frame_size, BOARD_FRAME_CODES * SOC_ADC_DIGI_RESULT_BYTES);
    assert_int_equal(sizes->max_store_buf_size, POOL_CODES * SOC_ADC_DIGI_RESULT_BYTES);
    *handle = NULL;
    return ESP_OK;
}

esp_err_t adc_continuous_config(adc_continuous_handle_t handle, const adc_continuous_config_t *config) {
    (void)handle;
    assert_int_equal(config->sample_freq_hz, BOARD_ADC_HZ);
    assert_int_equal(config->adc_pattern->channel, ADC_CHANNEL_3);
    return ESP_OK;
}

esp_err_t adc_continuous_register_event_callbacks(adc_continuous_handle_t handle,
                                                  const adc_continuous_evt_cbs_t *callbacks,
                                                  void *argument) {
    (void)handle;
    driver.callbacks = *callbacks;
    driver.argument = argument;
    return ESP_OK;
}

esp_err_t adc_continuous_start(adc_continuous_handle_t handle) {
    (void)handle;
    return ESP_OK;
}

esp_err_t adc_continuous_stop(adc_continuous_handle_t handle) {
    (void)handle;
    return ESP_OK;
}

esp_err_t adc_continuous_io_to_channel(int pin, adc_unit_t *const unit, adc_channel_t *const channel) {
    *unit = ADC_UNIT_1;
    *channel = pin == CONFIG_ECG_PIN_SIGNAL ? ADC_CHANNEL_3 : ADC_CHANNEL_0;
    return ESP_OK;
}

esp_err_t adc_continuous_read(adc_continuous_handle_t handle, uint8_t *out, uint32_t room,
                              uint32_t *size, uint32_t timeout_ms) {
    size_t count = room / SOC_ADC_DIGI_RESULT_BYTES;
    (void)handle;
    assert_int_equal(timeout_ms, 0);
    count = count < driver.held ? count : driver.held;
    for (size_t i = 0; i < count; i++) {
        adc_digi_output_data_t told = {.val = 0};
        told.type2.data = driver.pool[i] & 0xFFFU;
        memcpy(out + (i * SOC_ADC_DIGI_RESULT_BYTES), &told, sizeof told);
    }
    driver.held -= count;
    memmove(driver.pool, driver.pool + count, driver.held * sizeof driver.pool[0]);
    *size = (uint32_t)(count * SOC_ADC_DIGI_RESULT_BYTES);
    return count > 0U ? ESP_OK : ESP_ERR_TIMEOUT;
}

BaseType_t xTaskNotifyFromISR(TaskHandle_t task, uint32_t value, eNotifyAction action,
                              BaseType_t *is_woken) {
    (void)task;
    (void)action;
    assert_int_equal(value, LAYER_ADC);
    driver.notified++;
    *is_woken = pdTRUE;
    return pdPASS;
}

void board_leads(int *off_plus, int *off_minus) {
    *off_plus = 0;
    *off_minus = 0;
}

uint64_t port_monotonic_us(void *self) {
    (void)self;
    return driver.now_us;
}

void ecg_device_on_code(ecg_device *device, uint16_t code, int off_plus, int off_minus) {
    (void)device;
    assert_int_equal(off_plus | off_minus, 0);
    core.misplaced += code != (core.next & 0xFFFU);
    core.next = code + 1U;
    core.codes++;
}

void ecg_device_on_overflow(ecg_device *device, uint64_t codes) {
    (void)device;
    core.next += (uint32_t)codes;
    core.lost += codes;
}

/* One frame's interrupt, in the driver's order: kept or not, done, then overflow. */
static void convert(size_t frames) {
    for (; frames > 0U; frames--) {
        adc_continuous_evt_data_t nothing = {0};
        int is_kept = driver.held + BOARD_FRAME_CODES <= POOL_CODES;
        for (size_t i = 0; i < BOARD_FRAME_CODES; i++, driver.next++) {
            if (is_kept) {
                driver.pool[driver.held++] = driver.next;
            }
        }
        (void)driver.callbacks.on_conv_done(NULL, &nothing, driver.argument);
        if (!is_kept) {
            (void)driver.callbacks.on_pool_ovf(NULL, &nothing, driver.argument);
        }
        driver.now_us += (UINT64_C(1000000) * BOARD_FRAME_CODES) / BOARD_ADC_HZ;
    }
}

static int start(void **state) {
    (void)state;
    memset(&driver, 0, sizeof driver);
    memset(&core, 0, sizeof core);
    memset(&the_layer, 0, sizeof the_layer);
    return adc_begin(&the_layer) == ECG_OK ? 0 : -1;
}

static void expect(uint64_t codes, uint64_t lost) {
    assert_int_equal(core.codes, codes);
    assert_int_equal(core.lost, lost);
    assert_int_equal(core.misplaced, 0);
}

static void test_every_code_comes_once_and_in_order(void **state) {
    (void)state;
    for (int i = 0; i < 300; i++) {
        convert(1U + ((size_t)i % 5U));
        adc_deliver(&the_layer);
    }
    expect((uint64_t)driver.next, 0);
    assert_int_equal(driver.notified, driver.next / BOARD_FRAME_CODES);
}

static void test_a_loss_is_told_where_it_was(void **state) {
    (void)state;
    convert(3);
    adc_deliver(&the_layer);
    convert(BOARD_POOL_FRAMES + 7U); /* a task that stood still */
    adc_deliver(&the_layer);
    convert(5);
    adc_deliver(&the_layer);
    expect((uint64_t)(BOARD_POOL_FRAMES + 8U) * BOARD_FRAME_CODES, 7U * BOARD_FRAME_CODES);
}

static void test_two_losses_are_told_each(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        convert(BOARD_POOL_FRAMES + 1U);
        adc_deliver(&the_layer);
        adc_deliver(&the_layer);
    }
    expect((uint64_t)2U * BOARD_POOL_FRAMES * BOARD_FRAME_CODES, 2U * BOARD_FRAME_CODES);
}

static void test_a_pause_is_told_as_lost_and_calls_nobody(void **state) {
    uint64_t since_us = 0;
    (void)state;
    driver.now_us = 5;
    convert(2);
    adc_pause(&the_layer, &since_us);
    driver.now_us += 40000; /* two frames */
    driver.next = (uint16_t)(driver.next + (2U * BOARD_FRAME_CODES));
    adc_resume(&the_layer, since_us);
    assert_int_equal(core.codes + core.lost, 0);
    adc_deliver(&the_layer);
    convert(1);
    adc_deliver(&the_layer);
    expect((uint64_t)3U * BOARD_FRAME_CODES, 2U * BOARD_FRAME_CODES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_every_code_comes_once_and_in_order, start),
        cmocka_unit_test_setup(test_a_loss_is_told_where_it_was, start),
        cmocka_unit_test_setup(test_two_losses_are_told_each, start),
        cmocka_unit_test_setup(test_a_pause_is_told_as_lost_and_calls_nobody, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
