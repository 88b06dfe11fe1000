/* What the outbox has confirmed survives the loss of power at every write and erase. */
#include "simflash.h"

#include "../core/outbox.h"

#define SLOTS (SECTORS * SECTOR / ECG_SLOT_BYTES)
#define MOST 200U

static const uint8_t SESSION[ECG_ID_BYTES] = {9};

/* What the test knows: which numbers were confirmed, and for which an acknowledgement was begun. */
typedef struct {
    uint8_t confirmed[MOST];
    uint8_t released[MOST];
} memory;

static void make(uint64_t seq, uint8_t chunk[ECG_CHUNK_BYTES]) {
    ecg_header header = {{1}, 1, {0}, seq};
    memcpy(header.session_id, SESSION, ECG_ID_BYTES);
    memset(chunk, (int)(seq * 37U % 251U), ECG_CHUNK_BYTES);
    ecg_header_pack(&header, chunk);
}

static ecg_error append(ecg_outbox *outbox, memory *known, uint64_t seq) {
    uint8_t chunk[ECG_CHUNK_BYTES];
    make(seq, chunk);
    ecg_error error = ecg_outbox_append(outbox, chunk);
    known->confirmed[seq] = error == ECG_OK;
    return error;
}

static ecg_error release(ecg_outbox *outbox, memory *known, uint64_t below) {
    ecg_ack ack = {below, 0, {{0, 0}}};
    memset(known->released, 1, below);
    return ecg_outbox_acknowledge(outbox, SESSION, &ack);
}

/* Everything owed, in order and byte for byte; how many. */
static uint32_t check(const ecg_outbox *outbox, const memory *known) {
    uint8_t chunk[ECG_CHUNK_BYTES];
    uint8_t expected[ECG_CHUNK_BYTES];
    uint8_t seen[MOST] = {0};
    uint32_t cursor = 0;
    uint32_t count = 0;
    uint64_t last = 0;
    while (ecg_outbox_next(outbox, &cursor, chunk) == ECG_OK) {
        ecg_header header;
        assert_int_equal(ecg_header_unpack(chunk, &header), ECG_OK);
        assert_true(header.seq < MOST);
        make(header.seq, expected);
        assert_memory_equal(chunk, expected, ECG_CHUNK_BYTES);
        assert_false(seen[header.seq]);
        assert_true(count == 0 || header.seq > last);
        last = header.seq;
        seen[header.seq] = 1;
        count++;
    }
    for (size_t seq = 0; seq < MOST; seq++) {
        assert_true(seen[seq] || !known->confirmed[seq] || known->released[seq]);
    }
    assert_int_equal(count, outbox->owed);
    return count;
}

/* Twice round the ring, acknowledged in steps; ends early where power is lost. */
static void live(ecg_outbox *outbox, memory *known) {
    for (uint64_t seq = 0; seq < 3U * SLOTS; seq++) {
        ecg_error error = append(outbox, known, seq);
        if (error == ECG_FULL) {
            error = release(outbox, known, seq - 5U);
            if (error == ECG_OK) {
                error = append(outbox, known, seq);
            }
        }
        if (error == ECG_OK && seq % 11U == 10U) {
            error = release(outbox, known, seq - 7U);
        }
        if (error != ECG_OK) {
            assert_int_equal(error, ECG_FLASH);
            return;
        }
    }
}

static void test_a_cut_at_every_write_and_erase(void **state) {
    long operations = 1;
    (void)state;
    for (long cut = 0; cut < operations; cut++) {
        simflash flash;
        ecg_outbox outbox;
        memory known = {{0}, {0}};
        simflash_init(&flash, (uint32_t)cut);
        ecg_ports ports = simflash_ports(&flash);
        flash.cut_at = cut;
        assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_OK);
        live(&outbox, &known);
        operations = flash.is_dark ? operations + 1 : operations;
        simflash_restart(&flash);
        assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_OK);
        check(&outbox, &known);
        assert_int_equal(release(&outbox, &known, MOST - 1U), ECG_OK);
        memset(&known, 0, sizeof known);
        for (uint64_t seq = MOST - 12U; seq < MOST; seq++) {
            assert_int_equal(append(&outbox, &known, seq), ECG_OK);
        }
        assert_int_equal(check(&outbox, &known), 12);
    }
    assert_true(operations > 200);
}

static void test_what_is_owed_is_never_overwritten(void **state) {
    simflash flash;
    ecg_outbox outbox;
    memory known = {{0}, {0}};
    (void)state;
    simflash_init(&flash, 1);
    ecg_ports ports = simflash_ports(&flash);
    assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_OK);
    for (uint64_t seq = 0; seq < SLOTS; seq++) {
        assert_int_equal(append(&outbox, &known, seq), ECG_OK);
    }
    long operations = flash.operations;
    assert_int_equal(append(&outbox, &known, SLOTS), ECG_FULL);
    assert_int_equal(flash.operations, operations);
    assert_int_equal(check(&outbox, &known), SLOTS);
    assert_int_equal(release(&outbox, &known, 8), ECG_OK);
    assert_int_equal(append(&outbox, &known, SLOTS), ECG_OK);
    assert_int_equal(check(&outbox, &known), SLOTS - 8 + 1);
}

