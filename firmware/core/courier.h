/* Chunks from the outbox to the service and their acknowledgements back (PROTOCOL.md, section 4). */
#ifndef ECG_COURIER_H
#define ECG_COURIER_H

#include "outbox.h"
#include "resend.h"

typedef struct {
    const ecg_ports *ports;
    const char *topic; /* of chunks; the caller keeps it */
    ecg_outbox outbox;
    ecg_resend resend;
    uint32_t cursor; /* the slot from which the next unsent chunk is looked for */
    uint32_t sent; /* chunks that were sent since the connection began, and are owed */
    uint32_t sent_bits[ECG_OUTBOX_SLOTS_MAX / 32U]; /* by slot */
    uint32_t unreadable; /* owed chunks that flash could not give back */
} ecg_courier;

/* See ecg_outbox_mount for errors. */
ecg_error ecg_courier_begin(ecg_courier *courier, const ecg_ports *ports, const char *topic);

/* The connection is new or gone: everything owed is sent again, oldest first. */
void ecg_courier_restart(ecg_courier *courier);

/* Keep a chunk for sending. ECG_FULL: see ecg_outbox_append. */
ecg_error ecg_courier_keep(ecg_courier *courier, const uint8_t chunk[ECG_CHUNK_BYTES]);

/* Send at most ``most`` chunks that are due, first those that were sent before. ECG_OK where more may
 * be due, ECG_EMPTY where nothing is, or what stopped it: ECG_FULL and ECG_NETWORK of the port. */
ecg_error ecg_courier_send(ecg_courier *courier, uint64_t now_us, uint32_t most);

/* An acknowledgement that has been opened: see ack.h. */
ecg_error ecg_courier_acknowledge(ecg_courier *courier, const uint8_t session_id[ECG_ID_BYTES],
                                  const ecg_ack *ack, uint64_t now_us);

/* Whether anything owed was sealed under an epoch, or cannot be read to find out. */
int ecg_courier_owes_epoch(const ecg_courier *courier, uint32_t key_epoch);

#endif
