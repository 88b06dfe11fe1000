#include "resend.h"

#include <string.h>

#define FIRST_US UINT64_C(2000000)
#define FLIGHTS (ECG_WINDOW + ECG_SLOW)

void ecg_resend_restart(ecg_resend *resend) {
    memset(resend, 0, sizeof *resend);
}

static ecg_flight *find(ecg_resend *resend, uint32_t number) {
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        ecg_flight *flight = &resend->flights[i];
        if (flight->tries > 0U && flight->number == number) {
            return flight;
        }
    }
    return NULL;
}

static ecg_flight *find_free(ecg_resend *resend) {
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        if (resend->flights[i].tries == 0U) {
            return &resend->flights[i];
        }
    }
    return NULL;
}

static int is_slow(const ecg_flight *flight) {
    return flight->tries > ECG_TRIES;
}

int ecg_resend_has_room(const ecg_resend *resend) {
    uint32_t in_window = 0;
    uint32_t all = 0;
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        const ecg_flight *flight = &resend->flights[i];
        all += flight->tries > 0U ? 1U : 0U;
        in_window += flight->tries > 0U && !is_slow(flight) ? 1U : 0U;
    }
    return in_window < ECG_WINDOW && all < FLIGHTS;
}

ecg_error ecg_resend_pass_on(ecg_resend *resend, uint32_t number, uint32_t other) {
    ecg_flight *flight = find(resend, number);
    if (flight == NULL || !is_slow(flight) || find_free(resend) != NULL ||
        find(resend, other) != NULL) {
        return ECG_AGAIN;
    }
    flight->number = other;
    return ECG_OK;
}

static uint64_t interval_us(uint8_t tries) {
    uint64_t interval = FIRST_US << (tries - 1U);
    return tries > ECG_TRIES || interval > ECG_RESEND_MAX_US ? ECG_RESEND_MAX_US : interval;
}

ecg_error ecg_resend_sent(ecg_resend *resend, uint32_t number, uint64_t now_us) {
    ecg_flight *flight = find(resend, number);
    if (flight == NULL) {
        flight = ecg_resend_has_room(resend) ? find_free(resend) : NULL;
        if (flight == NULL) {
            return ECG_FULL;
        }
        flight->number = number;
    }
    if (flight->tries <= ECG_TRIES) {
        flight->tries = (uint8_t)(flight->tries + 1U);
    }
    flight->due_us = now_us + interval_us(flight->tries);
    return ECG_OK;
}

ecg_error ecg_resend_due(const ecg_resend *resend, uint64_t now_us, uint32_t *number) {
    const ecg_flight *first = NULL;
    for (uint32_t i = 0; i < FLIGHTS; i++) {
        const ecg_flight *flight = &resend->flights[i];
        if (flight->tries > 0U && flight->due_us <= now_us &&
            (first == NULL || flight->due_us < first->due_us)) {
            first = flight;
        }
    }
    if (first == NULL) {
        return ECG_EMPTY;
    }
    *number = first->number;
    return ECG_OK;
}

void ecg_resend_done(ecg_resend *resend, uint32_t number) {
    ecg_flight *flight = find(resend, number);
    if (flight != NULL) {
        flight->tries = 0;
    }
}

void ecg_resend_passed_over(ecg_resend *resend, uint32_t number, uint64_t now_us) {
    ecg_flight *flight = find(resend, number);
    /* Once for each sending: an acknowledgement comes with every commit. */
    if (flight != NULL && flight->tries == 1U && flight->due_us > now_us) {
        flight->due_us = now_us;
    }
}
