/* A new key at the worst moment: no room, no network, a memory that fails, power lost at each write. */
#include "bench.h"

#include "../core/bytes.h"
#include "../core/device.h"
#include "../core/rotate.h"

#define SECTOR 4096U
#define SLOTS 16U
#define ROWS_MAX 6U
#define S UINT64_C(1000000)

typedef struct {
    char name[16];
    uint8_t bytes[64];
    size_t size;
} row;

/* What outlives the loss of power, and what the world does to the device. */
typedef struct {
    row rows[ROWS_MAX];
    uint8_t flash[SLOTS * ECG_SLOT_BYTES];
    int writes_left; /* of NVS; then it fails. Negative: it never does */
    ecg_error on_random;
    ecg_error on_key_request;
    uint64_t now_us;
    uint8_t random;
    unsigned key_requests;
    unsigned chunks;
    ecg_header last;
} place;

static place here;
static ecg_device device;
static ecg_settings settings = {
    .device_id = {1, 2, 3},
    .frontend = {.reference_uv = 3300000, .bits = 12, .gain = 1100},
    .rate_centihz = 25000,
    .decimation = 1,
};

static row *row_of(place *p, const char *name) {
    for (size_t i = 0; i < ROWS_MAX; i++) {
        row *r = &p->rows[i];
        if (r->name[0] == '\0' || strcmp(r->name, name) == 0) {
            strcpy(r->name, name);
            return r;
        }
    }
    fail();
    return NULL;
}

static uint64_t monotonic_us(void *self) {
    return ((place *)self)->now_us;
}

static ecg_error random_bytes(void *self, uint8_t *out, size_t size) {
    place *p = self;
    memset(out, ++p->random, size);
    return p->on_random;
}

static ecg_error nvs_read(void *self, const char *key, void *out, size_t room, size_t *size) {
    const row *r = row_of(self, key);
    assert_true(r->size <= room);
    memcpy(out, r->bytes, r->size);
    *size = r->size;
    return r->size == 0U ? ECG_EMPTY : ECG_OK;
}

static ecg_error nvs_write(void *self, const char *key, const void *data, size_t size) {
    place *p = self;
    row *r = row_of(p, key);
    if (p->writes_left == 0) {
        return ECG_NVS;
    }
    p->writes_left -= p->writes_left > 0 ? 1 : 0;
    memcpy(r->bytes, data, size);
    r->size = size;
    return ECG_OK;
}

static ecg_error flash_read(void *self, uint32_t at, void *out, size_t size) {
    memcpy(out, ((place *)self)->flash + at, size);
    return ECG_OK;
}

static ecg_error flash_write(void *self, uint32_t at, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        ((place *)self)->flash[at + i] &= bytes[i];
    }
    return ECG_OK;
}

static ecg_error flash_erase(void *self, uint32_t at) {
    memset(((place *)self)->flash + at, 0xFF, SECTOR);
    return ECG_OK;
}

static ecg_error start(void *self) {
    (void)self;
    return ECG_OK;
}

static void stop(void *self) {
    (void)self;
}

static void led(void *self, int on) {
    (void)self, (void)on;
}

static ecg_error publish(void *self, const char *topic, const uint8_t *data, size_t size) {
    place *p = self;
    if (strcmp(topic, device.topics.key) == 0) {
        assert_int_equal(size, ECG_ROTATE_BYTES);
        p->key_requests += 1U;
        return p->on_key_request;
    }
    p->chunks += 1U;
    return ecg_header_unpack(data, &p->last);
}

static const ecg_ports PORTS = {
    .self = &here,
    .monotonic_us = monotonic_us,
    .random = random_bytes,
    .nvs_read = nvs_read,
    .nvs_write = nvs_write,
    .flash_size = sizeof here.flash,
    .flash_sector = SECTOR,
    .flash_read = flash_read,
    .flash_write = flash_write,
    .flash_erase = flash_erase,
    .wifi_start = start,
    .mqtt_start = start,
    .mqtt_stop = stop,
    .mqtt_publish = publish,
    .led = led,
};

static void let_pass(uint64_t us) {
    for (uint64_t until_us = here.now_us + us; here.now_us < until_us; here.now_us += S / 10U) {
        (void)ecg_device_step(&device);
    }
}

static void power_on(void) {
    here.writes_left = -1;
    here.on_random = ECG_OK;
    assert_int_equal(ecg_device_begin(&device, &PORTS, &settings), ECG_OK);
}

