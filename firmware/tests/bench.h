/* What the tests share: hexadecimal, and a world of memory that does as it is told. */
#ifndef ECG_TEST_BENCH_H
#define ECG_TEST_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../core/ports.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

typedef struct {
    uint8_t stored[8];
    size_t stored_size;
    int writes;
    ecg_error on_write;
    ecg_error on_random;
    uint8_t random;
} world;

size_t unhex(const char *text, uint8_t *out, size_t room);
uint64_t unhex_u64(const char *text);
ecg_ports ports_of(world *self);

#endif
