#include "topic.h"

#include "uuid.h"

#include <string.h>

static void write_topic(const uint8_t device_id[ECG_ID_BYTES], const char *last,
                        char out[ECG_TOPIC_ROOM]) {
    static const char ROOT[] = "ecg/v1/";
    memcpy(out, ROOT, sizeof ROOT);
    ecg_uuid_write(device_id, out + sizeof ROOT - 1U);
    memcpy(out + sizeof ROOT - 1U + ECG_UUID_CHARS, last, strlen(last) + 1U);
}

void ecg_topics_of(const uint8_t device_id[ECG_ID_BYTES], ecg_topics *topics) {
    write_topic(device_id, "/chunk", topics->chunk);
    write_topic(device_id, "/ack", topics->ack);
    write_topic(device_id, "/command", topics->command);
    write_topic(device_id, "/key", topics->key);
}
