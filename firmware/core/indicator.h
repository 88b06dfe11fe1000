/* The one light and the one button: what the wearer sees and can do. */
#ifndef ECG_INDICATOR_H
#define ECG_INDICATOR_H

#include <stdint.h>

#define ECG_BUTTON_DEBOUNCE_US UINT64_C(30000)
#define ECG_BUTTON_LONG_US UINT64_C(5000000)
#define ECG_BUTTON_RESET_US UINT64_C(15000000)

/* In the order of importance: the greatest that holds is shown. */
typedef enum {
    ECG_STREAMING = 0, /* a blink every 5 s */
    ECG_OFFLINE,       /* recording, no network: two blinks every 5 s */
    ECG_NEARLY_FULL,   /* the outbox: three blinks every 5 s */
    ECG_LEAD_OFF,      /* slow, even */
    ECG_WAITING,       /* for approval: quick, even */
    ECG_STARTING,      /* lit */
    ECG_FAULT          /* very quick: nothing is recorded */
} ecg_state;

/* Whether the light is on at a moment. */
int ecg_indicator_on(ecg_state state, uint64_t now_us);

typedef enum {
    ECG_PRESS_NONE = 0,
    ECG_PRESS_SHORT, /* released before 5 s */
    ECG_PRESS_LONG,  /* from 5 s: forget the network and ask for another */
    ECG_PRESS_RESET  /* from 15 s: forget who it is */
} ecg_press;

typedef struct {
    uint64_t changed_us; /* when the contact last moved */
    uint64_t down_us;    /* since when it counts as pressed */
    int is_contact;      /* as it was last seen */
    int is_down;         /* after debouncing */
} ecg_button;

/* Look at the contact, every 10 ms or so. A press is told once, when the button is let go. */
ecg_press ecg_button_look(ecg_button *button, int is_contact, uint64_t now_us);

#endif
