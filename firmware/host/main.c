/* A device on this machine: the same core as on the ESP32, its signal from standard input.
 *
 *   ecg-device enrol FOLDER CONFIG [--ca FILE] [--ask-every S]
 *   ecg-device run FOLDER CONFIG [--flash BYTES] [--broker HOST PORT] [--ago S]
 *
 * Records on standard input, eight bytes each: kind, leads-off (bit 0 LO+, bit 1 LO-), value (u16,
 * little-endian), number (u32, little-endian):
 *   S  a conversion: value       O  conversions lost: number
 *   A  simulated time passes: number in ms       N  network: value 1 there, 0 gone
 * At the end of the input the open chunk is sealed, and the device goes on until nothing is owed.
 * Standard output has one JSON object a line: what the device counts. Killing it is its power loss. */
#define _DEFAULT_SOURCE
#include "broker.h"
#include "enrol.h"
#include "world.h"

#include <poll.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLASH_BYTES (1024U * 1024U)
#define RECORD_BYTES 8U
#define RECORDS_AT_ONCE 512U
#define CONFIG_ROOM 8192U
#define TELL_EVERY_US UINT64_C(100000)
#define TIME_EVERY_US UINT64_C(60000000)
#define MS_US 1000U

enum { DONE = 0, FAILED = 1, MISUSED = 2 };

typedef struct {
    host_world world;
    host_account account;
    host_broker broker;
    ecg_ports ports;
    ecg_device device;
    uint8_t input[RECORD_BYTES * RECORDS_AT_ONCE];
    size_t have;
    uint64_t told_us;
    uint64_t time_us;
    int is_over;
} host;

typedef struct {
    const char *command;
    const char *folder;
    const char *config;
    const char *ca_file;
    const char *host;
    int port;
    unsigned flash_bytes;
    unsigned ask_every_s;
    long ago_s;
} options;

/* The network's ports; the world comes first in the host, so that one pointer names both. */
static ecg_error wifi_start(void *self) {
    host *h = self;
    if (h->broker.is_reachable) {
        ecg_device_on_wifi(&h->device, 1);
    }
    return ECG_OK;
}

static ecg_error mqtt_start(void *self) {
    return host_broker_start(&((host *)self)->broker);
}

static void mqtt_stop(void *self) {
    host_broker_stop(&((host *)self)->broker);
}

static ecg_error mqtt_publish(void *self, const char *topic, const uint8_t *data, size_t size) {
    return host_broker_publish(&((host *)self)->broker, topic, data, size);
}

static void take_record(host *h, const uint8_t *record) {
    uint16_t value = (uint16_t)(record[2] | (record[3] << 8));
    uint32_t number = (uint32_t)record[4] | ((uint32_t)record[5] << 8) |
                      ((uint32_t)record[6] << 16) | ((uint32_t)record[7] << 24);
    switch (record[0]) {
    case 'S':
        ecg_device_on_code(&h->device, value, record[1] & 1, record[1] & 2);
        break;
    case 'O':
        ecg_device_on_overflow(&h->device, number);
        break;
    case 'A':
        h->world.ahead_us += (uint64_t)number * MS_US;
        break;
    case 'N':
        host_broker_reach(&h->broker, value != 0);
        break;
    default:
        (void)fprintf(stderr, "input: no record of kind 0x%02x\n", record[0]);
        exit(MISUSED);
    }
}

static void read_input(host *h) {
    ssize_t got = read(STDIN_FILENO, h->input + h->have, sizeof h->input - h->have);
    if (got <= 0) {
        h->is_over = 1;
        ecg_device_stop(&h->device);
        return;
    }
    h->have += (size_t)got;
    size_t at = 0;
    for (; at + RECORD_BYTES <= h->have; at += RECORD_BYTES) {
        take_record(h, h->input + at);
    }
    h->have -= at;
    memmove(h->input, h->input + at, h->have);
}

static void tell(const host *h) {
    const ecg_device *device = &h->device;
    (void)printf("{\"online\":%s,\"epoch\":%u,\"sealed\":%llu,\"owed\":%u,\"samples\":%llu,"
                 "\"dropped_samples\":%llu,\"forged\":%llu,\"unreadable\":%u,\"fault\":%d}\n",
                 device->is_online ? "true" : "false", (unsigned)device->keys.newest.epoch,
                 (unsigned long long)device->tally.sealed, (unsigned)device->courier.outbox.owed,
                 (unsigned long long)device->samples,
                 (unsigned long long)device->tally.dropped_samples,
                 (unsigned long long)device->tally.forged, (unsigned)device->courier.unreadable,
                 (int)device->tally.fault);
    (void)fflush(stdout);
}

