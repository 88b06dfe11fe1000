/* When Wi-Fi and MQTT are tried: pure timing, for whoever starts them and hears how it went.
 *
 * Intervals double from 1 to 60 s and each wait is drawn evenly from nothing to its interval, so that
 * devices that lost the same access point do not come back all at once. */
#ifndef ECG_LINK_H
#define ECG_LINK_H

#include <stdint.h>

#define ECG_LINK_FIRST_US UINT64_C(1000000)
#define ECG_LINK_MAX_US UINT64_C(60000000)
#define ECG_LINK_SILENT_US UINT64_C(20000000) /* an attempt that hears nothing has failed then */
#define ECG_LINK_STEADY_US UINT64_C(60000000) /* up for so long: back to the first interval */

typedef enum {
    ECG_LINK_NONE = 0,
    ECG_LINK_START_WIFI,
    ECG_LINK_START_MQTT,
    ECG_LINK_STOP_MQTT
} ecg_link_action;

typedef enum {
    ECG_LINK_WAITING = 0, /* for the moment of the next attempt */
    ECG_LINK_TRYING,
    ECG_LINK_UP
} ecg_link_phase;

typedef struct {
    ecg_link_phase phase;
    uint64_t at_us;       /* the next attempt's, the end of this one's patience, or when it came up */
    uint64_t interval_us; /* that the next wait is drawn from */
} ecg_link_end;

typedef struct {
    ecg_link_end wifi;
    ecg_link_end mqtt;
    uint32_t random;
    int mqtt_to_stop; /* a client was started and has to go before anything else */
} ecg_link;

/* The first attempt is due at once. ``seed`` has to differ between devices; 0 is as good as any. */
void ecg_link_begin(ecg_link *link, uint32_t seed);

/* Wi-Fi got its address, or has lost it (or the attempt failed); MQTT is connected, or is not. */
void ecg_link_on_wifi(ecg_link *link, int is_up, uint64_t now_us);
void ecg_link_on_mqtt(ecg_link *link, int is_up, uint64_t now_us);

/* What is to be done now. To be called until it says ECG_LINK_NONE. */
ecg_link_action ecg_link_step(ecg_link *link, uint64_t now_us);

/* When ecg_link_step wants to be called again, UINT64_MAX where only an event can change anything. */
uint64_t ecg_link_due_us(const ecg_link *link);

#endif
