#include "json.h"

#include <string.h>

/* Where the reading is; ``at`` never passes ``end``. */
typedef struct {
    const char *at;
    const char *end;
} cursor;

/* A value as it lies in the text, first character to last. */
typedef struct {
    const char *first;
    const char *last;
} piece;

static ecg_error skip_value(cursor *c, unsigned depth, const char *path, piece *found);

static void skip_space(cursor *c) {
    while (c->at < c->end &&
           (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) {
        c->at++;
    }
}

static int take(cursor *c, char wanted) {
    skip_space(c);
    if (c->at == c->end || *c->at != wanted) {
        return 0;
    }
    c->at++;
    return 1;
}

static int hex_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four digits of hexadecimal, -1 where they are none. */
static int32_t unit_at(const char *at, const char *end) {
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = at + i < end ? hex_of(at[i]) : -1;
        if (digit < 0) {
            return -1;
        }
        unit = (unit * 16) + digit;
    }
    return unit;
}

static int is_escape(char c) {
    return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
}

/* A string's extent; what its escapes mean is looked at when it is wanted. */
static ecg_error skip_string(cursor *c) {
    if (!take(c, '"')) {
        return ECG_MALFORMED;
    }
    while (c->at < c->end && *c->at != '"') {
        if ((unsigned char)*c->at < 0x20U) {
            return ECG_MALFORMED;
        }
        if (*c->at++ != '\\') {
            continue;
        }
        if (c->at < c->end && *c->at == 'u' && unit_at(c->at + 1, c->end) >= 0) {
            c->at += 5;
        } else if (c->at < c->end && is_escape(*c->at)) {
            c->at++;
        } else {
            return ECG_MALFORMED;
        }
    }
    return take(c, '"') ? ECG_OK : ECG_MALFORMED;
}

static int skip_digits(cursor *c) {
    const char *from = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        c->at++;
    }
    return c->at > from;
}

static ecg_error skip_number(cursor *c) {
    c->at += *c->at == '-' ? 1 : 0;
    int is_zero = c->at < c->end && *c->at == '0';
    c->at += is_zero ? 1 : 0;
    if (!is_zero && !skip_digits(c)) {
        return ECG_MALFORMED;
    }
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (!skip_digits(c)) {
            return ECG_MALFORMED;
        }
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        c->at++;
        c->at += c->at < c->end && (*c->at == '+' || *c->at == '-') ? 1 : 0;
        if (!skip_digits(c)) {
            return ECG_MALFORMED;
        }
    }
    return ECG_OK;
}

static ecg_error skip_word(cursor *c) {
    static const char *const WORDS[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        size_t size = strlen(WORDS[i]);
        if ((size_t)(c->end - c->at) >= size && memcmp(c->at, WORDS[i], size) == 0) {
            c->at += size;
            return ECG_OK;
        }
    }
    return ECG_MALFORMED;
}

static ecg_error skip_array(cursor *c, unsigned depth) {
    if (!take(c, '[')) {
        return ECG_MALFORMED;
    }
    if (take(c, ']')) {
        return ECG_OK;
    }
    do {
        ecg_error error = skip_value(c, depth + 1U, NULL, NULL);
        if (error != ECG_OK) {
            return error;
        }
    } while (take(c, ','));
    return take(c, ']') ? ECG_OK : ECG_MALFORMED;
}

/* What is left of a path after a member's name: "" where it ends there, NULL where it is another. A
 * name is compared as it is written: ours need no escapes. */
static const char *rest_of(const char *path, piece name) {
    size_t size = (size_t)(name.last - name.first) - 1U;
    if (path == NULL || strncmp(path, name.first + 1, size) != 0) {
        return NULL;
    }
    if (path[size] == '\0') {
        return path + size;
    }
    return path[size] == '.' ? path + size + 1U : NULL;
}

static ecg_error skip_member(cursor *c, unsigned depth, const char *path, piece *found) {
    skip_space(c);
    piece name = {c->at, NULL};
    ecg_error error = skip_string(c);
    name.last = c->at - 1;
    if (error != ECG_OK || !take(c, ':')) {
        return ECG_MALFORMED;
    }
    const char *rest = rest_of(path, name);
    if (rest != NULL) {
        *found = (piece){NULL, NULL}; /* what came before under this name counts no more */
    }
    skip_space(c);
    const char *from = c->at;
    error = skip_value(c, depth + 1U, rest != NULL && *rest != '\0' ? rest : NULL, found);
    if (error == ECG_OK && rest != NULL && *rest == '\0') {
        *found = (piece){from, c->at - 1};
    }
    return error;
}

static ecg_error skip_object(cursor *c, unsigned depth, const char *path, piece *found) {
    if (!take(c, '{')) {
        return ECG_MALFORMED;
    }
    if (take(c, '}')) {
        return ECG_OK;
    }
    do {
        ecg_error error = skip_member(c, depth, path, found);
        if (error != ECG_OK) {
            return error;
        }
    } while (take(c, ','));
    return take(c, '}') ? ECG_OK : ECG_MALFORMED;
}

