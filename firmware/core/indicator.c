#include "indicator.h"

#define TENTH_US UINT64_C(100000)
#define CYCLE_TENTHS 50U

/* A number of short blinks at the beginning of every cycle of 5 s. */
static int blinks(unsigned count, uint64_t tenths) {
    uint64_t at = tenths % CYCLE_TENTHS;
    return at < (uint64_t)count * 3U && at % 3U == 0U;
}

int ecg_indicator_on(ecg_state state, uint64_t now_us) {
    uint64_t tenths = now_us / TENTH_US;
    switch (state) {
    case ECG_STREAMING:
        return blinks(1, tenths);
    case ECG_OFFLINE:
        return blinks(2, tenths);
    case ECG_NEARLY_FULL:
        return blinks(3, tenths);
    case ECG_LEAD_OFF:
        return tenths % 20U < 10U;
    case ECG_WAITING:
        return tenths % 5U < 2U;
    case ECG_STARTING:
        return 1;
    case ECG_FAULT:
    default:
        return tenths % 2U == 0U;
    }
}

static ecg_press press_of(uint64_t held_us) {
    if (held_us >= ECG_BUTTON_RESET_US) {
        return ECG_PRESS_RESET;
    }
    return held_us >= ECG_BUTTON_LONG_US ? ECG_PRESS_LONG : ECG_PRESS_SHORT;
}

ecg_press ecg_button_look(ecg_button *button, int is_contact, uint64_t now_us) {
    is_contact = is_contact != 0;
    if (is_contact != button->is_contact) {
        button->is_contact = is_contact;
        button->changed_us = now_us;
    }
    if (button->is_contact == button->is_down ||
        now_us - button->changed_us < ECG_BUTTON_DEBOUNCE_US) {
        return ECG_PRESS_NONE;
    }
    button->is_down = button->is_contact;
    if (button->is_down) {
        button->down_us = button->changed_us;
        return ECG_PRESS_NONE;
    }
    return press_of(button->changed_us - button->down_us);
}
