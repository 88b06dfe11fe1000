/* Two clocks: the chip's counter, and UTC by SNTP. The core disciplines the second by the first. */
#include "layer.h"

#include "esp_netif_sntp.h"
#include "esp_timer.h"

#include <sys/time.h>

/* SNTP's callback has no argument of its own: the one thing here that a file has to remember. */
static layer *told;

/* Runs in lwIP's task; the time itself is read by the owner, later and as right. */
static void on_time(struct timeval *now) {
    (void)now;
    atomic_store(&told->is_time_known, true);
    layer_tell(told, LAYER_TIME);
}

ecg_error time_begin(layer *self) {
    esp_sntp_config_t config = ESP_NETIF_SNTP_DEFAULT_CONFIG(CONFIG_ECG_SNTP_SERVER);
    told = self;
    config.sync_cb = on_time;
    config.wait_for_sync = false;
    config.server_from_dhcp = false; /* a network's own idea of time is not to be trusted more */
    return esp_netif_sntp_init(&config) == ESP_OK ? ECG_OK : ECG_NETWORK;
}

uint64_t port_monotonic_us(void *self) {
    (void)self;
    return (uint64_t)esp_timer_get_time();
}

uint64_t port_utc_us(void *self) {
    layer *owner = self;
    struct timeval now = {0};
    if (!atomic_load(&owner->is_time_known) || gettimeofday(&now, NULL) != 0) {
        return 0;
    }
    return ((uint64_t)now.tv_sec * 1000000U) + (uint64_t)now.tv_usec;
}
