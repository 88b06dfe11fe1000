/* The network's ports: one MQTT 5 client over TLS at a time, by libmosquitto. */
#ifndef ECG_HOST_BROKER_H
#define ECG_HOST_BROKER_H

#include "../core/device.h"

#include <mosquitto.h>

typedef struct {
    char host[256];
    int port;
    char ca_file[1024]; /* "": the authorities of this machine */
    char username[64];
    char password[ECG_PASSWORD_ROOM];
    char certificate_file[1024]; /* "" where there is none */
    char key_file[1024];
} host_account;

typedef struct {
    const host_account *account;
    ecg_device *device;
    struct mosquitto *client;
    int is_reachable; /* the simulated network's state */
    int is_doomed;    /* the client has ended and waits to be thrown away */
    unsigned queued;
} host_broker;

void host_broker_begin(host_broker *broker, const host_account *account, ecg_device *device);

/* The simulated network comes or goes; gone, nothing is told to the broker, as with a real one. */
void host_broker_reach(host_broker *broker, int is_reachable);

ecg_error host_broker_start(host_broker *broker);
void host_broker_stop(host_broker *broker);
ecg_error host_broker_publish(host_broker *broker, const char *topic, const uint8_t *data,
                              size_t size);

/* The socket to wait for, -1 where there is none. */
int host_broker_socket(const host_broker *broker);

/* Read and write what can be; tells the device what has happened. */
void host_broker_turn(host_broker *broker);

#endif
