/* Sealed chunks in flash until the service says that it has them.
 *
 * A ring of 512-byte slots on NOR flash: written once, marked acknowledged by clearing bits, erased
 * by the sector once nothing in it is owed. Power may be lost at any moment: what append confirmed
 * is there afterwards, byte for byte, and at worst an acknowledgement is forgotten, so that a chunk
 * is sent twice. What is owed is never overwritten: a full outbox says so. */
#ifndef ECG_OUTBOX_H
#define ECG_OUTBOX_H

#include "ack.h"
#include "chunk.h"
#include "ports.h"

#define ECG_SLOT_BYTES 512U
#define ECG_OUTBOX_SLOTS_MAX 16384U /* 8 MiB */

typedef struct {
    const ecg_ports *ports;
    uint32_t slots;
    uint32_t head;   /* the slot that is written next */
    uint32_t number; /* of the next chunk, in the order of writing */
    uint32_t owed;   /* chunks that are not acknowledged */
    uint32_t owed_bits[ECG_OUTBOX_SLOTS_MAX / 32U]; /* which: the flash is not read to find out */
} ecg_outbox;

/* Find what is there after a boot: one pass over the flash. ECG_BAD_ARGUMENT for a flash that is no
 * whole number of sectors, of two at least and ECG_OUTBOX_SLOTS_MAX slots at most. */
ecg_error ecg_outbox_mount(ecg_outbox *outbox, const ecg_ports *ports);

/* Make sure of a place, before a chunk is sealed that then would have none. ECG_FULL where every
 * sector has a chunk that is owed. */
ecg_error ecg_outbox_make_room(ecg_outbox *outbox);

/* Keep a sealed chunk. ECG_FULL as ecg_outbox_make_room; nothing was written then. */
ecg_error ecg_outbox_append(ecg_outbox *outbox, const uint8_t chunk[ECG_CHUNK_BYTES]);

/* The next chunk that is owed, oldest first but for what the ring has passed over. ``cursor`` is 0 at the beginning and moves on; it is
 * good until the next append. ECG_EMPTY at the end. */
ecg_error ecg_outbox_next(const ecg_outbox *outbox, uint32_t *cursor,
                          uint8_t chunk[ECG_CHUNK_BYTES]);

/* Whether a slot holds a chunk that is owed. */
int ecg_outbox_owes(const ecg_outbox *outbox, uint32_t slot);

/* The chunk in a slot. ECG_EMPTY where it is not owed (any more), ECG_MALFORMED where it is not what
 * was written. */
ecg_error ecg_outbox_read(const ecg_outbox *outbox, uint32_t slot,
                          uint8_t chunk[ECG_CHUNK_BYTES]);

/* The clear header of the chunk in a slot: see ecg_outbox_read. */
ecg_error ecg_outbox_header(const ecg_outbox *outbox, uint32_t slot, ecg_header *header);

/* Owe a chunk no more that flash has spoilt: its place must not be lost as well. */
ecg_error ecg_outbox_abandon(ecg_outbox *outbox, uint32_t slot);

/* Mark what an acknowledgement of the session covers. It must have been opened: see ack.h. All that
 * can be marked is; the first error of those that cannot. */
ecg_error ecg_outbox_acknowledge(ecg_outbox *outbox, const uint8_t session_id[ECG_ID_BYTES],
                                 const ecg_ack *ack);

#endif
