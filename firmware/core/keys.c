#include "keys.h"

#include "bytes.h"

#include <string.h>

#define NEWEST "key"
#define EARLIER "key-earlier"
#define PENDING "key-pending"
#define FIRST_EPOCH 1U
#define RECORD_BYTES (4U + ECG_KEY_BYTES)

/* ECG_EMPTY where there is none: an empty record is how one is taken away. */
static ecg_error read_record(const ecg_ports *ports, const char *name,
                             uint8_t record[RECORD_BYTES]) {
    size_t size = 0;
    ecg_error error = ports->nvs_read(ports->self, name, record, RECORD_BYTES, &size);
    if (error != ECG_OK || size == 0U) {
        return error == ECG_OK ? ECG_EMPTY : error;
    }
    return size == RECORD_BYTES && ecg_get(record, 4) != 0U ? ECG_OK : ECG_NVS;
}

static ecg_error load(const ecg_ports *ports, const char *name, ecg_key *key) {
    uint8_t record[RECORD_BYTES];
    *key = (ecg_key){0, 0};
    ecg_error error = read_record(ports, name, record);
    if (error == ECG_OK) {
        error = ecg_key_import(record + 4, &key->handle);
    }
    if (error == ECG_OK) {
        key->epoch = (uint32_t)ecg_get(record, 4);
    }
    ecg_wipe(record, sizeof record);
    return error;
}

/* A fresh key of an epoch, stored before it is used. */
static ecg_error make(const ecg_ports *ports, const char *name, uint32_t epoch, ecg_key *key) {
    uint8_t record[RECORD_BYTES];
    ecg_put(record, epoch, 4);
    ecg_error error = ports->random(ports->self, record + 4, ECG_KEY_BYTES);
    if (error == ECG_OK) {
        error = ports->nvs_write(ports->self, name, record, sizeof record);
    }
    ecg_wipe(record, sizeof record);
    return error == ECG_OK ? load(ports, name, key) : error;
}

static ecg_error copy(const ecg_ports *ports, const char *from, const char *to) {
    uint8_t record[RECORD_BYTES];
    ecg_error error = read_record(ports, from, record);
    if (error == ECG_OK) {
        error = ports->nvs_write(ports->self, to, record, sizeof record);
    }
    ecg_wipe(record, sizeof record);
    return error;
}

static ecg_error take_away(const ecg_ports *ports, const char *name, ecg_key *key) {
    (void)psa_destroy_key(key->handle);
    *key = (ecg_key){0, 0};
    return ports->nvs_write(ports->self, name, "", 0);
}

/* What power loss between two writes of ecg_keys_confirm left twice is once again. */
static ecg_error settle(ecg_keys *keys) {
    ecg_error error = ECG_OK;
    if (keys->earlier.epoch == keys->newest.epoch) {
        error = take_away(keys->ports, EARLIER, &keys->earlier);
    }
    if (error == ECG_OK && keys->pending.epoch != 0U &&
        keys->pending.epoch <= keys->newest.epoch) {
        error = take_away(keys->ports, PENDING, &keys->pending);
    }
    return error;
}

ecg_error ecg_keys_load(ecg_keys *keys, const ecg_ports *ports) {
    *keys = (ecg_keys){ports, {0, 0}, {0, 0}, {0, 0}};
    ecg_error error = load(ports, NEWEST, &keys->newest);
    if (error == ECG_EMPTY) {
        return make(ports, NEWEST, FIRST_EPOCH, &keys->newest);
    }
    if (error == ECG_OK) {
        error = load(ports, EARLIER, &keys->earlier);
    }
    if (error == ECG_OK || error == ECG_EMPTY) {
        error = load(ports, PENDING, &keys->pending);
    }
    return error == ECG_OK || error == ECG_EMPTY ? settle(keys) : error;
}

ecg_error ecg_keys_renew(ecg_keys *keys) {
    if (keys->pending.epoch != 0U) {
        return ECG_OK;
    }
    if (keys->earlier.epoch != 0U) {
        return ECG_AGAIN;
    }
    if (keys->newest.epoch == UINT32_MAX) {
        return ECG_EXHAUSTED;
    }
    return make(keys->ports, PENDING, keys->newest.epoch + 1U, &keys->pending);
}

ecg_error ecg_keys_confirm(ecg_keys *keys) {
    if (keys->pending.epoch == 0U) {
        return ECG_EMPTY;
    }
    ecg_error error = copy(keys->ports, NEWEST, EARLIER);
    if (error == ECG_OK) {
        error = copy(keys->ports, PENDING, NEWEST);
    }
    if (error != ECG_OK) {
        return error;
    }
    keys->earlier = keys->newest;
    keys->newest = keys->pending;
    keys->pending = (ecg_key){0, 0};
    /* Done is done: what stays behind here is taken away by the next ecg_keys_load. */
    (void)keys->ports->nvs_write(keys->ports->self, PENDING, "", 0);
    return ECG_OK;
}

ecg_error ecg_keys_forget_earlier(ecg_keys *keys) {
    return keys->earlier.epoch == 0U ? ECG_OK
                                     : take_away(keys->ports, EARLIER, &keys->earlier);
}

const ecg_key *ecg_keys_find(const ecg_keys *keys, uint32_t epoch) {
    if (epoch == 0U) {
        return NULL;
    }
    if (epoch == keys->newest.epoch) {
        return &keys->newest;
    }
    return epoch == keys->earlier.epoch ? &keys->earlier : NULL;
}

static ecg_error bytes_of(const ecg_keys *keys, const char *name, uint8_t out[ECG_KEY_BYTES]) {
    uint8_t record[RECORD_BYTES];
    ecg_error error = read_record(keys->ports, name, record);
    if (error == ECG_OK) {
        memcpy(out, record + 4, ECG_KEY_BYTES);
    }
    ecg_wipe(record, sizeof record);
    return error == ECG_EMPTY ? ECG_NO_KEY : error;
}

ecg_error ecg_keys_newest_bytes(const ecg_keys *keys, uint8_t out[ECG_KEY_BYTES]) {
    return bytes_of(keys, NEWEST, out);
}

ecg_error ecg_keys_pending_bytes(const ecg_keys *keys, uint8_t out[ECG_KEY_BYTES]) {
    return bytes_of(keys, PENDING, out);
}