static void power_off(void) {
    mbedtls_psa_crypto_free();
    assert_int_equal(psa_crypto_init(), PSA_SUCCESS);
}

static void go_online(void) {
    let_pass(S / 10U);
    ecg_device_on_wifi(&device, 1);
    let_pass(S / 10U);
    ecg_device_on_mqtt(&device, 1);
    assert_true(device.is_online);
}

static int begin(void **state) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t service = 0;
    size_t size = 0;
    (void)state;
    memset(&here, 0, sizeof here);
    memset(here.flash, 0xFF, sizeof here.flash);
    power_off();
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, 256);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDH);
    assert_int_equal(psa_generate_key(&attributes, &service), PSA_SUCCESS);
    assert_int_equal(psa_export_public_key(service, settings.service_point, ECG_POINT_BYTES, &size),
                     PSA_SUCCESS);
    power_on();
    return 0;
}

static void beat(unsigned chunks) {
    for (unsigned i = 0; i < chunks * ECG_SAMPLES; i++) {
        ecg_device_on_code(&device, 2048, 0, 0);
    }
}

/* The service's side: HMAC of ``data`` under HKDF of a key in NVS; 32 bytes behind it. */
static void sign(const char *key, const uint8_t *salt, const char *label, const uint8_t *more,
                 size_t more_size, const uint8_t *data, size_t size, uint8_t *out) {
    uint8_t info[64];
    size_t label_size = strlen(label);
    size_t made = 0;
    psa_key_id_t whole = 0;
    psa_key_id_t purpose = 0;
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_derivation_operation_t operation = PSA_KEY_DERIVATION_OPERATION_INIT;
    memcpy(info, label, label_size);
    memcpy(info + label_size, more, more_size);
    assert_int_equal(ecg_key_import(row_of(&here, key)->bytes + 4, &whole), ECG_OK);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_bits(&attributes, 256);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE);
    psa_set_key_algorithm(&attributes, PSA_ALG_HMAC(PSA_ALG_SHA_256));
    psa_key_derivation_setup(&operation, PSA_ALG_HKDF(PSA_ALG_SHA_256));
    psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_SALT, salt, ECG_ID_BYTES);
    psa_key_derivation_input_key(&operation, PSA_KEY_DERIVATION_INPUT_SECRET, whole);
    psa_key_derivation_input_bytes(&operation, PSA_KEY_DERIVATION_INPUT_INFO, info,
                                   label_size + more_size);
    assert_int_equal(psa_key_derivation_output_key(&attributes, &operation, &purpose), PSA_SUCCESS);
    psa_key_derivation_abort(&operation);
    assert_int_equal(psa_mac_compute(purpose, PSA_ALG_HMAC(PSA_ALG_SHA_256), data, size, out, 32,
                                     &made),
                     PSA_SUCCESS);
    psa_destroy_key(purpose);
    psa_destroy_key(whole);
}

static void context(uint32_t epoch, uint8_t out[ECG_ID_BYTES + 4U]) {
    memcpy(out, settings.device_id, ECG_ID_BYTES);
    ecg_put(out + ECG_ID_BYTES, epoch, 4);
}

static void say_rotate(void) {
    uint8_t command[ECG_COMMAND_BYTES] = {0x45, 0x4B, 1, ECG_COMMAND_ROTATE};
    uint8_t told[ECG_ID_BYTES + 4U];
    uint32_t epoch = (uint32_t)ecg_get(row_of(&here, "key")->bytes, 4);
    context(epoch + 1U, command + 4);
    context(epoch, told);
    sign("key", settings.device_id, "ecg-iot v1 command", told, sizeof told, command, 24,
         command + 24);
    ecg_device_on_message(&device, device.topics.command, command, sizeof command);
}

static void say_taken(void) {
    uint8_t command[ECG_COMMAND_BYTES] = {0x45, 0x4B, 1, ECG_COMMAND_TAKEN};
    uint8_t said[9U + ECG_ID_BYTES + 4U] = "enrolled|";
    uint32_t epoch = (uint32_t)ecg_get(row_of(&here, "key-pending")->bytes, 4);
    context(epoch, command + 4);
    context(epoch, said + 9);
    sign("key-pending", settings.device_id, "ecg-iot v1 confirm", said, 0, said, sizeof said,
         command + 24);
    ecg_device_on_message(&device, device.topics.command, command, sizeof command);
}

