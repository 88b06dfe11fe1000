/* The acknowledgement "EA": what the service says that it has stored (PROTOCOL.md, section 3). */
#ifndef ECG_ACK_H
#define ECG_ACK_H

#include "session.h"

#define ECG_ACK_RANGES 32U
#define ECG_ACK_BYTES_MAX (50U + (16U * ECG_ACK_RANGES) + 32U)

typedef struct {
    uint64_t first;
    uint64_t last; /* included */
} ecg_range;

typedef struct {
    uint64_t watermark; /* every number below it is stored */
    uint16_t count;
    ecg_range ranges[ECG_ACK_RANGES];
} ecg_ack;

/* Open an acknowledgement of ``session``: whoever cannot make its MAC cannot make a device delete
 * anything. ECG_MALFORMED, ECG_FOREIGN (another device, epoch or session) or ECG_FORGED; ``ack``
 * is written only with ECG_OK. */
ecg_error ecg_ack_open(const ecg_session *session, const uint8_t *data, size_t size, ecg_ack *ack);

/* Whether a number is stored. */
int ecg_ack_covers(const ecg_ack *ack, uint64_t seq);

#endif
