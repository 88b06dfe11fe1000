/* The core's ports on a POSIX machine: files for settings and flash, the system's clock. */
#ifndef ECG_HOST_WORLD_H
#define ECG_HOST_WORLD_H

#include "../core/ports.h"

#define HOST_PATH_ROOM 1024U
#define HOST_SECTOR 4096U

typedef struct {
    char folder[HOST_PATH_ROOM];
    int flash;
    uint64_t ahead_us; /* simulated time that has passed beyond the system's */
    int64_t utc_offset_us;
    int led;
} host_world;

/* Open the device's memory in a folder, made where it is missing; ``flash_size`` bytes of outbox,
 * erased where it is new. ECG_FLASH or ECG_BAD_ARGUMENT, told on stderr. */
ecg_error host_world_open(host_world *world, const char *folder, uint32_t flash_size);

/* Fill in everything but the network's functions. */
void host_world_ports(host_world *world, uint32_t flash_size, ecg_ports *ports);

/* The path of a file in the device's folder. */
void host_world_path(const host_world *world, const char *name, char out[HOST_PATH_ROOM]);

/* UTC in microseconds by the system's clock, moved as the simulation wants it. */
uint64_t host_world_utc_us(const host_world *world);

#endif
