/* Base64 as RFC 4648, section 4 has it: with padding, without spaces, one text for one content. */
#ifndef ECG_BASE64_H
#define ECG_BASE64_H

#include "errors.h"

#include <stddef.h>
#include <stdint.h>

#define ECG_BASE64_CHARS(bytes) ((((bytes) + 2U) / 3U) * 4U)

/* Write text with a zero at its end: ECG_BASE64_CHARS(size) + 1 characters. */
void ecg_base64_write(const uint8_t *bytes, size_t size, char *out);

/* Read text. ECG_MALFORMED, or ECG_FULL where the content does not fit. */
ecg_error ecg_base64_read(const char *text, size_t chars, uint8_t *out, size_t room, size_t *size);

#endif