static void acknowledge(const char *key, const ecg_header *header, uint64_t watermark) {
    uint8_t ack[82] = {0x45, 0x41, 1, 1};
    uint8_t told[ECG_ID_BYTES + 4U];
    context(header->key_epoch, told);
    context(header->key_epoch, ack + 4);
    memcpy(ack + 24, header->session_id, ECG_ID_BYTES);
    ecg_put(ack + 40, watermark, 8);
    sign(key, header->session_id, "ecg-iot v1 ack", told, sizeof told, ack, 50, ack + 50);
    ecg_device_on_message(&device, device.topics.ack, ack, sizeof ack);
}

static void test_a_new_key_is_used_as_soon_as_it_is_taken(void **state) {
    (void)state;
    go_online();
    beat(1);
    ecg_header first = device.session.header;
    say_rotate();
    let_pass(S);
    assert_int_equal(here.key_requests, 1);
    beat(1);
    say_taken();
    let_pass(S);
    assert_int_equal(device.session.header.key_epoch, 2);
    assert_int_equal(device.keys.earlier.epoch, 1);
    acknowledge("key-earlier", &first, 10);
    assert_int_equal(device.courier.outbox.owed, 0);
    assert_int_equal(device.keys.earlier.epoch, 0);
    assert_int_equal(device.tally.forged, 0);
}

/* Asked for the next one too soon, the device makes it once the earlier one is not needed any more. */
static void test_a_third_key_waits_until_the_first_is_not_needed(void **state) {
    (void)state;
    go_online();
    beat(1);
    ecg_header first = device.session.header;
    say_rotate();
    say_taken();
    let_pass(S);
    say_rotate();
    assert_int_equal(device.keys.pending.epoch, 0);
    acknowledge("key-earlier", &first, 10);
    say_rotate();
    assert_int_equal(device.keys.pending.epoch, 3);
    power_off();
    power_on();
    assert_int_equal(device.keys.pending.epoch, 3);
    say_taken();
    let_pass(S);
    assert_int_equal(device.session.header.key_epoch, 3);
    assert_int_equal(device.keys.earlier.epoch, 0); /* nothing was sealed under the second */
}

/* A session that ended with a gap could not tell of it: samples would be missing unsaid. */
static void test_a_gap_is_told_before_a_new_key_is_used(void **state) {
    (void)state;
    ecg_header first = device.session.header;
    go_online();
    say_rotate();
    beat(SLOTS + 1U);
    assert_int_equal(device.tally.sealed, SLOTS);
    assert_true(device.tally.dropped_samples == ECG_SAMPLES);
    say_taken();
    let_pass(S);
    assert_int_equal(device.session.header.key_epoch, 1);
    acknowledge("key-earlier", &first, 8);
    let_pass(S);
    assert_int_equal(device.session.header.key_epoch, 1);
    beat(1);
    say_taken();
    let_pass(S);
    assert_int_equal(device.tally.sealed, SLOTS + 1U);
    assert_true(device.tally.dropped_samples == ECG_SAMPLES);
    assert_int_equal(device.session.header.key_epoch, 2);
    assert_int_equal(device.session.header.seq, 0);
}

static void test_an_open_chunk_waits_for_room_before_a_new_key_is_used(void **state) {
    (void)state;
    go_online();
    say_rotate();
    beat(SLOTS);
    ecg_device_on_code(&device, 2048, 0, 0);
    say_taken();
    let_pass(S);
    assert_true(device.tally.dropped_samples == 0U);
    assert_int_equal(device.session.header.key_epoch, 1);
}

/* Whichever write of NVS fails or finds no power: nothing that is owed loses its key. */
static void test_a_memory_that_fails_at_each_write(void **state) {
    for (int writes = 0; writes < 5; writes++) {
        for (int is_cut = 0; is_cut < 2; is_cut++) {
            begin(state);
            go_online();
            say_rotate();
            ecg_device_on_code(&device, 2048, 0, 0);
            here.writes_left = writes;
            say_taken();
            let_pass(S);
            if (is_cut) {
                power_off();
                power_on();
                go_online();
            }
            here.writes_left = -1;
            beat(1);
            if (row_of(&here, "key-pending")->size > 0U) {
                say_taken();
            }
            let_pass(60U * S);
            beat(1);
            let_pass(S);
            assert_int_equal(device.keys.newest.epoch, 2);
            assert_int_equal(device.session.header.key_epoch, 2);
            assert_int_equal(device.tally.fault, ECG_OK);
            assert_int_equal(here.last.key_epoch, 2);
            power_off();
            power_on();
            assert_int_equal(device.keys.newest.epoch, 2);
            assert_int_equal(device.keys.pending.epoch, 0);
            for (uint32_t slot = 0; slot < SLOTS; slot++) {
                ecg_header header;
                if (ecg_outbox_header(&device.courier.outbox, slot, &header) == ECG_OK) {
                    assert_non_null(ecg_keys_find(&device.keys, header.key_epoch));
                }
            }
        }
    }
}

