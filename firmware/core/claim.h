/* Enrolment as HTTP carries it: the body of POST /enrolment, and what the service answers
 * (PROTOCOL.md, section 5). The layer below speaks HTTPS; nothing here does. */
#ifndef ECG_CLAIM_H
#define ECG_CLAIM_H

#include "enrol.h"

#define ECG_HOST_ROOM 254U
#define ECG_PASSWORD_ROOM 129U
#define ECG_CODE_ROOM 17U
#define ECG_PEM_ROOM 3072U
#define ECG_CSR_MAX 1024U
#define ECG_CLAIM_ROOM 2048U

/* The answer of GET /enrolment/key. */
typedef struct {
    uint8_t service_point[ECG_POINT_BYTES];
    char host[ECG_HOST_ROOM];
    uint16_t port;
    int tls;
    char ca_pem[ECG_PEM_ROOM]; /* "" where the public authorities serve */
} ecg_service;

/* The answer of POST /enrolment: 202 tells the code, 201 the rest. */
typedef struct {
    int is_pending;
    char code[ECG_CODE_ROOM];
    uint8_t key_confirmation[ECG_CONFIRMATION_BYTES];
    char mqtt_password[ECG_PASSWORD_ROOM];
    char certificate_pem[ECG_PEM_ROOM]; /* "" where no request for one was sent */
    uint64_t expires_us;                /* the certificate's end, UTC; 0 where there is none */
} ecg_claim_answer;

/* Write the body with a zero at its end; ``csr`` is a PKCS#10 request in DER, ``csr_size`` 0 where there
 * is none. ECG_FULL, or ECG_BAD_ARGUMENT for a request of more than ECG_CSR_MAX bytes. */
ecg_error ecg_claim_write(const uint8_t device_id[ECG_ID_BYTES], uint32_t key_epoch,
                          const uint8_t sealed_key[ECG_SEALED_KEY_BYTES], const uint8_t *csr,
                          size_t csr_size, char *out, size_t room);

/* ECG_MALFORMED for what no service answers; the structure is then not to be used. */
ecg_error ecg_claim_read_service(const char *text, size_t size, ecg_service *service);
ecg_error ecg_claim_read_answer(const char *text, size_t size, ecg_claim_answer *answer);

#endif