static void keep_time(host *h) {
    uint64_t now_us = h->ports.monotonic_us(h->ports.self);
    if (h->time_us == 0U || now_us - h->time_us >= TIME_EVERY_US) {
        h->time_us = now_us;
        ecg_device_on_time(&h->device, h->ports.utc_us(h->ports.self));
    }
    if (now_us - h->told_us >= TELL_EVERY_US) {
        h->told_us = now_us;
        tell(h);
    }
}

static void wait_for_news(host *h, uint64_t wait_us) {
    struct pollfd news[2] = {
        {h->is_over ? -1 : STDIN_FILENO, POLLIN, 0},
        {host_broker_socket(&h->broker), POLLIN, 0},
    };
    (void)poll(news, 2, (int)(wait_us / MS_US));
    if ((news[0].revents & (POLLIN | POLLHUP)) != 0) {
        read_input(h);
    }
}

static void live(host *h) {
    while (!h->is_over || h->device.courier.outbox.owed > 0U) {
        wait_for_news(h, ecg_device_step(&h->device));
        host_broker_turn(&h->broker);
        keep_time(h);
    }
    host_broker_stop(&h->broker);
    tell(h);
}

static int run(host *h, const ecg_config *config, const options *wanted) {
    if (host_account_load(&h->world, config->settings.device_id, &h->account) != ECG_OK) {
        return FAILED;
    }
    if (wanted->host != NULL) {
        (void)snprintf(h->account.host, sizeof h->account.host, "%s", wanted->host);
        h->account.port = wanted->port;
    }
    h->world.utc_offset_us = -(int64_t)wanted->ago_s * 1000000;
    h->ports.wifi_start = wifi_start;
    h->ports.mqtt_start = mqtt_start;
    h->ports.mqtt_stop = mqtt_stop;
    h->ports.mqtt_publish = mqtt_publish;
    (void)mosquitto_lib_init();
    host_broker_begin(&h->broker, &h->account, &h->device);
    ecg_error error = ecg_device_begin(&h->device, &h->ports, &config->settings);
    if (error != ECG_OK) {
        (void)fprintf(stderr, "%s: the device cannot begin (error %d)\n", wanted->folder,
                      (int)error);
        return FAILED;
    }
    live(h);
    return DONE;
}

static int read_config(const char *path, ecg_config *config) {
    char text[CONFIG_ROOM];
    const char *field = "";
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        perror(path);
        return 0;
    }
    size_t size = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    if (size == sizeof text || ecg_config_read(text, size, config, &field) != ECG_OK) {
        (void)fprintf(stderr, "%s: %s%s\n", path, field[0] == '\0' ? "not a JSON object" : field,
                      field[0] == '\0' ? "" : " is missing or wrong");
        return 0;
    }
    return 1;
}

static int read_option(options *wanted, char **words, int left) {
    int value = left > 1 ? atoi(words[1]) : 0;
    if (left > 1 && strcmp(words[0], "--ca") == 0) {
        wanted->ca_file = words[1];
    } else if (left > 1 && strcmp(words[0], "--ask-every") == 0 && value > 0) {
        wanted->ask_every_s = (unsigned)value;
    } else if (left > 1 && strcmp(words[0], "--flash") == 0 && value > 0) {
        wanted->flash_bytes = (unsigned)value;
    } else if (left > 1 && strcmp(words[0], "--ago") == 0) {
        wanted->ago_s = value;
    } else if (left > 2 && strcmp(words[0], "--broker") == 0) {
        wanted->host = words[1];
        wanted->port = atoi(words[2]);
        return 3;
    } else {
        return 0;
    }
    return 2;
}

static int read_options(options *wanted, int count, char **words) {
    *wanted = (options){.flash_bytes = FLASH_BYTES, .ask_every_s = 10};
    if (count < 4 || (strcmp(words[1], "enrol") != 0 && strcmp(words[1], "run") != 0)) {
        return 0;
    }
    wanted->command = words[1];
    wanted->folder = words[2];
    wanted->config = words[3];
    for (int i = 4; i < count;) {
        int taken = read_option(wanted, words + i, count - i);
        if (taken == 0) {
            return 0;
        }
        i += taken;
    }
    return 1;
}

int main(int count, char **words) {
    static host h;
    static ecg_config config;
    options wanted;
    if (!read_options(&wanted, count, words)) {
        (void)fprintf(stderr, "usage: %s enrol|run FOLDER CONFIG [options]\n", words[0]);
        return MISUSED;
    }
    if (!read_config(wanted.config, &config)) {
        return MISUSED;
    }
    if (psa_crypto_init() != PSA_SUCCESS ||
        host_world_open(&h.world, wanted.folder, wanted.flash_bytes) != ECG_OK) {
        return FAILED;
    }
    host_world_ports(&h.world, wanted.flash_bytes, &h.ports);
    if (strcmp(wanted.command, "run") == 0) {
        return run(&h, &config, &wanted);
    }
    return host_enrol(&h.world, &h.ports, &config, wanted.ca_file, wanted.ask_every_s) == ECG_OK
               ? DONE
               : FAILED;
}
