/* A device's id as text: a UUID in its canonical lower-case form (RFC 9562, section 4). */
#ifndef ECG_UUID_H
#define ECG_UUID_H

#include "errors.h"

#include <stdint.h>

#define ECG_UUID_BYTES 16U
#define ECG_UUID_CHARS 36U

/* With a zero at its end. */
void ecg_uuid_write(const uint8_t id[ECG_UUID_BYTES], char out[ECG_UUID_CHARS + 1U]);

/* ECG_MALFORMED for anything but the canonical form. */
ecg_error ecg_uuid_read(const char *text, uint8_t id[ECG_UUID_BYTES]);

#endif
