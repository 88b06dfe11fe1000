#include "device.h"

#include "ack.h"
#include "bytes.h"
#include "rotate.h"
#include "seal.h"

#include <string.h>

#define SEND_AT_ONCE 16U
#define NEARLY_FULL 8U /* an eighth is left */
#define STEP_US UINT64_C(100000)
#define BUSY_US UINT64_C(10000)
#define ASTRAY_US UINT64_C(1000000)
#define FOLLOW 1024U /* samples: about four seconds */
#define ROTATE_FIRST_US UINT64_C(2000000)
#define ROTATE_MAX_US UINT64_C(30000000)
#define RENEW_AGAIN_US UINT64_C(30000000)

static uint64_t now_of(const ecg_device *device) {
    return device->ports->monotonic_us(device->ports->self);
}

/* The session before goes on where this one cannot begin. */
static ecg_error begin_session(ecg_device *device) {
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
        error = begin_session(device);
    }
    device->tally.fault = error;
    return error;
}

/* Seal and keep. Room is made sure of first: a number, once used, is never without its chunk. */
static ecg_error keep(ecg_device *device, ecg_body *body) {
    uint8_t chunk[ECG_CHUNK_BYTES];
    body->flags |= (uint16_t)(device->is_online ? 0U : (unsigned)ECG_FROM_FLASH);
    ecg_error error = ecg_outbox_make_room(&device->courier.outbox);
    if (error == ECG_OK) {
        error = ecg_seal(&device->session, body, chunk);
    }
    if (error == ECG_OK) {
        error = ecg_courier_keep(&device->courier, chunk);
    }
    return error;
}

static void keep_or_tell(ecg_device *device, ecg_body *body) {
    ecg_error error = keep(device, body);
    device->tally.fault = error;
    if (error == ECG_OK) {
        device->tally.sealed += 1U;
        return;
    }
    device->tally.dropped_samples += body->n_valid;
    ecg_framer_dropped(&device->framer);
}

/* The counter's time of the sample that comes next. Conversions come in batches, so that "now" is
 * later than the truth by up to one: samples are counted from an anchor, which follows "now" so slowly
 * that batches do not show. The converter's clock and the counter drift apart without a jump. */
static uint64_t sample_time_us(ecg_device *device) {
    uint64_t now_us = now_of(device);
    uint64_t since = device->samples - device->anchor_index;
    uint64_t at_us = device->anchor_us +
                     ((since * UINT64_C(100000000)) / device->settings.rate_centihz);
    int is_ahead = at_us > now_us;
    uint64_t apart_us = is_ahead ? at_us - now_us : now_us - at_us;
    if (!device->is_anchored || apart_us > ASTRAY_US) {
        device->is_anchored = 1;
        device->anchor_us = now_us;
        device->anchor_index = device->samples;
        return now_us;
    }
    uint64_t step_us = apart_us / FOLLOW;
    device->anchor_us = is_ahead ? device->anchor_us - step_us : device->anchor_us + step_us;
    return at_us;
}

/* When a sample was measured that is computed from the codes until now. */
static uint64_t utc_of(const ecg_device *device, uint64_t at_us) {
    uint64_t codes_per_s =
        (uint64_t)device->settings.rate_centihz * device->settings.decimation / 100U;
    uint64_t delay_us = (device->decimator.span - 1U) * UINT64_C(500000) / codes_per_s;
    uint64_t from_us = device->clock.monotonic_us;
    uint64_t utc_us = ecg_clock_utc(&device->clock, at_us > from_us ? at_us : from_us);
    return utc_us > delay_us ? utc_us - delay_us : 0U;
}

void ecg_device_on_code(ecg_device *device, uint16_t code, int lead_off_plus, int lead_off_minus) {
    uint16_t top = (uint16_t)((1U << device->settings.frontend.bits) - 1U);
    uint16_t margin = device->settings.frontend.margin;
    uint16_t flags = 0;
    uint16_t smooth = 0;
    int is_saturated = 0;
    ecg_body body;
    device->codes += 1U;
    if (!ecg_decimator_push(&device->decimator, code, margin, (uint16_t)(top - margin), &smooth,
                            &is_saturated)) {
        return;
    }
    device->codes = 0;
    int16_t sample = ecg_frontend_sample(&device->frontend, smooth, lead_off_plus, lead_off_minus,
                                         &flags);
    if (is_saturated && sample != ECG_NO_SAMPLE) {
        flags |= ECG_SATURATED;
    }
    uint64_t utc_us = utc_of(device, sample_time_us(device));
    device->samples += 1U;
    if (ecg_framer_push(&device->framer, sample, flags, utc_us, &body)) {
        keep_or_tell(device, &body);
    }
}

