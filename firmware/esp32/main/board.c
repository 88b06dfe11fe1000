/* The amplifier's leads-off outputs and shutdown, the button and the indicator. */
#include "layer.h"

#include "driver/gpio.h"
#include "esp_system.h"
#include "esp_wifi.h"


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
    ecg_press press = ecg_button_step(&self->button, is_down, port_monotonic_us(self));
    if (press == ECG_BUTTON_PAIR || press == ECG_BUTTON_RESET) {
        forget(self, press == ECG_BUTTON_RESET);
    }
}
