/* The outbox's partition. It must not carry the "encrypted" flag: flash encryption writes 16 bytes as
 * one, and the outbox clears single bits. What lies there is sealed already. */
#include "layer.h"

#define LABEL "outbox"

ecg_error flash_begin(layer *self) {
    self->outbox =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, LABEL);
    if (self->outbox == NULL || self->outbox->encrypted || self->outbox->readonly) {
        return ECG_FLASH;
    }
    return ECG_OK;
}

ecg_error port_flash_read(void *self, uint32_t at, void *out, size_t size) {
    const layer *owner = self;
    return esp_partition_read(owner->outbox, at, out, size) == ESP_OK ? ECG_OK : ECG_FLASH;
}

ecg_error port_flash_write(void *self, uint32_t at, const void *data, size_t size) {
    const layer *owner = self;
    return esp_partition_write(owner->outbox, at, data, size) == ESP_OK ? ECG_OK : ECG_FLASH;
}

ecg_error port_flash_erase(void *self, uint32_t at) {
    const layer *owner = self;
    esp_err_t error = esp_partition_erase_range(owner->outbox, at, owner->outbox->erase_size);
    return error == ESP_OK ? ECG_OK : ECG_FLASH;
}
