/* The one LED and the one button: patterns of time, without a pin.
 *
 * Patterns, worst first (on/off in ms): fault 100/100; lead off two flashes of 100 in 1000; outbox
 * nearly full three flashes of 100 in 2000; waiting for approval 500/500; no network 100/1900;
 * starting on; streaming 50/4950. */
#ifndef ECG_INDICATOR_H
#define ECG_INDICATOR_H

#include <stdint.h>

#define ECG_DEBOUNCE_US UINT64_C(30000)
#define ECG_PAIR_US UINT64_C(5000000)
#define ECG_RESET_US UINT64_C(15000000)

/* What is so at the moment, each 0 or 1. Where none is, the device streams. */
typedef struct {
    int is_starting;
    int has_no_network;
    int awaits_approval;
    int is_nearly_full;
    int is_lead_off;
    int is_fault;
} ecg_state;

/* Whether the LED is lit at a moment: the pattern of the worst that is so. */
int ecg_indicator_on(const ecg_state *state, uint64_t now_us);

typedef enum {
    ECG_BUTTON_NONE = 0,
    ECG_BUTTON_EVENT, /* a short press: mark an event */
    ECG_BUTTON_PAIR,  /* held for 5 s and let go: forget the network, pair again */
    ECG_BUTTON_RESET  /* held for 15 s and let go: back to the factory's state */
} ecg_press;

typedef struct {
    uint64_t changed_us; /* the last change of the level */
    uint64_t down_us;    /* the press began */
    int level;           /* as read last */
    int is_down;         /* after debouncing */
} ecg_button;

/* A button that is down at the start counts from the time that it was let go first. */
void ecg_button_begin(ecg_button *button, int is_down, uint64_t now_us);

/* The level has changed, or is read again: at a change, and once ECG_DEBOUNCE_US after it at the
 * least. The press that it ends, told once: only when let go is it known which one it was. */
ecg_press ecg_button_step(ecg_button *button, int is_down, uint64_t now_us);

/* When ecg_button_step wants to be called though nothing changes, UINT64_MAX where it need not. */
uint64_t ecg_button_due_us(const ecg_button *button);

#endif
