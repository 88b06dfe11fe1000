#include "link.h"

#include <string.h>

static uint32_t draw(ecg_link *link) {
    uint32_t x = link->chance;
    x ^= x << 13U;
    x ^= x >> 17U;
    x ^= x << 5U;
    link->chance = x;
    return x;
}

void ecg_link_begin(ecg_link *link, uint32_t seed) {
    memset(link, 0, sizeof *link);
    link->chance = seed == 0U ? 1U : seed; /* xorshift never leaves 0 */
    link->wifi.interval_us = link->mqtt.interval_us = ECG_LINK_FIRST_US;
}

/* Down, until a moment within the interval; the interval after it is twice as long. */
static void fall(ecg_link *link, ecg_link_layer *layer, uint64_t now_us) {
    uint64_t interval_us = layer->interval_us;
    layer->phase = ECG_LINK_DOWN;
    layer->due_us = now_us + (draw(link) % (interval_us + 1U));
    layer->interval_us = interval_us < ECG_LINK_MAX_US / 2U ? interval_us * 2U : ECG_LINK_MAX_US;
}

static void on_layer(ecg_link *link, ecg_link_layer *layer, int is_up, uint64_t now_us) {
    if (is_up) {
        layer->since_us = layer->phase == ECG_LINK_UP ? layer->since_us : now_us;
        layer->phase = ECG_LINK_UP;
        return;
    }
    if (layer->phase == ECG_LINK_UP && now_us - layer->since_us >= ECG_LINK_STEADY_US) {
        layer->interval_us = ECG_LINK_FIRST_US;
    }
    if (layer->phase != ECG_LINK_DOWN) {
        fall(link, layer, now_us);
    }
}

void ecg_link_on_mqtt(ecg_link *link, int is_up, uint64_t now_us) {
    on_layer(link, &link->mqtt, is_up, now_us);
}

void ecg_link_on_wifi(ecg_link *link, int is_up, uint64_t now_us) {
    on_layer(link, &link->wifi, is_up, now_us);
    if (!is_up && link->mqtt.phase != ECG_LINK_DOWN) {
        on_layer(link, &link->mqtt, 0, now_us);
        link->must_stop = 1;
    }
}

/* An attempt that heard nothing has failed. */
static int expires(ecg_link *link, ecg_link_layer *layer, uint64_t now_us) {
    if (layer->phase != ECG_LINK_TRYING || now_us < layer->due_us) {
        return 0;
    }
    fall(link, layer, now_us);
    return 1;
}

/* Whether an attempt is to begin now. */
static int begins(ecg_link_layer *layer, uint64_t now_us) {
    if (layer->phase != ECG_LINK_DOWN || now_us < layer->due_us) {
        return 0;
    }
    layer->phase = ECG_LINK_TRYING;
    layer->due_us = now_us + ECG_LINK_SILENCE_US;
    return 1;
}

ecg_link_action ecg_link_step(ecg_link *link, uint64_t now_us) {
    (void)expires(link, &link->wifi, now_us);
    link->must_stop |= expires(link, &link->mqtt, now_us);
    if (link->must_stop) {
        link->must_stop = 0;
        return ECG_LINK_STOP_MQTT;
    }
    if (begins(&link->wifi, now_us)) {
        return ECG_LINK_START_WIFI;
    }
    if (link->wifi.phase == ECG_LINK_UP && begins(&link->mqtt, now_us)) {
        return ECG_LINK_START_MQTT;
    }
    return ECG_LINK_NONE;
}

static uint64_t due_of(const ecg_link_layer *layer) {
    return layer->phase == ECG_LINK_UP ? UINT64_MAX : layer->due_us;
}

uint64_t ecg_link_due_us(const ecg_link *link) {
    uint64_t wifi_us = due_of(&link->wifi);
    uint64_t mqtt_us = link->wifi.phase == ECG_LINK_UP ? due_of(&link->mqtt) : UINT64_MAX;
    return wifi_us < mqtt_us ? wifi_us : mqtt_us;
}
