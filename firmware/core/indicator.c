#include "indicator.h"

#include <string.h>

#define MS UINT64_C(1000)
#define IGNORED UINT64_MAX /* as down_us: a press that means nothing */

/* ``flashes`` times on and off for ``flash_ms`` each at the beginning of every ``period_ms``. */
typedef struct {
    uint16_t period_ms;
    uint16_t flash_ms;
    uint16_t flashes;
} pattern;

static pattern pattern_of(const ecg_state *state) {
    if (state->is_fault) {
        return (pattern){200, 100, 1};
    }
    if (state->is_lead_off) {
        return (pattern){1000, 100, 2};
    }
    if (state->is_nearly_full) {
        return (pattern){2000, 100, 3};
    }
    if (state->awaits_approval) {
        return (pattern){1000, 500, 1};
    }
    if (state->has_no_network) {
        return (pattern){2000, 100, 1};
    }
    return state->is_starting ? (pattern){1000, 1000, 1} : (pattern){5000, 50, 1};
}

int ecg_indicator_on(const ecg_state *state, uint64_t now_us) {
    pattern shown = pattern_of(state);
    uint64_t flash = ((now_us / MS) % shown.period_ms) / shown.flash_ms;
    return flash % 2U == 0U && flash / 2U < shown.flashes;
}

void ecg_button_begin(ecg_button *button, int is_down, uint64_t now_us) {
    memset(button, 0, sizeof *button);
    button->changed_us = now_us;
    button->level = is_down != 0;
    button->is_down = button->level;
    button->down_us = IGNORED;
}

static ecg_press press_of(uint64_t held_us) {
    if (held_us >= ECG_RESET_US) {
        return ECG_BUTTON_RESET;
    }
    return held_us >= ECG_PAIR_US ? ECG_BUTTON_PAIR : ECG_BUTTON_EVENT;
}

/* The level has held for long enough to be the button's. */
static ecg_press settle(ecg_button *button) {
    button->is_down = button->level;
    if (button->is_down) {
        button->down_us = button->changed_us;
        return ECG_BUTTON_NONE;
    }
    uint64_t down_us = button->down_us;
    return down_us == IGNORED ? ECG_BUTTON_NONE : press_of(button->changed_us - down_us);
}

ecg_press ecg_button_step(ecg_button *button, int is_down, uint64_t now_us) {
    ecg_press press = ECG_BUTTON_NONE;
    /* Before the new level: a task that was late must not lose the one that has held till now. */
    if (button->level != button->is_down && now_us - button->changed_us >= ECG_DEBOUNCE_US) {
        press = settle(button);
    }
    if ((is_down != 0) != button->level) {
        button->level = is_down != 0;
        button->changed_us = now_us;
    }
    return press;
}

uint64_t ecg_button_due_us(const ecg_button *button) {
    return button->level == button->is_down ? UINT64_MAX : button->changed_us + ECG_DEBOUNCE_US;
}