/* A sector with one chunk that is never acknowledged is passed over, again and again. */
static void test_a_chunk_that_stays_is_in_no_ones_way(void **state) {
    simflash flash;
    ecg_outbox outbox;
    memory known = {{0}, {0}};
    uint8_t chunk[ECG_CHUNK_BYTES];
    uint8_t expected[ECG_CHUNK_BYTES];
    (void)state;
    simflash_init(&flash, 1);
    ecg_ports ports = simflash_ports(&flash);
    assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_OK);
    for (uint64_t seq = 0; seq < 5U * SLOTS; seq++) {
        const ecg_ack all_but_3 = {3, 1, {{4, MOST}}};
        assert_int_equal(append(&outbox, &known, seq), ECG_OK);
        assert_int_equal(ecg_outbox_acknowledge(&outbox, SESSION, &all_but_3), ECG_OK);
        assert_int_equal(outbox.owed, seq < 3U ? 0 : 1);
        if (seq % 7U == 0U) {
            assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_OK);
        }
    }
    assert_int_equal(ecg_outbox_read(&outbox, 3, chunk), ECG_OK);
    make(3, expected);
    assert_memory_equal(chunk, expected, ECG_CHUNK_BYTES);
}

static ecg_error write_but_one_mark(void *self, uint32_t at, const void *data, size_t size) {
    simflash *flash = self;
    ecg_ports ports = simflash_ports(flash);
    return size == 4U && at == (3U * ECG_SLOT_BYTES) - 4U ? ECG_FLASH
                                                          : ports.flash_write(self, at, data, size);
}

static void test_a_mark_that_flash_refuses_is_in_no_ones_way(void **state) {
    simflash flash;
    ecg_outbox outbox;
    memory known = {{0}, {0}};
    (void)state;
    simflash_init(&flash, 1);
    ecg_ports ports = simflash_ports(&flash);
    ports.flash_write = write_but_one_mark;
    assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_OK);
    for (uint64_t seq = 0; seq < 10; seq++) {
        assert_int_equal(append(&outbox, &known, seq), ECG_OK);
    }
    assert_int_equal(release(&outbox, &known, 10), ECG_FLASH);
    assert_int_equal(outbox.owed, 1);
    assert_true(ecg_outbox_owes(&outbox, 2));
}

static void test_another_session_is_left_alone(void **state) {
    const uint8_t other[ECG_ID_BYTES] = {8};
    const ecg_ack all = {UINT64_MAX, 0, {{0, 0}}};
    simflash flash;
    ecg_outbox outbox;
    memory known = {{0}, {0}};
    (void)state;
    simflash_init(&flash, 1);
    ecg_ports ports = simflash_ports(&flash);
    assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_OK);
    assert_int_equal(append(&outbox, &known, 0), ECG_OK);
    assert_int_equal(ecg_outbox_acknowledge(&outbox, other, &all), ECG_OK);
    assert_int_equal(check(&outbox, &known), 1);
}

static void test_sectors_wear_alike(void **state) {
    simflash flash;
    ecg_outbox outbox;
    memory known = {{0}, {0}};
    (void)state;
    simflash_init(&flash, 1);
    ecg_ports ports = simflash_ports(&flash);
    assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_OK);
    for (uint64_t seq = 0; seq < 6U * SLOTS; seq++) {
        assert_int_equal(append(&outbox, &known, seq % MOST), ECG_OK);
        assert_int_equal(release(&outbox, &known, MOST - 1U), ECG_OK);
    }
    for (size_t i = 0; i < SECTORS; i++) {
        assert_int_equal(flash.erases[i], 5);
    }
}

static void test_a_flash_that_cannot_be_one(void **state) {
    ecg_outbox outbox;
    simflash flash;
    (void)state;
    simflash_init(&flash, 1);
    ecg_ports ports = simflash_ports(&flash);
    ports.flash_size = SECTOR;
    assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_BAD_ARGUMENT);
    ports.flash_size = SECTOR * 2U + 512U;
    assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_BAD_ARGUMENT);
    ports.flash_sector = 0;
    assert_int_equal(ecg_outbox_mount(&outbox, &ports), ECG_BAD_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cut_at_every_write_and_erase),
        cmocka_unit_test(test_what_is_owed_is_never_overwritten),
        cmocka_unit_test(test_a_chunk_that_stays_is_in_no_ones_way),
        cmocka_unit_test(test_a_mark_that_flash_refuses_is_in_no_ones_way),
        cmocka_unit_test(test_another_session_is_left_alone),
        cmocka_unit_test(test_sectors_wear_alike),
        cmocka_unit_test(test_a_flash_that_cannot_be_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
