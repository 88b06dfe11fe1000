#include "device_parts.h"

#include "ack.h"
#include "bytes.h"
#include "rotate.h"

#include <string.h>

#define ROTATE_MAX_US UINT64_C(30000000)
#define RENEW_AGAIN_US UINT64_C(30000000)

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
                                      ecg_device_now_us(device));
        forget_earlier(device);
    }
    device->tally.forged += error == ECG_FORGED ? 1U : 0U;
}

/* A new session under the newest key, as soon as the one before can end: its open chunk kept, and no
 * gap left that only its next chunk could tell of. */
void ecg_device_renew_session(ecg_device *device, uint64_t now_us) {
    if (device->session.header.key_epoch == device->keys.newest.epoch ||
        now_us < device->renew_at_us ||
        ecg_outbox_make_room(&device->courier.outbox) != ECG_OK) {
        return;
    }
    ecg_device_stop(device);
    if (ecg_framer_owes_gap(&device->framer)) {
        return;
    }
    device->tally.fault = ecg_device_begin_session(device);
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

void ecg_device_rotate(ecg_device *device, uint64_t now_us) {
    if (device->keys.pending.epoch == 0U || now_us < device->rotate_at_us) {
        return;
    }
    uint64_t wait_us = ECG_ROTATE_FIRST_US;
    if (request_rotation(device) == ECG_OK) {
        wait_us = device->rotate_wait_us;
        device->rotate_wait_us = wait_us < ROTATE_MAX_US / 2U ? wait_us * 2U : ROTATE_MAX_US;
    }
    device->rotate_at_us = now_us + wait_us;
}
