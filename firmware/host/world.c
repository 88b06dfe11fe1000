#define _DEFAULT_SOURCE
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ERASED 0xFF

static uint64_t read_clock_us(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return ((uint64_t)now.tv_sec * 1000000U) + ((uint64_t)now.tv_nsec / 1000U);
}

static uint64_t monotonic_us(void *self) {
    const host_world *world = self;
    return read_clock_us(CLOCK_MONOTONIC) + world->ahead_us;
}

uint64_t host_world_utc_us(const host_world *world) {
    return (uint64_t)((int64_t)(read_clock_us(CLOCK_REALTIME) + world->ahead_us) +
                      world->utc_offset_us);
}

static uint64_t utc_us(void *self) {
    return host_world_utc_us(self);
}

static ecg_error random_bytes(void *self, uint8_t *out, size_t size) {
    (void)self;
    return getrandom(out, size, 0) == (ssize_t)size ? ECG_OK : ECG_RANDOM;
}

void host_world_path(const host_world *world, const char *name, char out[HOST_PATH_ROOM]) {
    if (snprintf(out, HOST_PATH_ROOM, "%s/%s", world->folder, name) >= (int)HOST_PATH_ROOM) {
        out[0] = '\0'; /* no such file: opening it fails */
    }
}

static ecg_error nvs_read(void *self, const char *key, void *out, size_t room, size_t *size) {
    char path[HOST_PATH_ROOM];
    host_world_path(self, key, path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT ? ECG_EMPTY : ECG_NVS;
    }
    struct stat about;
    ecg_error error = fstat(file, &about) == 0 && (size_t)about.st_size <= room ? ECG_OK : ECG_NVS;
    ssize_t got = error == ECG_OK ? read(file, out, room) : -1;
    (void)close(file);
    *size = got < 0 ? 0U : (size_t)got;
    return got < 0 ? ECG_NVS : ECG_OK;
}

static int write_whole(int file, const void *data, size_t size) {
    return (size == 0U || write(file, data, size) == (ssize_t)size) && fsync(file) == 0;
}

/* A rename is whole or has not happened. */
static ecg_error nvs_write(void *self, const char *key, const void *data, size_t size) {
    char path[HOST_PATH_ROOM];
    char fresh[HOST_PATH_ROOM];
    host_world_path(self, key, path);
    host_world_path(self, ".fresh", fresh);
    int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return ECG_NVS;
    }
    int is_written = write_whole(file, data, size);
    (void)close(file);
    return is_written && rename(fresh, path) == 0 ? ECG_OK : ECG_NVS;
}

static ecg_error flash_read(void *self, uint32_t at, void *out, size_t size) {
    const host_world *world = self;
    return pread(world->flash, out, size, (off_t)at) == (ssize_t)size ? ECG_OK : ECG_FLASH;
}

/* NOR: a write only clears bits. */
static ecg_error flash_write(void *self, uint32_t at, const void *data, size_t size) {
    const host_world *world = self;
    const uint8_t *bytes = data;
    uint8_t now[HOST_SECTOR];
    if (size > sizeof now || flash_read(self, at, now, size) != ECG_OK) {
        return ECG_FLASH;
    }
    for (size_t i = 0; i < size; i++) {
        now[i] &= bytes[i];
    }
    return pwrite(world->flash, now, size, (off_t)at) == (ssize_t)size ? ECG_OK : ECG_FLASH;
}

static ecg_error flash_erase(void *self, uint32_t at) {
    const host_world *world = self;
    uint8_t sector[HOST_SECTOR];
    memset(sector, ERASED, sizeof sector);
    return pwrite(world->flash, sector, sizeof sector, (off_t)at) == (ssize_t)sizeof sector
               ? ECG_OK
               : ECG_FLASH;
}

static void led(void *self, int on) {
    host_world *world = self;
    world->led = on;
}

void host_world_ports(host_world *world, uint32_t flash_size, ecg_ports *ports) {
    memset(ports, 0, sizeof *ports);
    ports->self = world;
    ports->monotonic_us = monotonic_us;
    ports->utc_us = utc_us;
    ports->random = random_bytes;
    ports->nvs_read = nvs_read;
    ports->nvs_write = nvs_write;
    ports->flash_size = flash_size;
    ports->flash_sector = HOST_SECTOR;
    ports->flash_read = flash_read;
    ports->flash_write = flash_write;
    ports->flash_erase = flash_erase;
    ports->led = led;
}

static ecg_error open_flash(host_world *world, uint32_t flash_size) {
    char path[HOST_PATH_ROOM];
    struct stat about;
    host_world_path(world, "outbox", path);
    world->flash = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (world->flash < 0 || fstat(world->flash, &about) != 0) {
        perror(path);
        return ECG_FLASH;
    }
    if (flock(world->flash, LOCK_EX | LOCK_NB) != 0) {
        (void)fprintf(stderr, "%s: the device is already running\n", path);
        return ECG_AGAIN;
    }
    if ((uint64_t)about.st_size > flash_size) {
        (void)fprintf(stderr, "%s: larger than %u bytes\n", path, (unsigned)flash_size);
        return ECG_BAD_ARGUMENT;
    }
    /* New, or killed while it was being made: what is missing is erased flash. */
    uint32_t made = ((uint32_t)about.st_size / HOST_SECTOR) * HOST_SECTOR;
    for (uint32_t at = made; at < flash_size; at += HOST_SECTOR) {
        if (flash_erase(world, at) != ECG_OK) {
            perror(path);
            return ECG_FLASH;
        }
    }
    return ECG_OK;
}

ecg_error host_world_open(host_world *world, const char *folder, uint32_t flash_size) {
    memset(world, 0, sizeof *world);
    if (snprintf(world->folder, sizeof world->folder, "%s", folder) >= (int)sizeof world->folder) {
        return ECG_BAD_ARGUMENT;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        perror(folder);
        return ECG_FLASH;
    }
    return open_flash(world, flash_size);
}
