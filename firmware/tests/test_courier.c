/* Chunks that are never acknowledged, or cannot be read, are in nobody's way. */
#include "bench.h"

#include "../core/courier.h"

#define SECTOR 4096U
#define SLOTS 512U
#define S UINT64_C(1000000)
#define STUCK 400U

/* Flash as it should be, and a network that remembers the numbers. */
typedef struct {
    uint8_t flash[SLOTS * ECG_SLOT_BYTES];
    uint32_t refused_slot; /* flash does not give it back; SLOTS: it gives back all */
    uint32_t asked;        /* every third time the network has no room */
    uint32_t heard[SLOTS];
} place;

static place here;
static ecg_courier courier;

static ecg_error flash_read(void *self, uint32_t at, void *out, size_t size) {
    const place *p = self;
    memcpy(out, p->flash + at, size);
    return at / ECG_SLOT_BYTES == p->refused_slot ? ECG_FLASH : ECG_OK;
}

static ecg_error flash_write(void *self, uint32_t at, const void *data, size_t size) {
    place *p = self;
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        p->flash[at + i] &= bytes[i];
    }
    return ECG_OK;
}

static ecg_error flash_erase(void *self, uint32_t at) {
    place *p = self;
    memset(p->flash + at, 0xFF, SECTOR);
    return ECG_OK;
}

static ecg_error publish(void *self, const char *topic, const uint8_t *data, size_t size) {
    place *p = self;
    ecg_header header;
    assert_string_equal(topic, "chunk");
    assert_int_equal(size, ECG_CHUNK_BYTES);
    assert_int_equal(ecg_header_unpack(data, &header), ECG_OK);
    p->asked += 1U;
    if (p->asked % 3U == 0U) {
        return ECG_FULL;
    }
    p->heard[header.seq] += 1U;
    return ECG_OK;
}

static ecg_ports ports = {.self = &here,
                          .flash_size = sizeof here.flash,
                          .flash_sector = SECTOR,
                          .flash_read = flash_read,
                          .flash_write = flash_write,
                          .flash_erase = flash_erase,
                          .mqtt_publish = publish};

static int begin(void **state) {
    (void)state;
    memset(&here, 0, sizeof here);
    memset(here.flash, 0xFF, sizeof here.flash);
    here.refused_slot = SLOTS;
    return ecg_courier_begin(&courier, &ports, "chunk");
}

static void keep(uint64_t seq, uint32_t key_epoch) {
    uint8_t chunk[ECG_CHUNK_BYTES] = {0};
    const ecg_header header = {{1}, key_epoch, {2}, seq};
    ecg_header_pack(&header, chunk);
    assert_int_equal(ecg_courier_keep(&courier, chunk), ECG_OK);
}

static void send_all(uint64_t now_us) {
    ecg_error error = ECG_OK;
    for (uint32_t i = 0; error == ECG_OK || error == ECG_FULL; i++) {
        assert_true(i < 10U * SLOTS);
        error = ecg_courier_send(&courier, now_us, 16);
    }
}

/* As those of a revoked epoch: more of them than may be in flight at a time. */
static void test_chunks_that_are_never_acknowledged_stop_no_others(void **state) {
    (void)state;
    for (uint32_t seq = 0; seq < STUCK; seq++) {
        keep(seq, 1);
    }
    for (uint64_t s = 0; s < 300U; s++) {
        send_all(s * S);
    }
    keep(STUCK, 2);
    for (uint64_t s = 300; s < 600U; s++) {
        send_all(s * S);
    }
    assert_true(here.heard[STUCK] > 0U);
    for (uint64_t s = 600; s < 1200U; s++) {
        send_all(s * S);
    }
    for (uint32_t seq = 0; seq < STUCK; seq++) {
        assert_in_range(here.heard[seq], 2, 50); /* none is given up, none is hurried */
    }
}

static void test_a_chunk_that_cannot_be_read_stops_no_others(void **state) {
    (void)state;
    keep(0, 1);
    keep(1, 1);
    here.refused_slot = 0;
    for (uint64_t s = 0; s < 5U; s++) {
        send_all(s * S);
    }
    assert_int_equal(here.heard[0], 0);
    assert_true(here.heard[1] > 0U);
    here.refused_slot = SLOTS;
    for (uint64_t s = 5; s < 60U; s++) {
        send_all(s * S);
    }
    assert_true(here.heard[0] > 0U);
}

/* Its key would be forgotten otherwise, and its acknowledgement never be believed. */
static void test_what_cannot_be_read_is_owed_all_the_same(void **state) {
    (void)state;
    keep(0, 1);
    keep(1, 2);
    here.refused_slot = 0;
    assert_true(ecg_courier_owes_epoch(&courier, 1));
    here.refused_slot = SLOTS;
    assert_true(ecg_courier_owes_epoch(&courier, 1));
    assert_true(ecg_courier_owes_epoch(&courier, 2));
    assert_false(ecg_courier_owes_epoch(&courier, 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_chunks_that_are_never_acknowledged_stop_no_others, begin),
        cmocka_unit_test_setup(test_a_chunk_that_cannot_be_read_stops_no_others, begin),
        cmocka_unit_test_setup(test_what_cannot_be_read_is_owed_all_the_same, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
