#include "outbox.h"

#include "bytes.h"

#include <string.h>

/* A slot: magic (written last: it makes the slot count), CRC-32 of number and chunk, number, chunk,
 * and at its end the mark of an acknowledgement. */
#define MAGIC UINT32_C(0x45434f31)
#define AT_CRC 4U
#define AT_NUMBER 8U
#define AT_CHUNK 12U
#define USED_BYTES (AT_CHUNK + ECG_CHUNK_BYTES)
#define AT_MARK (ECG_SLOT_BYTES - 4U)
#define MARK_BYTES 4U
#define ERASED 0xFFU

static uint32_t crc32(const uint8_t *bytes, size_t size) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1U) ^ (UINT32_C(0xEDB88320) & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

static ecg_error read_slot(const ecg_outbox *outbox, uint32_t slot, uint8_t *bytes) {
    return outbox->ports->flash_read(outbox->ports->self, slot * ECG_SLOT_BYTES, bytes,
                                     ECG_SLOT_BYTES);
}

static int holds_chunk(const uint8_t *bytes) {
    return ecg_get(bytes, 4) == MAGIC &&
           ecg_get(bytes + AT_CRC, 4) == crc32(bytes + AT_NUMBER, USED_BYTES - AT_NUMBER);
}

/* Any cleared bit of the mark counts: a mark that power loss tore was begun for a reason. */
static int is_owed(const uint8_t *bytes) {
    return holds_chunk(bytes) && ecg_get(bytes + AT_MARK, MARK_BYTES) == UINT32_MAX;
}

int ecg_outbox_owes(const ecg_outbox *outbox, uint32_t slot) {
    return slot < outbox->slots && ((outbox->owed_bits[slot / 32U] >> (slot % 32U)) & 1U) != 0U;
}

static void set_owed(ecg_outbox *outbox, uint32_t slot, int owed) {
    uint32_t bit = UINT32_C(1) << (slot % 32U);
    uint32_t *word = &outbox->owed_bits[slot / 32U];
    *word = owed ? *word | bit : *word & ~bit;
    outbox->owed = owed ? outbox->owed + 1U : outbox->owed - 1U;
}

static int is_blank(const uint8_t *bytes) {
    for (size_t i = 0; i < ECG_SLOT_BYTES; i++) {
        if (bytes[i] != ERASED) {
            return 0;
        }
    }
    return 1;
}

ecg_error ecg_outbox_mount(ecg_outbox *outbox, const ecg_ports *ports) {
    uint8_t bytes[ECG_SLOT_BYTES];
    int found = 0;
    if (ports->flash_sector == 0 || ports->flash_sector % ECG_SLOT_BYTES != 0 ||
        ports->flash_size % ports->flash_sector != 0 ||
        ports->flash_size < 2U * ports->flash_sector ||
        ports->flash_size / ECG_SLOT_BYTES > ECG_OUTBOX_SLOTS_MAX) {
        return ECG_BAD_ARGUMENT;
    }
    memset(outbox, 0, sizeof *outbox);
    outbox->ports = ports;
    outbox->slots = ports->flash_size / ECG_SLOT_BYTES;
    for (uint32_t slot = 0; slot < outbox->slots; slot++) {
        ecg_error error = read_slot(outbox, slot, bytes);
        if (error != ECG_OK) {
            return error;
        }
        if (!holds_chunk(bytes)) {
            continue;
        }
        if (is_owed(bytes)) {
            set_owed(outbox, slot, 1);
        }
        uint32_t number = (uint32_t)ecg_get(bytes + AT_NUMBER, 4);
        /* Numbers wrap: later is what is less than half of them ahead. */
        if (!found || number - outbox->number < UINT32_C(1) << 31U) {
            outbox->number = number;
            outbox->head = slot;
        }
        found = 1;
    }
    if (found) {
        outbox->number += 1U;
        outbox->head = (outbox->head + 1U) % outbox->slots;
    }
    return ECG_OK;
}

/* Erase the sector that begins at ``slot``, unless something in it is owed. */
static ecg_error free_sector(const ecg_outbox *outbox, uint32_t slot) {
    uint8_t bytes[ECG_SLOT_BYTES];
    uint32_t in_sector = outbox->ports->flash_sector / ECG_SLOT_BYTES;
    int blank = 1;
    for (uint32_t i = 0; i < in_sector; i++) {
        if (ecg_outbox_owes(outbox, slot + i)) {
            return ECG_FULL;
        }
    }
    for (uint32_t i = 0; i < in_sector; i++) {
        ecg_error error = read_slot(outbox, slot + i, bytes);
        if (error != ECG_OK) {
            return error;
        }
        blank &= is_blank(bytes);
    }
    return blank ? ECG_OK
                 : outbox->ports->flash_erase(outbox->ports->self, slot * ECG_SLOT_BYTES);
}

/* The next slot that can be written. Passed over is what power loss left half-written, and a sector
 * in which something is owed: a chunk that is never acknowledged must not end the recording. */
ecg_error ecg_outbox_make_room(ecg_outbox *outbox) {
    uint8_t bytes[ECG_SLOT_BYTES];
    uint32_t in_sector = outbox->ports->flash_sector / ECG_SLOT_BYTES;
    uint32_t at = outbox->head;
    for (uint32_t tried = 0; tried < outbox->slots + in_sector;) {
        int is_first = at % in_sector == 0;
        ecg_error error = is_first ? free_sector(outbox, at) : read_slot(outbox, at, bytes);
        if (error != ECG_FULL && (error != ECG_OK || is_first || is_blank(bytes))) {
            outbox->head = at;
            return error;
        }
        uint32_t step = is_first ? in_sector : 1U;
        at = (at + step) % outbox->slots;
        tried += step;
    }
    return ECG_FULL;
}

ecg_error ecg_outbox_append(ecg_outbox *outbox, const uint8_t chunk[ECG_CHUNK_BYTES]) {
    uint8_t bytes[USED_BYTES];
    const ecg_ports *ports = outbox->ports;
    ecg_error error = ecg_outbox_make_room(outbox);
    if (error != ECG_OK) {
        return error;
    }
    uint32_t slot = outbox->head;
    uint32_t at = slot * ECG_SLOT_BYTES;
    ecg_put(bytes, MAGIC, 4);
    ecg_put(bytes + AT_NUMBER, outbox->number, 4);
    memcpy(bytes + AT_CHUNK, chunk, ECG_CHUNK_BYTES);
    ecg_put(bytes + AT_CRC, crc32(bytes + AT_NUMBER, USED_BYTES - AT_NUMBER), 4);
    /* Whatever comes of the write, this slot is not blank any more. */
    outbox->head = (outbox->head + 1U) % outbox->slots;
    error = ports->flash_write(ports->self, at + AT_CRC, bytes + AT_CRC, USED_BYTES - AT_CRC);
    if (error == ECG_OK) {
        error = ports->flash_write(ports->self, at, bytes, AT_CRC);
    }
    if (error == ECG_OK) {
        outbox->number += 1U;
        set_owed(outbox, slot, 1);
    }
    return error;
}

ecg_error ecg_outbox_read(const ecg_outbox *outbox, uint32_t slot,
                          uint8_t chunk[ECG_CHUNK_BYTES]) {
    uint8_t bytes[ECG_SLOT_BYTES];
    if (!ecg_outbox_owes(outbox, slot)) {
        return ECG_EMPTY;
    }
    ecg_error error = read_slot(outbox, slot, bytes);
    if (error == ECG_OK && !holds_chunk(bytes)) {
        return ECG_MALFORMED;
    }
    if (error == ECG_OK) {
        memcpy(chunk, bytes + AT_CHUNK, ECG_CHUNK_BYTES);
    }
    return error;
}

ecg_error ecg_outbox_header(const ecg_outbox *outbox, uint32_t slot, ecg_header *header) {
    uint8_t bytes[ECG_HEADER_BYTES];
    if (!ecg_outbox_owes(outbox, slot)) {
        return ECG_EMPTY;
    }
    ecg_error error = outbox->ports->flash_read(
        outbox->ports->self, (slot * ECG_SLOT_BYTES) + AT_CHUNK, bytes, sizeof bytes);
    return error == ECG_OK ? ecg_header_unpack(bytes, header) : error;
}

ecg_error ecg_outbox_next(const ecg_outbox *outbox, uint32_t *cursor,
                          uint8_t chunk[ECG_CHUNK_BYTES]) {
    /* The slot after the newest is the oldest: the ring is written in one direction, and what it
     * passed over comes where it lies. */
    while (*cursor < outbox->slots) {
        uint32_t slot = (outbox->head + *cursor) % outbox->slots;
        *cursor += 1U;
        if (ecg_outbox_owes(outbox, slot)) {
            return ecg_outbox_read(outbox, slot, chunk);
        }
    }
    return ECG_EMPTY;
}

/* Whether an acknowledgement of the session covers what lies in a slot. */
static int covers(const ecg_outbox *outbox, uint32_t slot, const uint8_t *session_id,
                  const ecg_ack *ack) {
    ecg_header header;
    return ecg_outbox_header(outbox, slot, &header) == ECG_OK &&
           memcmp(header.session_id, session_id, ECG_ID_BYTES) == 0 &&
           ecg_ack_covers(ack, header.seq);
}

/* The mark of an acknowledgement: the slot is free once its whole sector is. */
static ecg_error let_go(ecg_outbox *outbox, uint32_t slot) {
    static const uint8_t MARK[MARK_BYTES] = {0};
    const ecg_ports *ports = outbox->ports;
    ecg_error error =
        ports->flash_write(ports->self, (slot * ECG_SLOT_BYTES) + AT_MARK, MARK, MARK_BYTES);
    if (error == ECG_OK) {
        set_owed(outbox, slot, 0);
    }
    return error;
}

ecg_error ecg_outbox_acknowledge(ecg_outbox *outbox, const uint8_t session_id[ECG_ID_BYTES],
                                 const ecg_ack *ack) {
    ecg_error error = ECG_OK;
    for (uint32_t slot = 0; slot < outbox->slots; slot++) {
        if (covers(outbox, slot, session_id, ack)) {
            /* One that flash refuses is not in the way of the others. */
            ecg_error of_slot = let_go(outbox, slot);
            error = error == ECG_OK ? of_slot : error;
        }
    }
    return error;
}

ecg_error ecg_outbox_abandon(ecg_outbox *outbox, uint32_t slot) {
    return ecg_outbox_owes(outbox, slot) ? let_go(outbox, slot) : ECG_EMPTY;
}
