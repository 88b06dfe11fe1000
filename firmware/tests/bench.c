#include "bench.h"

static unsigned digit(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

size_t unhex(const char *text, uint8_t *out, size_t room) {
    size_t size = strlen(text) / 2U;
    assert_true(size <= room);
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)((digit(text[2U * i]) << 4U) | digit(text[(2U * i) + 1U]));
    }
    return size;
}

uint64_t unhex_u64(const char *text) {
    uint8_t bytes[8] = {0};
    uint64_t value = 0;
    size_t size = unhex(text, bytes, sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        value = (value << 8U) | bytes[i];
    }
    return value;
}

static ecg_error nvs_read(void *self, const char *key, void *out, size_t room, size_t *size) {
    const world *w = self;
    (void)key;
    if (w->stored_size == 0) {
        return ECG_EMPTY;
    }
    *size = w->stored_size < room ? w->stored_size : room;
    memcpy(out, w->stored, *size);
    return ECG_OK;
}

static ecg_error nvs_write(void *self, const char *key, const void *data, size_t size) {
    world *w = self;
    (void)key;
    if (w->on_write != ECG_OK) {
        return w->on_write;
    }
    assert_true(size <= sizeof w->stored);
    memcpy(w->stored, data, size);
    w->stored_size = size;
    w->writes++;
    return ECG_OK;
}

static ecg_error random_bytes(void *self, uint8_t *out, size_t size) {
    world *w = self;
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(w->random + i);
    }
    return w->on_random;
}

ecg_ports ports_of(world *self) {
    ecg_ports ports = {0};
    ports.self = self;
    ports.nvs_read = nvs_read;
    ports.nvs_write = nvs_write;
    ports.random = random_bytes;
    return ports;
}
