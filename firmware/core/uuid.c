#include "uuid.h"

#include <string.h>

static const char DIGITS[] = "0123456789abcdef";

static int is_dash_before(unsigned byte) {
    return byte == 4U || byte == 6U || byte == 8U || byte == 10U;
}

void ecg_uuid_write(const uint8_t id[ECG_UUID_BYTES], char out[ECG_UUID_CHARS + 1U]) {
    for (unsigned i = 0; i < ECG_UUID_BYTES; i++) {
        if (is_dash_before(i)) {
            *out++ = '-';
        }
        *out++ = DIGITS[id[i] >> 4U];
        *out++ = DIGITS[id[i] & 15U];
    }
    *out = '\0';
}

static int value_of(char c) {
    const char *found = c == '\0' ? NULL : strchr(DIGITS, c);
    return found == NULL ? -1 : (int)(found - DIGITS);
}

ecg_error ecg_uuid_read(const char *text, uint8_t id[ECG_UUID_BYTES]) {
    if (strlen(text) != ECG_UUID_CHARS) {
        return ECG_MALFORMED;
    }
    for (unsigned i = 0; i < ECG_UUID_BYTES; i++) {
        if (is_dash_before(i) && *text++ != '-') {
            return ECG_MALFORMED;
        }
        int high = value_of(*text++);
        int low = value_of(*text++);
        if (high < 0 || low < 0) {
            return ECG_MALFORMED;
        }
        id[i] = (uint8_t)((high << 4) | low);
    }
    return ECG_OK;
}
