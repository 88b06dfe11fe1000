#include "device_parts.h"

#include "bytes.h"

#include <string.h>

#define SEND_AT_ONCE 16U
#define NEARLY_FULL 8U /* an eighth is left */
#define STEP_US UINT64_C(100000)
#define BUSY_US UINT64_C(10000)

/* The session before goes on where this one cannot begin. */
ecg_error ecg_device_begin_session(ecg_device *device) {
    ecg_session fresh;
    ecg_error error =
        ecg_session_begin(&fresh, device->ports, device->settings.device_id,
                          device->keys.newest.epoch, device->keys.newest.handle);
    if (error != ECG_OK) {
        return error;
    }
    ecg_session_end(&device->session);
    device->session = fresh;
    ecg_framer_begin(&device->framer, device->settings.rate_centihz, device->nv_per_lsb,
                     device->settings.always);
    return ECG_OK;
}

static ecg_error begin_signal(ecg_device *device) {
    ecg_error error =
        ecg_frontend_begin(&device->frontend, &device->settings.frontend, &device->nv_per_lsb);
    if (error == ECG_OK) {
        error = ecg_decimator_begin(&device->decimator, device->settings.decimation);
    }
    return error;
}

static ecg_error begin_link(ecg_device *device) {
    uint8_t seed[4];
    ecg_error error = device->ports->random(device->ports->self, seed, sizeof seed);
    ecg_link_begin(&device->link, (uint32_t)ecg_get(seed, sizeof seed));
    return error;
}

/* A key is forgotten once nothing sealed under it is owed. What is owed under one all the same was
 * acknowledged, and an erase that lost power has brought it back: nobody could acknowledge it again. */
static void drop_forgotten(ecg_device *device) {
    ecg_outbox *outbox = &device->courier.outbox;
    ecg_header header;
    for (uint32_t slot = 0; slot < outbox->slots; slot++) {
        if (ecg_outbox_header(outbox, slot, &header) == ECG_OK &&
            header.key_epoch < device->keys.newest.epoch &&
            header.key_epoch != device->keys.earlier.epoch) {
            (void)ecg_outbox_abandon(outbox, slot);
        }
    }
}

ecg_error ecg_device_begin(ecg_device *device, const ecg_ports *ports,
                           const ecg_settings *settings) {
    memset(device, 0, sizeof *device);
    device->ports = ports;
    device->settings = *settings;
    ecg_topics_of(settings->device_id, &device->topics);
    ecg_clock_begin(&device->clock);
    ecg_error error = begin_signal(device);
    if (error == ECG_OK) {
        error = ecg_courier_begin(&device->courier, ports, device->topics.chunk);
    }
    if (error == ECG_OK) {
        error = ecg_keys_load(&device->keys, ports);
    }
    if (error == ECG_OK) {
        drop_forgotten(device);
        error = begin_link(device);
    }
    if (error == ECG_OK) {
        error = ecg_device_begin_session(device);
    }
    device->tally.fault = error;
    return error;
}

void ecg_device_on_wifi(ecg_device *device, int is_up) {
    ecg_link_on_wifi(&device->link, is_up, ecg_device_now_us(device));
    if (device->is_online && device->link.mqtt.phase != ECG_LINK_UP) {
        ecg_courier_restart(&device->courier);
        device->is_online = 0;
    }
}

void ecg_device_on_mqtt(ecg_device *device, int is_up) {
    ecg_link_on_mqtt(&device->link, is_up, ecg_device_now_us(device));
    ecg_courier_restart(&device->courier);
    device->is_online = device->link.mqtt.phase == ECG_LINK_UP;
    device->rotate_at_us = 0;
    device->rotate_wait_us = ECG_ROTATE_FIRST_US;
}

static void act(const ecg_device *device, ecg_link_action action) {
    const ecg_ports *ports = device->ports;
    if (action == ECG_LINK_START_WIFI) {
        (void)ports->wifi_start(ports->self);
    } else if (action == ECG_LINK_START_MQTT) {
        (void)ports->mqtt_start(ports->self);
    } else if (action == ECG_LINK_STOP_MQTT) {
        ports->mqtt_stop(ports->self);
    }
}

static ecg_state state_of(const ecg_device *device) {
    const ecg_outbox *outbox = &device->courier.outbox;
    ecg_error fault = device->tally.fault;
    return (ecg_state){
        .is_starting = device->samples == 0U,
        .has_no_network = !device->is_online,
        .is_nearly_full = outbox->owed > outbox->slots - (outbox->slots / NEARLY_FULL),
        .is_lead_off = device->frontend.unsettled > 0U,
        .is_fault = fault != ECG_OK && fault != ECG_FULL,
    };
}

/* Everything that the link wants done now. */
static void tend_link(ecg_device *device, uint64_t now_us) {
    ecg_link_action action = ecg_link_step(&device->link, now_us);
    while (action != ECG_LINK_NONE) {
        act(device, action);
        action = ecg_link_step(&device->link, now_us);
    }
}

uint64_t ecg_device_step(ecg_device *device) {
    uint64_t now_us = ecg_device_now_us(device);
    ecg_error error = ECG_EMPTY;
    ecg_state state;
    tend_link(device, now_us);
    ecg_device_renew_session(device, now_us);
    if (device->is_online) {
        ecg_device_rotate(device, now_us);
        error = ecg_courier_send(&device->courier, now_us, SEND_AT_ONCE);
    }
    state = state_of(device);
    device->ports->led(device->ports->self, ecg_indicator_on(&state, now_us));
    return error == ECG_OK ? BUSY_US : STEP_US;
}
