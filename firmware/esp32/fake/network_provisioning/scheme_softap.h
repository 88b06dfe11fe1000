/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_NETWORK_PROVISIONING_SCHEME_SOFTAP_H
#define FAKE_NETWORK_PROVISIONING_SCHEME_SOFTAP_H

#include "network_provisioning/manager.h"
extern const network_prov_scheme_t network_prov_scheme_softap;

#endif
