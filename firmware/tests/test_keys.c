/* Keys through the loss of power at every write: never none, never two for one epoch. */
#include "bench.h"

#include "../core/bytes.h"
#include "../core/keys.h"

#define RECORDS 4U

typedef struct {
    char name[16];
    uint8_t data[64];
    size_t size;
} record;

typedef struct {
    record records[RECORDS];
    int writes;
    int cut_at; /* the write that does not happen any more; negative: all do */
    uint8_t chance;
} memory;

static record *find(memory *m, const char *name) {
    for (size_t i = 0; i < RECORDS; i++) {
        if (m->records[i].name[0] == '\0' || strcmp(m->records[i].name, name) == 0) {
            return &m->records[i];
        }
    }
    fail();
    return NULL;
}

static ecg_error nvs_read(void *self, const char *name, void *out, size_t room, size_t *size) {
    const record *found = find(self, name);
    if (found->name[0] == '\0') {
        return ECG_EMPTY;
    }
    assert_true(found->size <= room);
    memcpy(out, found->data, found->size);
    *size = found->size;
    return ECG_OK;
}

static ecg_error nvs_write(void *self, const char *name, const void *data, size_t size) {
    memory *m = self;
    record *found = find(m, name);
    assert_true(strlen(name) < sizeof found->name && size <= sizeof found->data);
    if (m->cut_at >= 0 && m->writes++ >= m->cut_at) {
        return ECG_NVS;
    }
    memcpy(found->name, name, strlen(name) + 1U);
    memcpy(found->data, data, size);
    found->size = size;
    return ECG_OK;
}

static ecg_error fill(void *self, uint8_t *out, size_t size) {
    memory *m = self;
    memset(out, ++m->chance, size);
    return ECG_OK;
}

static ecg_ports ports_to(memory *m) {
    ecg_ports ports = {0};
    ports.self = m;
    ports.nvs_read = nvs_read;
    ports.nvs_write = nvs_write;
    ports.random = fill;
    return ports;
}

static void boot(ecg_keys *keys, const ecg_ports *ports) {
    memory *m = ports->self;
    m->cut_at = -1;
    m->writes = 0;
    assert_int_equal(ecg_keys_load(keys, ports), ECG_OK);
}

static uint8_t newest_byte(const ecg_keys *keys) {
    uint8_t bytes[ECG_KEY_BYTES];
    assert_int_equal(ecg_keys_newest_bytes(keys, bytes), ECG_OK);
    return bytes[0];
}

static void test_a_life(void **state) {
    memory m = {0};
    const ecg_ports ports = ports_to(&m);
    ecg_keys keys;
    (void)state;
    boot(&keys, &ports);
    assert_int_equal(keys.newest.epoch, 1);
    uint8_t first = newest_byte(&keys);
    boot(&keys, &ports);
    assert_int_equal(newest_byte(&keys), first);
    assert_int_equal(ecg_keys_confirm(&keys), ECG_EMPTY);
    assert_int_equal(ecg_keys_renew(&keys), ECG_OK);
    uint8_t chance = m.chance;
    assert_int_equal(ecg_keys_renew(&keys), ECG_OK); /* the same one */
    assert_int_equal(m.chance, chance);
    assert_null(ecg_keys_find(&keys, 2));
    assert_int_equal(ecg_keys_confirm(&keys), ECG_OK);
    assert_int_equal(ecg_keys_find(&keys, 2)->epoch, 2);
    assert_int_equal(ecg_keys_find(&keys, 1)->epoch, 1);
    assert_null(ecg_keys_find(&keys, 0));
    assert_int_equal(ecg_keys_renew(&keys), ECG_AGAIN);
    assert_int_equal(ecg_keys_forget_earlier(&keys), ECG_OK);
    assert_null(ecg_keys_find(&keys, 1));
    assert_int_equal(ecg_keys_renew(&keys), ECG_OK);
    assert_int_equal(keys.pending.epoch, 3);
}

/* A pending key, confirmed with a cut at each write, and the boot after it. */
static void test_a_cut_at_every_write_of_a_confirmation(void **state) {
    (void)state;
    for (int cut = 0; cut < 4; cut++) {
        memory m = {0};
        const ecg_ports ports = ports_to(&m);
        ecg_keys keys;
        boot(&keys, &ports);
        uint8_t first = newest_byte(&keys);
        assert_int_equal(ecg_keys_renew(&keys), ECG_OK);
        uint8_t second = m.chance;
        m.writes = 0;
        m.cut_at = cut;
        (void)ecg_keys_confirm(&keys);
        boot(&keys, &ports);
        int is_new = keys.newest.epoch == 2U;
        assert_int_equal(newest_byte(&keys), is_new ? second : first);
        /* Before the newest is written the service is asked again; after it nothing is pending. */
        assert_int_equal(keys.pending.epoch, is_new ? 0U : 2U);
        assert_int_equal(keys.earlier.epoch, is_new ? 1U : 0U);
        assert_int_equal(is_new, cut >= 2);
        if (!is_new) {
            assert_int_equal(ecg_keys_confirm(&keys), ECG_OK);
            assert_int_equal(newest_byte(&keys), second);
        }
    }
}

static void test_a_damaged_record_makes_no_other_key(void **state) {
    memory m = {0};
    const ecg_ports ports = ports_to(&m);
    ecg_keys keys;
    (void)state;
    boot(&keys, &ports);
    m.records[0].size -= 1U;
    assert_int_equal(ecg_keys_load(&keys, &ports), ECG_NVS);
    m.records[0].size += 1U;
    memset(m.records[0].data, 0, 4);
    assert_int_equal(ecg_keys_load(&keys, &ports), ECG_NVS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_life),
        cmocka_unit_test(test_a_cut_at_every_write_of_a_confirmation),
        cmocka_unit_test(test_a_damaged_record_makes_no_other_key),
    };
    if (psa_crypto_init() != PSA_SUCCESS) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
