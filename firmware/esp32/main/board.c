/* The amplifier's leads-off outputs and shutdown, the button and the indicator. */
#include "layer.h"

#include "driver/gpio.h"
#include "esp_system.h"
#include "esp_wifi.h"

#define FORGET_US UINT64_C(5000000)
#define RESET_US UINT64_C(15000000)

static void set_up(int pin, gpio_mode_t mode, gpio_pullup_t pull_up) {
    const gpio_config_t config = {
        .pin_bit_mask = UINT64_C(1) << (unsigned)pin,
        .mode = mode,
        .pull_up_en = pull_up,
        .pull_down_en = GPIO_PULLDOWN_DISABLE,
        .intr_type = GPIO_INTR_DISABLE,
    };
    ESP_ERROR_CHECK(gpio_config(&config));
}

void board_begin(void) {
    set_up(CONFIG_ECG_PIN_LEAD_OFF_PLUS, GPIO_MODE_INPUT, GPIO_PULLUP_DISABLE);
    set_up(CONFIG_ECG_PIN_LEAD_OFF_MINUS, GPIO_MODE_INPUT, GPIO_PULLUP_DISABLE);
    set_up(CONFIG_ECG_PIN_BUTTON, GPIO_MODE_INPUT, GPIO_PULLUP_ENABLE);
    set_up(CONFIG_ECG_PIN_LED, GPIO_MODE_OUTPUT, GPIO_PULLUP_DISABLE);
    set_up(CONFIG_ECG_PIN_SHUTDOWN, GPIO_MODE_OUTPUT, GPIO_PULLUP_DISABLE);
    (void)gpio_set_level(CONFIG_ECG_PIN_SHUTDOWN, 1U); /* SDN is active low */
}

void board_leads(int *off_plus, int *off_minus) {
    *off_plus = gpio_get_level(CONFIG_ECG_PIN_LEAD_OFF_PLUS);
    *off_minus = gpio_get_level(CONFIG_ECG_PIN_LEAD_OFF_MINUS);
}

int board_button(void) {
    return gpio_get_level(CONFIG_ECG_PIN_BUTTON) == 0;
}

void port_led(void *self, int on) {
    (void)self;
#if CONFIG_ECG_LED_ACTIVE_LOW
    on = !on;
#endif
    (void)gpio_set_level(CONFIG_ECG_PIN_LED, on ? 1U : 0U);
}

/* Keys, password and certificate go; what the factory wrote stays. Chunks that are owed can be
 * acknowledged no more: whoever holds a button for 15 s means that. */
static void forget(layer *self, bool everything) {
    ecg_device_stop(&self->device);
    (void)esp_wifi_restore();
    if (everything) {
        (void)nvs_erase_all(self->nvs);
        (void)nvs_commit(self->nvs);
    }
    esp_restart();
}

void board_button_step(layer *self, int is_down) {
    layer_button *button = &self->button;
    uint64_t now_us = port_monotonic_us(self);
    bool was_down = button->was_down;
    ecg_device_on_button(&self->device, is_down);
    button->was_down = is_down != 0;
    if (is_down != 0) {
        button->since_us = was_down ? button->since_us : now_us;
        return;
    }
    if (was_down && now_us - button->since_us >= FORGET_US) {
        forget(self, now_us - button->since_us >= RESET_US);
    }
}
