#include "topic.h"

#include <string.h>

/* The canonical form: lower case, dashes after the 4th, 6th, 8th and 10th byte. */
static char *write_id(const uint8_t device_id[ECG_ID_BYTES], char *out) {
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < ECG_ID_BYTES; i++) {
        if (i == 4U || i == 6U || i == 8U || i == 10U) {
            *out++ = '-';
        }
        *out++ = DIGITS[device_id[i] >> 4U];
        *out++ = DIGITS[device_id[i] & 0x0FU];
    }
    return out;
}

static void write_topic(const uint8_t device_id[ECG_ID_BYTES], const char *last,
                        char out[ECG_TOPIC_ROOM]) {
    static const char ROOT[] = "ecg/v1/";
    memcpy(out, ROOT, sizeof ROOT);
    char *end = write_id(device_id, out + sizeof ROOT - 1U);
    memcpy(end, last, strlen(last) + 1U);
}

void ecg_topics_of(const uint8_t device_id[ECG_ID_BYTES], ecg_topics *topics) {
    write_topic(device_id, "/chunk", topics->chunk);
    write_topic(device_id, "/ack", topics->ack);
    write_topic(device_id, "/command", topics->command);
    write_topic(device_id, "/key", topics->key);
}
