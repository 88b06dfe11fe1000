#include "base64.h"

#include <string.h>

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void ecg_base64_write(const uint8_t *bytes, size_t size, char *out) {
    while (size > 0U) {
        size_t have = size > 2U ? 3U : size;
        uint8_t group[3] = {0, 0, 0};
        memcpy(group, bytes, have);
        *out++ = DIGITS[group[0] >> 2U];
        *out++ = DIGITS[((group[0] & 3U) << 4U) | (group[1] >> 4U)];
        *out++ = have > 1U ? DIGITS[((group[1] & 15U) << 2U) | (group[2] >> 6U)] : '=';
        *out++ = have > 2U ? DIGITS[group[2] & 63U] : '=';
        bytes += have;
        size -= have;
    }
    *out = '\0';
}

static int value_of(char c) {
    for (int i = 0; i < 64; i++) {
        if (DIGITS[i] == c) {
            return i;
        }
    }
    return -1;
}

/* Four characters; how many bytes they hold, -1 where they are no group. */
static int read_group(const char *text, int is_last, uint8_t out[3]) {
    uint32_t group = 0;
    int have = 4;
    if (is_last && text[3] == '=') {
        have = text[2] == '=' ? 2 : 3;
    }
    for (int i = 0; i < 4; i++) {
        int value = i < have ? value_of(text[i]) : 0;
        if (value < 0) {
            return -1;
        }
        group = (group << 6U) | (uint32_t)value;
    }
    for (int i = 0; i < 3; i++) {
        out[i] = (uint8_t)(group >> (16U - (8U * (unsigned)i)));
    }
    /* Bits beyond the content are 0: else two texts would have one content. */
    return (have == 3 && out[2] != 0U) || (have == 2 && out[1] != 0U) ? -1 : have - 1;
}

ecg_error ecg_base64_read(const char *text, size_t chars, uint8_t *out, size_t room,
                          size_t *size) {
    size_t written = 0;
    if (chars % 4U != 0U) {
        return ECG_MALFORMED;
    }
    for (size_t i = 0; i < chars; i += 4U) {
        uint8_t bytes[3] = {0};
        int have = read_group(text + i, i + 4U == chars, bytes);
        if (have < 0) {
            return ECG_MALFORMED;
        }
        if (written + (size_t)have > room) {
            return ECG_FULL;
        }
        for (int k = 0; k < have; k++) {
            out[written++] = bytes[k];
        }
    }
    *size = written;
    return ECG_OK;
}
