#include "simflash.h"

static uint32_t next(simflash *flash) {
    flash->chance = (flash->chance * UINT32_C(1664525)) + UINT32_C(1013904223);
    return flash->chance >> 8U;
}

static int is_cut(simflash *flash) {
    flash->is_dark = flash->operations++ == flash->cut_at;
    return flash->is_dark;
}

static ecg_error flash_read(void *self, uint32_t at, void *out, size_t size) {
    simflash *flash = self;
    assert_true(at + size <= sizeof flash->bytes);
    memcpy(out, flash->bytes + at, size);
    return flash->is_dark ? ECG_FLASH : ECG_OK;
}

/* A write only clears bits. Torn, it has taken place up to some byte, of which some bits. */
static ecg_error flash_write(void *self, uint32_t at, const void *data, size_t size) {
    simflash *flash = self;
    const uint8_t *bytes = data;
    assert_true(at + size <= sizeof flash->bytes);
    if (flash->is_dark) {
        return ECG_FLASH;
    }
    size_t whole = is_cut(flash) ? next(flash) % size : size;
    for (size_t i = 0; i < size && i <= whole; i++) {
        uint8_t *byte = flash->bytes + at + i;
        assert_int_equal(bytes[i] & ~*byte, 0);
        *byte &= (uint8_t)(i < whole ? bytes[i] : bytes[i] | next(flash));
    }
    return flash->is_dark ? ECG_FLASH : ECG_OK;
}

/* Torn, each byte is as before, erased, or has some of its bits back. */
static ecg_error flash_erase(void *self, uint32_t at) {
    simflash *flash = self;
    assert_int_equal(at % SECTOR, 0);
    if (flash->is_dark) {
        return ECG_FLASH;
    }
    int cut = is_cut(flash);
    flash->erases[at / SECTOR]++;
    for (uint32_t i = 0; i < SECTOR; i++) {
        flash->bytes[at + i] |= (uint8_t)(cut ? next(flash) & next(flash) : 0xFFU);
    }
    return cut ? ECG_FLASH : ECG_OK;
}

void simflash_init(simflash *flash, uint32_t chance) {
    memset(flash, 0, sizeof *flash);
    memset(flash->bytes, 0xFF, sizeof flash->bytes);
    flash->cut_at = -1;
    flash->chance = chance;
}

ecg_ports simflash_ports(simflash *flash) {
    ecg_ports ports = {0};
    ports.self = flash;
    ports.flash_size = sizeof flash->bytes;
    ports.flash_sector = SECTOR;
    ports.flash_read = flash_read;
    ports.flash_write = flash_write;
    ports.flash_erase = flash_erase;
    return ports;
}

void simflash_restart(simflash *flash) {
    flash->is_dark = 0;
    flash->cut_at = -1;
}
