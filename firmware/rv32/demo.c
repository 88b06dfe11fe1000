/* What does not need a cipher, run to its end and told in hexadecimal: the same program on the
 * device's kind of processor and on the developer's must print the same. */
#include "../core/chunk.h"
#include "../core/framer.h"
#include "../core/frontend.h"
#include "../core/outbox.h"

#include <stdio.h>
#include <string.h>

#define SECTOR 4096U
#define SIZE (2U * SECTOR)

static uint8_t flash[SIZE];

static ecg_error read_flash(void *self, uint32_t at, void *out, size_t size) {
    (void)self;
    memcpy(out, flash + at, size);
    return ECG_OK;
}

static ecg_error write_flash(void *self, uint32_t at, const void *data, size_t size) {
    const uint8_t *bytes = data;
    (void)self;
    for (size_t i = 0; i < size; i++) {
        flash[at + i] &= bytes[i];
    }
    return ECG_OK;
}

static ecg_error erase_flash(void *self, uint32_t at) {
    (void)self;
    memset(flash + at, 0xFF, SECTOR);
    return ECG_OK;
}

static void print(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\n");
}

/* An uncovered chunk: header and clear body, as the cipher would get them. */
static void keep(ecg_outbox *outbox, ecg_header *header, const ecg_body *body) {
    uint8_t chunk[ECG_CHUNK_BYTES] = {0};
    ecg_header_pack(header, chunk);
    if (ecg_body_pack(body, chunk + ECG_HEADER_BYTES) == ECG_OK &&
        ecg_outbox_append(outbox, chunk) == ECG_OK) {
        print(chunk, sizeof chunk);
    }
    header->seq++;
}

int main(void) {
    const ecg_frontend_form form = {3300000, 12, 1100, 8, 20};
    const ecg_ports ports = {.flash_size = SIZE, .flash_sector = SECTOR, .flash_read = read_flash,
                             .flash_write = write_flash, .flash_erase = erase_flash};
    const ecg_ack ack = {9, 1, {{11, 12}}};
    ecg_header header = {{1, 2, 3}, 4, {5, 6, 7}, 0};
    ecg_frontend frontend;
    ecg_framer framer;
    ecg_outbox outbox;
    ecg_body body;
    uint16_t nv_per_lsb = 0;
    memset(flash, 0xFF, sizeof flash);
    if (ecg_outbox_mount(&outbox, &ports) != ECG_OK ||
        ecg_frontend_begin(&frontend, &form, &nv_per_lsb) != ECG_OK) {
        return 1;
    }
    ecg_framer_begin(&framer, 12500, nv_per_lsb, 0);
    for (uint32_t i = 0; i < 18U * ECG_SAMPLES; i++) {
        uint16_t flags = 0;
        uint16_t code = (uint16_t)((i * 2654435761U) >> 20U);
        int16_t sample = ecg_frontend_sample(&frontend, code, i % 977U == 0, 0, &flags);
        if (ecg_framer_push(&framer, sample, flags, UINT64_C(8000) * i, &body)) {
            keep(&outbox, &header, &body);
        }
    }
    ecg_error error = ecg_outbox_acknowledge(&outbox, header.session_id, &ack);
    printf("%d %u %u\n", (int)error, (unsigned)outbox.owed, (unsigned)outbox.head);
    print(flash, sizeof flash);
    return 0;
}