static void test_a_session_that_cannot_begin_stops_no_recording(void **state) {
    (void)state;
    go_online();
    say_rotate();
    here.on_random = ECG_RANDOM;
    say_taken();
    let_pass(S);
    beat(1);
    assert_int_equal(device.tally.sealed, 1);
    here.on_random = ECG_OK;
    let_pass(60U * S);
    beat(1);
    assert_int_equal(device.tally.sealed, 2);
    assert_int_equal(device.session.header.key_epoch, 2);
    assert_int_equal(device.tally.fault, ECG_OK);
}

/* Each costs two multiplications on the curve. */
static void test_a_request_that_finds_no_room_is_not_made_at_every_step(void **state) {
    (void)state;
    go_online();
    say_rotate();
    here.on_key_request = ECG_FULL;
    let_pass(10U * S);
    assert_in_range(here.key_requests, 2, 6);
}

/* An erase that lost power may bring an acknowledged chunk back, whose key is forgotten by then. */
static void test_a_chunk_of_a_forgotten_key_is_owed_no_more(void **state) {
    (void)state;
    go_online();
    beat(1);
    ecg_header first = device.session.header;
    say_rotate();
    say_taken();
    let_pass(S);
    acknowledge("key-earlier", &first, 10);
    let_pass(S);
    beat(1);
    assert_int_equal(device.keys.earlier.epoch, 0);
    memset(here.flash + ECG_SLOT_BYTES - 4U, 0xFF, 4);
    power_off();
    power_on();
    assert_int_equal(device.courier.outbox.owed, 1);
}

/* The converter's clock is not the counter's: 0.1 % off either way, in batches of 10 samples. */
static void test_a_converter_that_drifts_makes_no_jumps(void **state) {
    const uint64_t periods_us[] = {3996, 4004};
    (void)state;
    for (size_t i = 0; i < ROWS(periods_us); i++) {
        uint64_t before_us = 0;
        begin(state);
        ecg_device_on_time(&device, 1000U * S);
        uint64_t from_us = here.now_us;
        for (uint32_t n = 0; n < 2000U * 250U; n++) {
            here.now_us += n % 10U == 0U ? 10U * periods_us[i] : 0U;
            ecg_device_on_code(&device, 2048, 0, 0);
            uint64_t t0_us = device.framer.body.t0_us;
            if (device.framer.body.n_valid == 1U && n > 250U * 20U) {
                assert_in_range(t0_us - before_us, 187U * 4000U * 99U / 100U,
                                187U * 4000U * 101U / 100U);
                assert_in_range(t0_us - 1000U * S, here.now_us - from_us - S / 10U,
                                here.now_us - from_us + S / 10U);
            }
            before_us = device.framer.body.n_valid == 1U ? t0_us : before_us;
        }
    }
}

static void test_without_wifi_nothing_is_sent(void **state) {
    (void)state;
    go_online();
    ecg_device_on_wifi(&device, 0);
    assert_false(device.is_online);
    beat(1);
    let_pass(S);
    assert_int_equal(here.chunks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_new_key_is_used_as_soon_as_it_is_taken, begin),
        cmocka_unit_test_setup(test_a_third_key_waits_until_the_first_is_not_needed, begin),
        cmocka_unit_test_setup(test_a_gap_is_told_before_a_new_key_is_used, begin),
        cmocka_unit_test_setup(test_an_open_chunk_waits_for_room_before_a_new_key_is_used, begin),
        cmocka_unit_test(test_a_memory_that_fails_at_each_write),
        cmocka_unit_test_setup(test_a_session_that_cannot_begin_stops_no_recording, begin),
        cmocka_unit_test_setup(test_a_request_that_finds_no_room_is_not_made_at_every_step, begin),
        cmocka_unit_test_setup(test_a_chunk_of_a_forgotten_key_is_owed_no_more, begin),
        cmocka_unit_test(test_a_converter_that_drifts_makes_no_jumps),
        cmocka_unit_test_setup(test_without_wifi_nothing_is_sent, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
