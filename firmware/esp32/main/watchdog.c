/* The owner has to come round, or the chip restarts: what was sealed is in the outbox by then. */
#include "layer.h"

#include "esp_task_wdt.h"

void watchdog_begin(void) {
    const esp_task_wdt_config_t config = {
        .timeout_ms = CONFIG_ECG_WATCHDOG_S * 1000U,
        .idle_core_mask = 0, /* a busy core is not a fault; an owner that stands still is */
        .trigger_panic = true,
    };
    esp_err_t error = esp_task_wdt_reconfigure(&config);
    if (error == ESP_ERR_INVALID_STATE) {
        error = esp_task_wdt_init(&config);
    }
    ESP_ERROR_CHECK(error);
    ESP_ERROR_CHECK(esp_task_wdt_add(NULL));
}

void watchdog_feed(void) {
    (void)esp_task_wdt_reset();
}
