/* The device's own topics (PROTOCOL.md, section 1). */
#ifndef ECG_TOPIC_H
#define ECG_TOPIC_H

#include "chunk.h"

#define ECG_TOPIC_ROOM 56U

typedef struct {
    char chunk[ECG_TOPIC_ROOM];
    char ack[ECG_TOPIC_ROOM];
    char command[ECG_TOPIC_ROOM];
    char key[ECG_TOPIC_ROOM];
} ecg_topics;

void ecg_topics_of(const uint8_t device_id[ECG_ID_BYTES], ecg_topics *topics);

#endif
