/* The device: converter to chunk, outbox to service, and what keeps both going.
 *
 * One task owns it and calls it; callbacks of drivers hand their events to that task. Nothing here
 * blocks for longer than a port does. */
#ifndef ECG_DEVICE_H
#define ECG_DEVICE_H

#include "claim.h"
#include "clock.h"
#include "courier.h"
#include "decimate.h"
#include "framer.h"
#include "frontend.h"
#include "indicator.h"
#include "keys.h"
#include "link.h"
#include "topic.h"

typedef struct {
    uint8_t device_id[ECG_ID_BYTES];
    uint8_t service_point[ECG_POINT_BYTES]; /* pinned: keys are sealed to it */
    ecg_frontend_form frontend;
    uint16_t rate_centihz; /* of the samples, after decimation */
    uint16_t decimation;   /* converter's samples to one: see decimate.h */
    uint16_t always;       /* flags of every chunk, as ECG_TEST_SIGNAL */
} ecg_settings;

typedef struct {
    uint64_t sealed;          /* chunks since the boot */
    uint64_t dropped_samples; /* measured while the outbox was full */
    uint64_t forged;          /* messages whose code was wrong */
    ecg_error fault;          /* what last stopped recording; ECG_OK while it goes on */
} ecg_tally;

typedef struct {
    const ecg_ports *ports;
    ecg_settings settings;
    ecg_topics topics;
    ecg_keys keys;
    ecg_session session;
    ecg_session past; /* another session whose chunks are being acknowledged */
    ecg_frontend frontend;
    ecg_decimator decimator;
    ecg_framer framer;
    ecg_courier courier;
    ecg_clock clock;
    ecg_link link;
    ecg_tally tally;
    uint16_t nv_per_lsb;
    uint64_t anchor_us; /* counter's time of sample number anchor_index */
    uint64_t anchor_index;
    uint64_t samples;   /* after decimation, since the boot, lost ones counted */
    uint64_t codes;   /* conversions since the sample before */
    uint64_t carried; /* conversions lost that make no whole sample */
    uint64_t rotate_at_us;
    uint64_t rotate_wait_us;
    uint64_t renew_at_us; /* not before then a new session under a new key */
    int is_anchored;
    int is_online;
} ecg_device;

/* Boot: find the outbox's chunks and the keys (a new device makes its first), begin a session. Any
 * port's error, and ECG_BAD_ARGUMENT for settings that cannot be: nothing is recorded then. */
ecg_error ecg_device_begin(ecg_device *device, const ecg_ports *ports,
                           const ecg_settings *settings);

/* One conversion, in order; leads-off as the amplifier's two outputs say at that moment. */
void ecg_device_on_code(ecg_device *device, uint16_t code, int lead_off_plus, int lead_off_minus);

/* The converter's driver lost that many conversions. */
void ecg_device_on_overflow(ecg_device *device, uint64_t codes);

/* Network time is known or has been had again. */
void ecg_device_on_time(ecg_device *device, uint64_t utc_us);

void ecg_device_on_wifi(ecg_device *device, int is_up);
void ecg_device_on_mqtt(ecg_device *device, int is_up);
void ecg_device_on_message(ecg_device *device, const char *topic, const uint8_t *data,
                           size_t size);

/* The body of POST /enrolment for the newest key: see ecg_claim_write. Made while random bytes are
 * random, for the key is sealed with some: see ecg_session_begin. */
ecg_error ecg_device_claim(const ecg_device *device, const uint8_t *csr, size_t csr_size, char *out,
                           size_t room);

/* The service's answer, 201 or 202. ECG_OK once it has proven that it has the key: ECG_FORGED where it
 * has not, ECG_MALFORMED for another answer. */
ecg_error ecg_device_claimed(const ecg_device *device, const char *body, size_t size,
                             ecg_claim_answer *answer);

/* The open chunk goes into the outbox: before a planned restart. */
void ecg_device_stop(ecg_device *device);

/* Do what is due. Microseconds until it wants to be called again at the latest. */
uint64_t ecg_device_step(ecg_device *device);

#endif