/* Bounded: it calls itself ECG_JSON_DEPTH_MAX deep at most. */
static ecg_error skip_value(cursor *c, unsigned depth, const char *path, piece *found) {
    skip_space(c);
    if (c->at == c->end || depth >= ECG_JSON_DEPTH_MAX) {
        return ECG_MALFORMED;
    }
    switch (*c->at) {
    case '{':
        return skip_object(c, depth, path, found);
    case '[':
        return skip_array(c, depth);
    case '"':
        return skip_string(c);
    case '-':
    case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        return skip_number(c);
    default:
        return skip_word(c);
    }
}

static ecg_error find(const ecg_json *json, const char *path, piece *found) {
    cursor c = {json->text, json->text + json->size};
    *found = (piece){NULL, NULL};
    ecg_error error = skip_object(&c, 0, path, found);
    skip_space(&c);
    if (error != ECG_OK || c.at != c.end) {
        return ECG_MALFORMED;
    }
    return found->first == NULL || *found->first == 'n' ? ECG_EMPTY : ECG_OK;
}

/* One character in UTF-8; how many bytes, 0 for half of a pair. */
static size_t write_utf8(uint32_t code, char out[4]) {
    if (code < 0x80U) {
        out[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800U ? 2U : code < 0x10000U ? 3U : 4U;
    static const uint8_t LEADS[] = {0, 0, 0xC0, 0xE0, 0xF0};
    if (code >= 0xD800U && code < 0xE000U) {
        return 0;
    }
    for (size_t i = size; i-- > 1U;) {
        out[i] = (char)(0x80U | (code & 0x3FU));
        code >>= 6U;
    }
    out[0] = (char)(LEADS[size] | code);
    return size;
}

/* The character that an escape stands for; ``at`` moves behind it. */
static uint32_t read_escape(const char **at, const char *end) {
    static const char NAMES[] = "bfnrt";
    static const char MEANT[] = "\b\f\n\r\t";
    char name = *(*at)++;
    if (name != 'u') {
        const char *known = strchr(NAMES, name);
        return (uint32_t)(known == NULL ? name : MEANT[known - NAMES]);
    }
    uint32_t unit = (uint32_t)unit_at(*at, end);
    *at += 4;
    if (unit < 0xD800U || unit >= 0xDC00U || end - *at < 6 || (*at)[0] != '\\' ||
        (*at)[1] != 'u') {
        return unit;
    }
    uint32_t low = (uint32_t)unit_at(*at + 2, end);
    if (low < 0xDC00U || low >= 0xE000U) {
        return unit;
    }
    *at += 6;
    return 0x10000U + ((unit - 0xD800U) << 10U) + (low - 0xDC00U);
}

ecg_error ecg_json_string(const ecg_json *json, const char *path, char *out, size_t room) {
    piece found;
    size_t size = 0;
    ecg_error error = find(json, path, &found);
    if (error != ECG_OK || *found.first != '"') {
        return error != ECG_OK ? error : ECG_MALFORMED;
    }
    for (const char *at = found.first + 1; at < found.last;) {
        char bytes[4] = {*at++, 0, 0, 0};
        size_t count = bytes[0] == '\\' ? write_utf8(read_escape(&at, found.last), bytes) : 1U;
        if (count == 0U || bytes[0] == '\0') {
            return ECG_MALFORMED;
        }
        if (size + count >= room) {
            return ECG_FULL;
        }
        memcpy(out + size, bytes, count);
        size += count;
    }
    if (room == 0U) {
        return ECG_FULL;
    }
    out[size] = '\0';
    return ECG_OK;
}

ecg_error ecg_json_integer(const ecg_json *json, const char *path, int32_t *out) {
    piece found;
    ecg_error error = find(json, path, &found);
    if (error != ECG_OK) {
        return error;
    }
    int is_negative = *found.first == '-';
    int64_t value = 0;
    for (const char *at = found.first + is_negative; at <= found.last; at++) {
        if (*at < '0' || *at > '9') {
            return ECG_MALFORMED;
        }
        value = (value * 10) + (*at - '0');
        if (value > (int64_t)INT32_MAX + is_negative) {
            return ECG_MALFORMED;
        }
    }
    *out = (int32_t)(is_negative ? -value : value);
    return ECG_OK;
}

ecg_error ecg_json_boolean(const ecg_json *json, const char *path, int *out) {
    piece found;
    ecg_error error = find(json, path, &found);
    if (error == ECG_OK && *found.first != 't' && *found.first != 'f') {
        return ECG_MALFORMED;
    }
    if (error == ECG_OK) {
        *out = *found.first == 't';
    }
    return error;
}
