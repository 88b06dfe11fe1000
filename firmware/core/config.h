/* What a technician writes into a device before it is first used: one JSON document
 * (docs/configuration.md has its table). */
#ifndef ECG_CONFIG_H
#define ECG_CONFIG_H

#include "device.h"

#define ECG_URL_ROOM 256U
#define ECG_TOKEN_ROOM 2048U

typedef struct {
    ecg_settings settings; /* as ecg_device_begin takes them */
    char service_url[ECG_URL_ROOM];
    char claim_token[ECG_TOKEN_ROOM];
} ecg_config;

/* ECG_MALFORMED, and the name of the member that is missing or wrong in ``field`` ("" where the text
 * is no JSON object). ``config`` is then not to be used. */
ecg_error ecg_config_read(const char *text, size_t size, ecg_config *config, const char **field);

#endif