/* No sample is computed across a gap: the filter begins anew, and what it needs to fill itself is
 * lost as well. What is less than a sample's worth is carried on to the next loss. */
void ecg_device_on_overflow(ecg_device *device, uint64_t codes) {
    ecg_body body;
    uint64_t until_next = device->codes + codes + device->decimator.span + device->carried;
    uint64_t lost = (until_next / device->settings.decimation) - 1U;
    device->carried = until_next % device->settings.decimation;
    device->codes = 0;
    (void)ecg_decimator_begin(&device->decimator, device->settings.decimation);
    device->samples += lost;
    device->tally.dropped_samples += lost;
    if (ecg_framer_lose(&device->framer, lost, &body)) {
        keep_or_tell(device, &body);
    }
}

void ecg_device_on_time(ecg_device *device, uint64_t utc_us) {
    ecg_clock_correct(&device->clock, now_of(device), utc_us);
}

void ecg_device_stop(ecg_device *device) {
    ecg_body body;
    if (ecg_framer_stop(&device->framer, &body)) {
        keep_or_tell(device, &body);
    }
}

void ecg_device_on_wifi(ecg_device *device, int is_up) {
    ecg_link_on_wifi(&device->link, is_up, now_of(device));
    if (device->is_online && device->link.mqtt.phase != ECG_LINK_UP) {
        ecg_courier_restart(&device->courier);
        device->is_online = 0;
    }
}

void ecg_device_on_mqtt(ecg_device *device, int is_up) {
    ecg_link_on_mqtt(&device->link, is_up, now_of(device));
    ecg_courier_restart(&device->courier);
    device->is_online = device->link.mqtt.phase == ECG_LINK_UP;
    device->rotate_at_us = 0;
    device->rotate_wait_us = ROTATE_FIRST_US;
}

/* The session that an acknowledgement speaks of: the present one, or one whose keys are derived
 * anew from its id. ECG_NO_KEY where its epoch is not ours any more. */
static ecg_error session_of(ecg_device *device, const uint8_t *data, size_t size,
                            const ecg_session **session) {
    ecg_header header = device->session.header;
    *session = &device->session;
    if (size < 40U || memcmp(data + 24, header.session_id, ECG_ID_BYTES) == 0) {
        return ECG_OK;
    }
    *session = &device->past;
    header.key_epoch = (uint32_t)ecg_get(data + 20, 4);
    memcpy(header.session_id, data + 24, ECG_ID_BYTES);
    const ecg_key *key = ecg_keys_find(&device->keys, header.key_epoch);
    if (key == NULL) {
        return ECG_NO_KEY;
    }
    if (device->past.ack_key != 0 && device->past.header.key_epoch == header.key_epoch &&
        memcmp(device->past.header.session_id, header.session_id, ECG_ID_BYTES) == 0) {
        return ECG_OK;
    }
    ecg_session_end(&device->past);
    device->past.header = header;
    return ecg_session_derive(&device->past, key->handle);
}

/* Once nothing sealed under the earlier key is owed, nor will be, nothing needs it. */
static void forget_earlier(ecg_device *device) {
    uint32_t epoch = device->keys.earlier.epoch;
    if (epoch != 0U && epoch != device->session.header.key_epoch &&
        !ecg_courier_owes_epoch(&device->courier, epoch)) {
        (void)ecg_keys_forget_earlier(&device->keys);
    }
}

static void on_ack(ecg_device *device, const uint8_t *data, size_t size) {
    const ecg_session *session = NULL;
    ecg_ack ack;
    ecg_error error = session_of(device, data, size, &session);
    if (error == ECG_OK) {
        error = ecg_ack_open(session, data, size, &ack);
    }
    if (error == ECG_OK) {
        (void)ecg_courier_acknowledge(&device->courier, session->header.session_id, &ack,
                                      now_of(device));
        forget_earlier(device);
    }
    device->tally.forged += error == ECG_FORGED ? 1U : 0U;
}

/* A new session under the newest key, as soon as the one before can end: its open chunk kept, and no
 * gap left that only its next chunk could tell of. */
