/* Both answers of enrolment: whatever bytes, no more than an error. */
#include "../core/claim.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static ecg_service service;
    static ecg_claim_answer answer;
    const char *text = (const char *)data;
    if (ecg_claim_read_service(text, size, &service) == ECG_OK &&
        (service.port == 0U || service.host[0] == '\0' ||
         strlen(service.ca_pem) >= sizeof service.ca_pem)) {
        __builtin_trap();
    }
    if (ecg_claim_read_answer(text, size, &answer) == ECG_OK &&
        (answer.is_pending ? answer.code[0] == '\0' : answer.mqtt_password[0] == '\0')) {
        __builtin_trap();
    }
    return 0;
}
