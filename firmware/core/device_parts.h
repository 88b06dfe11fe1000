/* What the three parts of the device share: its life (device.c), its signal (device_signal.c) and what
 * it says and is told (device_talk.c). Nobody else includes this. */
#ifndef ECG_DEVICE_PARTS_H
#define ECG_DEVICE_PARTS_H

#include "device.h"

#define ECG_ROTATE_FIRST_US UINT64_C(2000000)

static inline uint64_t ecg_device_now_us(const ecg_device *device) {
    return device->ports->monotonic_us(device->ports->self);
}

/* Begin a session under the newest key; the session before goes on where this one cannot begin. */
ecg_error ecg_device_begin_session(ecg_device *device);

/* Begin one once a new key is confirmed and the session before can end. */
void ecg_device_renew_session(ecg_device *device, uint64_t now_us);

/* Ask the service for the pending key to be taken, when it is due. */
void ecg_device_rotate(ecg_device *device, uint64_t now_us);

#endif
