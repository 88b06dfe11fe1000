/* STAND-IN, to be deleted: what core/device.h and core/claim.h are agreed to declare, until they are
 * there. layer.h then includes those in its place. */
#ifndef DEVICE_CONTRACT_H
#define DEVICE_CONTRACT_H

#include "chunk.h"
#include "enrol.h"
#include "frontend.h"
#include "ports.h"

typedef struct {
    int opaque;
} ecg_device;

typedef struct {
    uint8_t device_id[ECG_ID_BYTES];
    uint8_t service_point[ECG_POINT_BYTES];
    ecg_frontend_form frontend;
    uint16_t rate_centihz;
    uint16_t decimation;
    uint16_t always;
} ecg_settings;

ecg_error ecg_device_begin(ecg_device *device, const ecg_ports *ports, const ecg_settings *settings);
void ecg_device_on_code(ecg_device *device, uint16_t code, int lead_off_plus, int lead_off_minus);
void ecg_device_on_overflow(ecg_device *device, uint64_t codes);
void ecg_device_on_time(ecg_device *device, uint64_t utc_us);
void ecg_device_on_wifi(ecg_device *device, int is_up);
void ecg_device_on_mqtt(ecg_device *device, int is_up);
void ecg_device_on_message(ecg_device *device, const char *topic, const uint8_t *data, size_t size);
void ecg_device_on_button(ecg_device *device, int is_down);
void ecg_device_stop(ecg_device *device);
uint64_t ecg_device_step(ecg_device *device);

typedef enum { ECG_CLAIM_PENDING, ECG_CLAIM_APPROVED } ecg_claim_state;

typedef struct {
    ecg_claim_state state;
    char code[16];             /* while it is pending */
    char password[128];        /* once it is approved */
    char certificate_pem[2048];
    uint64_t expires_us;       /* the certificate's end, UTC */
} ecg_claim_answer;

/* The body of POST /enrolment, JSON, for the newest key; the request is PKCS#10 in DER. ECG_FULL. */
ecg_error ecg_device_claim(ecg_device *device, const uint8_t *csr, size_t csr_size, char *out,
                           size_t room, size_t *size);

/* Its answer: ECG_OK once key_confirmation was checked (201 and 202), else why not. */
ecg_error ecg_device_claimed(ecg_device *device, int http_status, const char *body, size_t size,
                             ecg_claim_answer *answer);

#endif
