/* The configuration: whatever bytes, it is refused or can be begun with. */
#include "../core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static ecg_config config;
    const char *field = NULL;
    ecg_decimator decimator;
    ecg_frontend frontend;
    uint16_t nv_per_lsb = 0;
    ecg_error error = ecg_config_read((const char *)data, size, &config, &field);
    if (field == NULL) {
        __builtin_trap();
    }
    if (error == ECG_OK &&
        (ecg_decimator_begin(&decimator, config.settings.decimation) != ECG_OK ||
         ecg_frontend_begin(&frontend, &config.settings.frontend, &nv_per_lsb) != ECG_OK)) {
        __builtin_trap();
    }
    return 0;
}
