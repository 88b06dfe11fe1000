/* The whole device with its cipher, from conversions to sealed chunks in flash, and a key sealed to the
 * service: the same program, with the same crypto library, for the device's kind of processor and for
 * this machine. Both print the same; lines that begin with # count the device's instructions. */
#include "../core/device.h"
#include "../core/seal.h"

#include <psa/crypto.h>
#include <stdio.h>
#include <string.h>

#define SECTOR 4096U
#define SIZE (8U * SECTOR)
#define DECIMATION 8U
#define CHUNKS 40U
#define RECORDS 4U

static uint8_t flash[SIZE];
static uint64_t now_us;
static uint32_t chance = 1;

typedef struct {
    char name[16];
    uint8_t data[64];
    size_t size;
} record;

static record records[RECORDS];

/* Numbers that look random and are the same on both. */
static uint8_t draw(void) {
    chance = (chance * UINT32_C(1664525)) + UINT32_C(1013904223);
    return (uint8_t)(chance >> 24U);
}

static ecg_error fill(void *self, uint8_t *out, size_t size) {
    (void)self;
    for (size_t i = 0; i < size; i++) {
        out[i] = draw();
    }
    return ECG_OK;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *out, size_t size, size_t *written) {
    (void)context;
    (void)fill(NULL, out, size);
    *written = size;
    return PSA_SUCCESS;
}

static uint64_t monotonic(void *self) {
    (void)self;
    return now_us;
}

static record *find(const char *name) {
    for (size_t i = 0; i < RECORDS; i++) {
        if (records[i].name[0] == '\0' || strcmp(records[i].name, name) == 0) {
            return &records[i];
        }
    }
    return NULL;
}

static ecg_error nvs_read(void *self, const char *name, void *out, size_t room, size_t *size) {
    const record *found = find(name);
    (void)self;
    if (found == NULL || found->name[0] == '\0' || found->size > room) {
        return ECG_EMPTY;
    }
    memcpy(out, found->data, found->size);
    *size = found->size;
    return ECG_OK;
}

static ecg_error nvs_write(void *self, const char *name, const void *data, size_t size) {
    record *found = find(name);
    (void)self;
    if (found == NULL || size > sizeof found->data) {
        return ECG_NVS;
    }
    (void)snprintf(found->name, sizeof found->name, "%s", name);
    memcpy(found->data, data, size);
    found->size = size;
    return ECG_OK;
}

static ecg_error flash_read(void *self, uint32_t at, void *out, size_t size) {
    (void)self;
    memcpy(out, flash + at, size);
    return ECG_OK;
}

static ecg_error flash_write(void *self, uint32_t at, const void *data, size_t size) {
    const uint8_t *bytes = data;
    (void)self;
    for (size_t i = 0; i < size; i++) {
        flash[at + i] &= bytes[i];
    }
    return ECG_OK;
}

static ecg_error flash_erase(void *self, uint32_t at) {
    (void)self;
    memset(flash + at, 0xFF, SECTOR);
    return ECG_OK;
}

static void led(void *self, int on) {
    (void)self;
    (void)on;
}

static ecg_error start(void *self) {
    (void)self;
    return ECG_OK;
}

static void print(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        printf("%02x", bytes[i]);
    }
    printf("\n");
}

/* Instructions since the last call, where the processor can count them. */
static uint32_t count(void) {
#ifdef __riscv
    static uint32_t before;
    uint32_t now = 0;
    __asm__ volatile(".option push\n.option arch, +zicsr\ncsrr %0, minstret\n.option pop"
                     : "=r"(now));
    uint32_t since = now - before;
    before = now;
    return since;
#else
    return 0;
#endif
}

static void tell(const char *what, uint32_t times) {
    uint32_t instructions = count() / times;
#ifdef __riscv
    printf("# %s | %lu\n", what, (unsigned long)instructions);
    (void)count();
#else
    (void)what;
    (void)instructions;
#endif
}

static void convert(ecg_device *device, uint32_t codes) {
    static uint32_t i;
    for (uint32_t end = i + codes; i < end; i++) {
        now_us += 1000;
        ecg_device_on_code(device, (uint16_t)((i * UINT32_C(2654435761)) >> 20U), 0, 0);
    }
}

int main(void) {
    static ecg_device device;
    static char body[ECG_CLAIM_ROOM];
    static uint8_t ack[ECG_ACK_BYTES_MAX];
    const ecg_ports ports = {
        .monotonic_us = monotonic, .random = fill, .nvs_read = nvs_read, .nvs_write = nvs_write,
        .flash_size = SIZE, .flash_sector = SECTOR, .flash_read = flash_read,
        .flash_write = flash_write, .flash_erase = flash_erase, .wifi_start = start, .led = led};
    /* The point is the curve's own generator: any will do. */
    const ecg_settings settings = {
        {1, 2, 3},
        {0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
         0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
         0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
         0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
         0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5},
        {3300000, 12, 1100, 8, 20}, 12500, DECIMATION, ECG_TEST_SIGNAL};
    memset(flash, 0xFF, sizeof flash);
    (void)count();
    if (psa_crypto_init() != PSA_SUCCESS ||
        ecg_device_begin(&device, &ports, &settings) != ECG_OK) {
        printf("the device cannot begin\n");
        return 1;
    }
    tell("boot: outbox of 64 slots, first key, session", 1);
    ecg_device_on_time(&device, UINT64_C(1750000000000000));
    convert(&device, 80U + (ECG_SAMPLES * DECIMATION / 2U));
    tell("one conversion at 1 kHz, decimation and framing within", 80U + (ECG_SAMPLES * DECIMATION / 2U));
    convert(&device, ECG_SAMPLES * DECIMATION * CHUNKS);
    tell("one chunk, its 1496 conversions within", CHUNKS);
    print(flash, sizeof flash);
    (void)count();
    ecg_body chunk = {.rate_centihz = 12500, .n_valid = ECG_SAMPLES, .nv_per_lsb = 732};
    uint8_t sealed[ECG_CHUNK_BYTES];
    (void)ecg_seal(&device.session, &chunk, sealed);
    tell("of these, sealing", 1);
    print(sealed, sizeof sealed);
    (void)count();
    memcpy(ack, "EA\1\1", 4);
    memcpy(ack + 4, settings.device_id, ECG_ID_BYTES);
    ack[23] = 1;
    memcpy(ack + 24, device.session.header.session_id, ECG_ID_BYTES);
    ecg_device_on_message(&device, device.topics.ack, ack, 82);
    tell("an acknowledgement, refused as forged", 1);
    printf("%u forged, %u owed\n", (unsigned)device.tally.forged,
           (unsigned)device.courier.outbox.owed);
    (void)count();
    ecg_error error = ecg_device_claim(&device, ack, 0, body, sizeof body);
    tell("a key sealed to the service (HPKE)", 1);
    printf("%d %s\n", (int)error, body);
    return 0;
}