static void renew_session(ecg_device *device, uint64_t now_us) {
    if (device->session.header.key_epoch == device->keys.newest.epoch ||
        now_us < device->renew_at_us ||
        ecg_outbox_make_room(&device->courier.outbox) != ECG_OK) {
        return;
    }
    ecg_device_stop(device);
    if (ecg_framer_owes_gap(&device->framer)) {
        return;
    }
    device->tally.fault = begin_session(device);
    device->renew_at_us = now_us + RENEW_AGAIN_US;
    forget_earlier(device);
}

static void on_command(ecg_device *device, const uint8_t *data, size_t size) {
    ecg_command_kind kind;
    ecg_error error = ecg_command_open(data, size, device->settings.device_id,
                                       device->keys.newest.epoch, device->keys.newest.handle,
                                       device->keys.pending.handle, &kind);
    if (error == ECG_OK && kind == ECG_COMMAND_ROTATE) {
        (void)ecg_keys_renew(&device->keys);
    }
    if (error == ECG_OK && kind == ECG_COMMAND_TAKEN) {
        error = ecg_keys_confirm(&device->keys);
        device->tally.fault = error;
        device->renew_at_us = 0;
    }
    device->tally.forged += error == ECG_FORGED ? 1U : 0U;
}

void ecg_device_on_message(ecg_device *device, const char *topic, const uint8_t *data,
                           size_t size) {
    if (strcmp(topic, device->topics.ack) == 0) {
        on_ack(device, data, size);
    } else if (strcmp(topic, device->topics.command) == 0) {
        on_command(device, data, size);
    }
}

ecg_error ecg_device_claim(const ecg_device *device, const uint8_t *csr, size_t csr_size, char *out,
                           size_t room) {
    uint8_t key[ECG_KEY_BYTES];
    uint8_t sealed[ECG_SEALED_KEY_BYTES];
    const uint8_t *device_id = device->settings.device_id;
    uint32_t epoch = device->keys.newest.epoch;
    ecg_error error = ecg_keys_newest_bytes(&device->keys, key);
    if (error == ECG_OK) {
        error = ecg_enrol_seal(device->settings.service_point, device_id, epoch, key, sealed);
    }
    ecg_wipe(key, sizeof key);
    return error == ECG_OK ? ecg_claim_write(device_id, epoch, sealed, csr, csr_size, out, room)
                           : error;
}

ecg_error ecg_device_claimed(const ecg_device *device, const char *body, size_t size,
                             ecg_claim_answer *answer) {
    ecg_error error = ecg_claim_read_answer(body, size, answer);
    return error == ECG_OK ? ecg_enrol_confirm(device->keys.newest.handle,
                                               device->settings.device_id,
                                               device->keys.newest.epoch, answer->key_confirmation)
                           : error;
}

static ecg_error request_rotation(ecg_device *device) {
    uint8_t key[ECG_KEY_BYTES];
    uint8_t request[ECG_ROTATE_BYTES];
    ecg_error error = ecg_keys_pending_bytes(&device->keys, key);
    if (error == ECG_OK) {
        error = ecg_rotate_request(device->settings.service_point, device->settings.device_id,
                                   device->keys.pending.epoch, device->keys.newest.handle, key,
                                   request);
    }
    ecg_wipe(key, sizeof key);
    return error == ECG_OK ? device->ports->mqtt_publish(device->ports->self, device->topics.key,
                                                         request, sizeof request)
                           : error;
}

static void rotate(ecg_device *device, uint64_t now_us) {
    if (device->keys.pending.epoch == 0U || now_us < device->rotate_at_us) {
        return;
    }
    uint64_t wait_us = ROTATE_FIRST_US;
    if (request_rotation(device) == ECG_OK) {
        wait_us = device->rotate_wait_us;
        device->rotate_wait_us = wait_us < ROTATE_MAX_US / 2U ? wait_us * 2U : ROTATE_MAX_US;
    }
    device->rotate_at_us = now_us + wait_us;
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
    uint64_t now_us = now_of(device);
    ecg_error error = ECG_EMPTY;
    ecg_state state;
    tend_link(device, now_us);
    renew_session(device, now_us);
    if (device->is_online) {
        rotate(device, now_us);
        error = ecg_courier_send(&device->courier, now_us, SEND_AT_ONCE);
    }
    state = state_of(device);
    device->ports->led(device->ports->self, ecg_indicator_on(&state, now_us));
    return error == ECG_OK ? BUSY_US : STEP_US;
}
