/* Settings that survive power loss: NVS, encrypted where sdkconfig says so (the release profile). */
#include "layer.h"

#include "nvs_flash.h"

#define NAMESPACE "ecg"

/* Nothing is erased here, whatever nvs_flash_init says: K_dev is in it, and chunks that are owed can
 * be acknowledged under that key alone. A newer firmware's format is a reason to roll back. */
ecg_error nvs_begin(layer *self) {
    esp_err_t error = nvs_flash_init();
    if (error != ESP_OK || nvs_open(NAMESPACE, NVS_READWRITE, &self->nvs) != ESP_OK) {
        return ECG_NVS;
    }
    return ECG_OK;
}

ecg_error port_nvs_read(void *self, const char *key, void *out, size_t room, size_t *size) {
    const layer *owner = self;
    *size = room;
    esp_err_t error = nvs_get_blob(owner->nvs, key, out, size);
    if (error == ESP_ERR_NVS_NOT_FOUND) {
        *size = 0;
        return ECG_EMPTY;
    }
    return error == ESP_OK ? ECG_OK : ECG_NVS;
}

ecg_error port_nvs_write(void *self, const char *key, const void *data, size_t size) {
    const layer *owner = self;
    if (nvs_set_blob(owner->nvs, key, data, size) != ESP_OK || nvs_commit(owner->nvs) != ESP_OK) {
        return ECG_NVS;
    }
    return ECG_OK;
}
