#include "link.h"

#include <string.h>

void ecg_link_begin(ecg_link *link, uint32_t seed) {
    memset(link, 0, sizeof *link);
    link->wifi.interval_us = ECG_LINK_FIRST_US;
    link->mqtt.interval_us = ECG_LINK_FIRST_US;
    link->random = seed == 0U ? 1U : seed; /* xorshift never leaves 0 */
}

static uint32_t next_random(ecg_link *link) {
    link->random ^= link->random << 13U;
    link->random ^= link->random >> 17U;
    link->random ^= link->random << 5U;
    return link->random;
}

/* An attempt, or what it had brought up, is over: the next one after a wait. */
static void wait(ecg_link *link, ecg_link_end *end, uint64_t now_us) {
    if (end->phase == ECG_LINK_UP && now_us - end->at_us >= ECG_LINK_STEADY_US) {
        end->interval_us = ECG_LINK_FIRST_US;
    }
    end->phase = ECG_LINK_WAITING;
    end->at_us = now_us + next_random(link) % (end->interval_us + 1U);
    uint64_t doubled = 2U * end->interval_us;
    end->interval_us = doubled < ECG_LINK_MAX_US ? doubled : ECG_LINK_MAX_US;
}

/* Without Wi-Fi there is no MQTT; with it again, MQTT is tried by its own interval. */
static void leave_mqtt(ecg_link *link, uint64_t now_us) {
    if (link->mqtt.phase != ECG_LINK_WAITING) {
        link->mqtt_to_stop = 1;
        wait(link, &link->mqtt, now_us);
    }
}

void ecg_link_on_wifi(ecg_link *link, int is_up, uint64_t now_us) {
    ecg_link_end *wifi = &link->wifi;
    if (is_up && wifi->phase != ECG_LINK_UP) {
        wifi->phase = ECG_LINK_UP;
        wifi->at_us = now_us;
    } else if (!is_up && wifi->phase != ECG_LINK_WAITING) {
        wait(link, wifi, now_us);
        leave_mqtt(link, now_us);
    }
}

void ecg_link_on_mqtt(ecg_link *link, int is_up, uint64_t now_us) {
    ecg_link_end *mqtt = &link->mqtt;
    if (!is_up) {
        leave_mqtt(link, now_us);
    } else if (mqtt->phase == ECG_LINK_TRYING) {
        mqtt->phase = ECG_LINK_UP; /* while waiting it is the old client's word: it is stopped */
        mqtt->at_us = now_us;
    }
}

static int is_due(const ecg_link_end *end, ecg_link_phase phase, uint64_t now_us) {
    return end->phase == phase && end->at_us <= now_us;
}

static void attempt(ecg_link_end *end, uint64_t now_us) {
    end->phase = ECG_LINK_TRYING;
    end->at_us = now_us + ECG_LINK_SILENT_US;
}

ecg_link_action ecg_link_step(ecg_link *link, uint64_t now_us) {
    if (is_due(&link->wifi, ECG_LINK_TRYING, now_us)) {
        wait(link, &link->wifi, now_us);
    }
    if (is_due(&link->mqtt, ECG_LINK_TRYING, now_us)) {
        leave_mqtt(link, now_us);
    }
    if (link->mqtt_to_stop) {
        link->mqtt_to_stop = 0;
        return ECG_LINK_STOP_MQTT;
    }
    if (is_due(&link->wifi, ECG_LINK_WAITING, now_us)) {
        attempt(&link->wifi, now_us);
        return ECG_LINK_START_WIFI;
    }
    if (link->wifi.phase == ECG_LINK_UP && is_due(&link->mqtt, ECG_LINK_WAITING, now_us)) {
        attempt(&link->mqtt, now_us);
        return ECG_LINK_START_MQTT;
    }
    return ECG_LINK_NONE;
}

uint64_t ecg_link_due_us(const ecg_link *link) {
    if (link->mqtt_to_stop) {
        return 0;
    }
    if (link->wifi.phase != ECG_LINK_UP) {
        return link->wifi.at_us;
    }
    return link->mqtt.phase != ECG_LINK_UP ? link->mqtt.at_us : UINT64_MAX;
}
