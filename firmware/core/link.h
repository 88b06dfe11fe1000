/* Wi-Fi and MQTT, lost and found again: a pure state machine with exponential backoff.
 *
 * Full jitter (a wait anywhere between nothing and the interval): a hundred devices that lost one
 * access point do not come back in one moment. */
#ifndef ECG_LINK_H
#define ECG_LINK_H

#include <stdint.h>

#define ECG_LINK_FIRST_US UINT64_C(1000000)
#define ECG_LINK_MAX_US UINT64_C(60000000)
#define ECG_LINK_SILENCE_US UINT64_C(20000000) /* an attempt that hears nothing has failed */
#define ECG_LINK_STEADY_US UINT64_C(60000000)  /* up for so long: the next loss begins anew */

typedef enum {
    ECG_LINK_NONE = 0,
    ECG_LINK_START_WIFI,
    ECG_LINK_START_MQTT,
    ECG_LINK_STOP_MQTT
} ecg_link_action;

typedef enum { ECG_LINK_DOWN = 0, ECG_LINK_TRYING, ECG_LINK_UP } ecg_link_phase;

/* One of the two layers. */
typedef struct {
    ecg_link_phase phase;
    uint64_t due_us;      /* DOWN: the next attempt; TRYING: when it has failed */
    uint64_t since_us;    /* UP: since when */
    uint64_t interval_us; /* before the next attempt but one, at most */
} ecg_link_layer;

typedef struct {
    ecg_link_layer wifi;
    ecg_link_layer mqtt;
    uint32_t chance;
    int must_stop; /* an MQTT client is left over from a connection that is gone */
} ecg_link;

void ecg_link_begin(ecg_link *link, uint32_t seed);
void ecg_link_on_wifi(ecg_link *link, int is_up, uint64_t now_us);
void ecg_link_on_mqtt(ecg_link *link, int is_up, uint64_t now_us);

/* What is to be done now: one thing at a time, ECG_LINK_NONE when that is all. */
ecg_link_action ecg_link_step(ecg_link *link, uint64_t now_us);

/* When the next attempt is due or the present one has failed; UINT64_MAX where nothing is. */
uint64_t ecg_link_due_us(const ecg_link *link);

#endif
