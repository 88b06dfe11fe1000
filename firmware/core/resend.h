/* When which chunk is sent again (PROTOCOL.md, section 4): pure timing, by the outbox's numbers.
 *
 * A chunk that nobody acknowledges after TRIES goes on at the longest interval and takes no place in
 * the window any more, so that it is never in the way of the next. */
#ifndef ECG_RESEND_H
#define ECG_RESEND_H

#include "errors.h"

#include <stdint.h>

#define ECG_WINDOW 256U
#define ECG_SLOW 64U
#define ECG_TRIES 5U
#define ECG_RESEND_MAX_US UINT64_C(30000000)

typedef struct {
    uint64_t due_us;
    uint32_t number;
    uint8_t tries; /* 0: the entry is free */
} ecg_flight;

typedef struct {
    ecg_flight flights[ECG_WINDOW + ECG_SLOW];
} ecg_resend;

/* Nothing is in flight: at a boot, and after a reconnect, which begins with the oldest again. */
void ecg_resend_restart(ecg_resend *resend);

/* Whether one more chunk may be sent for the first time. */
int ecg_resend_has_room(const ecg_resend *resend);

/* Where all places are taken and ``number`` goes on at the longest interval: its place is another's,
 * which goes on likewise. ECG_AGAIN where it is otherwise, or the other has a place. */
ecg_error ecg_resend_pass_on(ecg_resend *resend, uint32_t number, uint32_t other);

/* A chunk was handed to the network, for the first time or again. ECG_FULL where there is no room. */
ecg_error ecg_resend_sent(ecg_resend *resend, uint32_t number, uint64_t now_us);

/* The chunk that has been due for longest. ECG_EMPTY where none is. */
ecg_error ecg_resend_due(const ecg_resend *resend, uint64_t now_us, uint32_t *number);

/* A chunk is stored: it is sent no more. */
void ecg_resend_done(ecg_resend *resend, uint32_t number);

/* An acknowledgement covers later chunks and not this one: it is due at once. */
void ecg_resend_passed_over(ecg_resend *resend, uint32_t number, uint64_t now_us);

#endif
