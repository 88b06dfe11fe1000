/* Enrolment over HTTPS by libcurl, and the pair of keys for TLS. */
#ifndef ECG_HOST_ENROL_H
#define ECG_HOST_ENROL_H

#include "broker.h"
#include "world.h"

#include "../core/config.h"

/* Enrol until the service lets the device in, asking every ``ask_every_s`` seconds while an operator has
 * to approve it: each code is told on stdout. What the service gave is in the folder then. */
ecg_error host_enrol(const host_world *world, const ecg_ports *ports, const ecg_config *config,
                     const char *ca_file, unsigned ask_every_s);

/* What an enrolment left in the folder. ECG_NO_KEY where there was none. */
ecg_error host_account_load(const host_world *world, const uint8_t device_id[ECG_ID_BYTES],
                            host_account *account);

#endif
