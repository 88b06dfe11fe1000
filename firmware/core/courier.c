#include "courier.h"

#include <string.h>

ecg_error ecg_courier_begin(ecg_courier *courier, const ecg_ports *ports, const char *topic) {
    memset(courier, 0, sizeof *courier);
    courier->ports = ports;
    courier->topic = topic;
    ecg_error error = ecg_outbox_mount(&courier->outbox, ports);
    courier->cursor = courier->outbox.head;
    return error;
}

void ecg_courier_restart(ecg_courier *courier) {
    ecg_resend_restart(&courier->resend);
    memset(courier->sent_bits, 0, sizeof courier->sent_bits);
    courier->sent = 0;
    courier->cursor = courier->outbox.head;
}

static int was_sent(const ecg_courier *courier, uint32_t slot) {
    return (int)((courier->sent_bits[slot / 32U] >> (slot % 32U)) & 1U);
}

static void set_sent(ecg_courier *courier, uint32_t slot, int sent) {
    uint32_t bit = UINT32_C(1) << (slot % 32U);
    uint32_t *word = &courier->sent_bits[slot / 32U];
    if (was_sent(courier, slot) != sent) {
        *word ^= bit;
        courier->sent = sent ? courier->sent + 1U : courier->sent - 1U;
    }
}

ecg_error ecg_courier_keep(ecg_courier *courier, const uint8_t chunk[ECG_CHUNK_BYTES]) {
    return ecg_outbox_append(&courier->outbox, chunk);
}

/* The next chunk that was not sent on this connection, or had to make place for others since: from
 * the oldest on, round and round. */
static ecg_error find_unsent(const ecg_courier *courier, uint32_t *slot) {
    const ecg_outbox *outbox = &courier->outbox;
    if (outbox->owed <= courier->sent) {
        return ECG_EMPTY;
    }
    for (uint32_t i = 0; i < outbox->slots; i++) {
        *slot = (courier->cursor + i) % outbox->slots;
        if (ecg_outbox_owes(outbox, *slot) && !was_sent(courier, *slot)) {
            return ECG_OK;
        }
    }
    return ECG_EMPTY;
}

/* What is due. Where nothing more may be sent, those that nobody acknowledges take turns with what
 * was not sent yet. */
static ecg_error find_due(ecg_courier *courier, uint64_t now_us, uint32_t *slot) {
    uint32_t next = 0;
    ecg_error error = ecg_resend_due(&courier->resend, now_us, slot);
    if (ecg_resend_has_room(&courier->resend)) {
        return error == ECG_OK ? ECG_OK : find_unsent(courier, slot);
    }
    if (error == ECG_OK && find_unsent(courier, &next) == ECG_OK &&
        ecg_resend_pass_on(&courier->resend, *slot, next) == ECG_OK) {
        set_sent(courier, *slot, 0);
        *slot = next;
    }
    return error;
}

static ecg_error note_sent(ecg_courier *courier, uint32_t slot, uint64_t now_us) {
    if (!was_sent(courier, slot)) {
        courier->cursor = (slot + 1U) % courier->outbox.slots;
    }
    set_sent(courier, slot, 1);
    return ecg_resend_sent(&courier->resend, slot, now_us);
}

static ecg_error send_slot(ecg_courier *courier, uint32_t slot, uint64_t now_us) {
    uint8_t chunk[ECG_CHUNK_BYTES];
    ecg_error error = ecg_outbox_read(&courier->outbox, slot, chunk);
    if (error == ECG_MALFORMED) {
        /* Spoilt by the flash: the service waits for its number, and then passes it. */
        courier->unreadable += 1U;
        ecg_resend_done(&courier->resend, slot);
        set_sent(courier, slot, 0);
        return ecg_outbox_abandon(&courier->outbox, slot);
    }
    if (error == ECG_EMPTY) {
        ecg_resend_done(&courier->resend, slot); /* acknowledged before its turn came */
        return ECG_OK;
    }
    if (error == ECG_OK) {
        error = courier->ports->mqtt_publish(courier->ports->self, courier->topic, chunk,
                                             sizeof chunk);
    } else if (error == ECG_FLASH) {
        error = ECG_OK; /* may be read another time: not in the way of the others till then */
    }
    return error == ECG_OK ? note_sent(courier, slot, now_us) : error;
}

ecg_error ecg_courier_send(ecg_courier *courier, uint64_t now_us, uint32_t most) {
    for (uint32_t i = 0; i < most; i++) {
        uint32_t slot = 0;
        ecg_error error = find_due(courier, now_us, &slot);
        if (error == ECG_OK) {
            error = send_slot(courier, slot, now_us);
        }
        if (error != ECG_OK) {
            return error;
        }
    }
    return ECG_OK;
}

/* One past the last number that an acknowledgement covers. */
static uint64_t reach(const ecg_ack *ack) {
    return ack->count > 0U ? ack->ranges[ack->count - 1U].last + 1U : ack->watermark;
}

/* What is stored is sent no more; what it passed over is due at once. */
static void settle(ecg_courier *courier, uint32_t slot, const uint8_t *session_id,
                   const ecg_ack *ack, uint64_t now_us) {
    ecg_header header;
    if (!ecg_outbox_owes(&courier->outbox, slot)) {
        ecg_resend_done(&courier->resend, slot);
        set_sent(courier, slot, 0);
    } else if (ack->count > 0U &&
               ecg_outbox_header(&courier->outbox, slot, &header) == ECG_OK &&
               memcmp(header.session_id, session_id, ECG_ID_BYTES) == 0 &&
               header.seq < reach(ack)) {
        ecg_resend_passed_over(&courier->resend, slot, now_us);
    }
}

ecg_error ecg_courier_acknowledge(ecg_courier *courier, const uint8_t session_id[ECG_ID_BYTES],
                                  const ecg_ack *ack, uint64_t now_us) {
    ecg_error error = ecg_outbox_acknowledge(&courier->outbox, session_id, ack);
    for (uint32_t slot = 0; slot < courier->outbox.slots; slot++) {
        if (was_sent(courier, slot)) {
            settle(courier, slot, session_id, ack, now_us);
        }
    }
    return error;
}

int ecg_courier_owes_epoch(const ecg_courier *courier, uint32_t key_epoch) {
    ecg_header header;
    for (uint32_t slot = 0; slot < courier->outbox.slots; slot++) {
        ecg_error error = ecg_outbox_header(&courier->outbox, slot, &header);
        if (error != ECG_EMPTY && (error != ECG_OK || header.key_epoch == key_epoch)) {
            return 1;
        }
    }
    return 0;
}
