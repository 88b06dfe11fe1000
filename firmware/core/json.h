/* One JSON object, read where it lies: strict (RFC 8259), bounded, without allocation.
 *
 * A path names a member at the top, or one an object deeper ("mqtt.host"). The whole text is checked
 * by each look-up, so that a damaged document gives nothing. */
#ifndef ECG_JSON_H
#define ECG_JSON_H

#include "errors.h"

#include <stddef.h>
#include <stdint.h>

#define ECG_JSON_DEPTH_MAX 8U

typedef struct {
    const char *text;
    size_t size;
} ecg_json;

/* Each: ECG_MALFORMED for a text that is no object or a member of another kind, ECG_EMPTY where there
 * is none or it is null. A name that comes twice counts the last time. */

/* UTF-8 with a zero at its end; ECG_FULL where it does not fit, ECG_MALFORMED for one with a zero
 * within. */
ecg_error ecg_json_string(const ecg_json *json, const char *path, char *out, size_t room);

/* Whole numbers without exponent, from INT32_MIN to INT32_MAX. */
ecg_error ecg_json_integer(const ecg_json *json, const char *path, int32_t *out);

ecg_error ecg_json_boolean(const ecg_json *json, const char *path, int *out);

#endif
