/* What the core needs of the world: one struct of functions, injected once.
 *
 * Every function gets ``self`` first. None may block for longer than its comment says. */
#ifndef ECG_PORTS_H
#define ECG_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include "errors.h"

typedef struct ecg_ports {
    void *self;
    /* Microseconds since an arbitrary start; never goes back while powered. */
    uint64_t (*monotonic_us)(void *self);
    /* UTC microseconds since 1970-01-01 by the network's clock, 0 where it is not known. */
    uint64_t (*utc_us)(void *self);
    /* Random bytes fit for keys. ECG_RANDOM where there are none (yet). */
    ecg_error (*random)(void *self, uint8_t *out, size_t size);

    /* Settings that survive power loss; a write is whole or has not happened. Keys up to 15
     * characters. nvs_read gives the size stored; ECG_EMPTY where there is none. */
    ecg_error (*nvs_read)(void *self, const char *key, void *out, size_t room, size_t *size);
    ecg_error (*nvs_write)(void *self, const char *key, const void *data, size_t size);

    /* The outbox's flash: NOR. Erased bytes are 0xFF, a write only clears bits, an erase takes a
     * whole sector. Power may be lost within any of them. Offsets are relative to the partition. */
    uint32_t flash_size;
    uint32_t flash_sector;
    ecg_error (*flash_read)(void *self, uint32_t at, void *out, size_t size);
    ecg_error (*flash_write)(void *self, uint32_t at, const void *data, size_t size);
    ecg_error (*flash_erase)(void *self, uint32_t at);

    /* The link. Both are started only and answered by ecg_device_on_* calls. */
    ecg_error (*wifi_start)(void *self);
    ecg_error (*mqtt_start)(void *self);
    void (*mqtt_stop)(void *self);
    /* Hand a message to the client's own queue, QoS 1; ECG_FULL where it has no room. */
    ecg_error (*mqtt_publish)(void *self, const char *topic, const uint8_t *data, size_t size);

    /* One step of the indicator: 0 off, 1 on. */
    void (*led)(void *self, int on);
} ecg_ports;

#endif
