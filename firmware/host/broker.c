#include "broker.h"

#include <stdio.h>
#include <string.h>

#define KEEP_ALIVE_S 30
#define QUEUE_MOST 64U
#define AUTHORITIES "/etc/ssl/certs"
#define SUBSCRIPTIONS 2

void host_broker_begin(host_broker *broker, const host_account *account, ecg_device *device) {
    memset(broker, 0, sizeof *broker);
    broker->account = account;
    broker->device = device;
    broker->is_reachable = 1;
}

static void on_connect(struct mosquitto *client, void *self, int reason, int flags,
                       const mosquitto_property *properties) {
    host_broker *broker = self;
    (void)flags;
    (void)properties;
    if (reason != 0) {
        (void)fprintf(stderr, "connect: refused, reason 0x%02x\n", (unsigned)reason);
        broker->is_doomed = 1;
        return;
    }
    char *topics[SUBSCRIPTIONS] = {broker->device->topics.ack, broker->device->topics.command};
    (void)mosquitto_subscribe_multiple(client, NULL, SUBSCRIPTIONS, topics, 0, 0, NULL);
}

/* Only now: an acknowledgement must find its subscription. */
static void on_subscribe(struct mosquitto *client, void *self, int id, int count,
                         const int *granted, const mosquitto_property *properties) {
    const host_broker *broker = self;
    (void)client, (void)id, (void)count, (void)granted, (void)properties;
    ecg_device_on_mqtt(broker->device, 1);
}

static void on_disconnect(struct mosquitto *client, void *self, int reason,
                          const mosquitto_property *properties) {
    host_broker *broker = self;
    (void)client, (void)properties;
    if (reason != 0) {
        (void)fprintf(stderr, "disconnect: reason 0x%02x\n", (unsigned)reason);
    }
    broker->is_doomed = 1;
}

static void on_publish(struct mosquitto *client, void *self, int id, int reason,
                       const mosquitto_property *properties) {
    host_broker *broker = self;
    (void)client, (void)id, (void)properties;
    broker->queued -= broker->queued > 0U ? 1U : 0U;
    if (reason >= 0x80) {
        (void)fprintf(stderr, "publish: refused, reason 0x%02x\n", (unsigned)reason);
    }
}

static void on_message(struct mosquitto *client, void *self,
                       const struct mosquitto_message *message,
                       const mosquitto_property *properties) {
    const host_broker *broker = self;
    (void)client, (void)properties;
    if (message->payloadlen > 0) {
        ecg_device_on_message(broker->device, message->topic, message->payload,
                              (size_t)message->payloadlen);
    }
}

static int prepare(struct mosquitto *client, const host_account *account) {
    int is_mutual = account->certificate_file[0] != '\0';
    int rc = mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    if (rc == MOSQ_ERR_SUCCESS && account->password[0] != '\0') {
        rc = mosquitto_username_pw_set(client, account->username, account->password);
    }
    if (rc == MOSQ_ERR_SUCCESS) {
        rc = mosquitto_tls_set(client, account->ca_file[0] != '\0' ? account->ca_file : NULL,
                               account->ca_file[0] != '\0' ? NULL : AUTHORITIES,
                               is_mutual ? account->certificate_file : NULL,
                               is_mutual ? account->key_file : NULL, NULL);
    }
    if (rc == MOSQ_ERR_SUCCESS) {
        rc = mosquitto_max_inflight_messages_set(client, QUEUE_MOST);
    }
    mosquitto_connect_v5_callback_set(client, on_connect);
    mosquitto_subscribe_v5_callback_set(client, on_subscribe);
    mosquitto_disconnect_v5_callback_set(client, on_disconnect);
    mosquitto_publish_v5_callback_set(client, on_publish);
    mosquitto_message_v5_callback_set(client, on_message);
    return rc;
}

/* The client alone, without telling the device: it knows, or is told by the caller. */
static void throw_away(host_broker *broker) {
    if (broker->client != NULL) {
        mosquitto_destroy(broker->client);
    }
    broker->client = NULL;
    broker->queued = 0;
    broker->is_doomed = 0;
}

ecg_error host_broker_start(host_broker *broker) {
    const host_account *account = broker->account;
    throw_away(broker);
    if (!broker->is_reachable) {
        return ECG_NETWORK;
    }
    broker->client = mosquitto_new(account->username, true, broker);
    int rc = broker->client == NULL ? MOSQ_ERR_NOMEM : prepare(broker->client, account);
    if (rc == MOSQ_ERR_SUCCESS) {
        rc = mosquitto_connect_bind_v5(broker->client, account->host, account->port, KEEP_ALIVE_S,
                                       NULL, NULL);
    }
    if (rc != MOSQ_ERR_SUCCESS) {
        (void)fprintf(stderr, "connect: %s\n", mosquitto_strerror(rc));
        broker->is_doomed = 1;
    }
    return rc == MOSQ_ERR_SUCCESS ? ECG_OK : ECG_NETWORK;
}

void host_broker_stop(host_broker *broker) {
    if (broker->client != NULL) {
        (void)mosquitto_disconnect(broker->client);
    }
    throw_away(broker);
}

void host_broker_reach(host_broker *broker, int is_reachable) {
    broker->is_reachable = is_reachable;
    if (!is_reachable) {
        throw_away(broker);
        ecg_device_on_mqtt(broker->device, 0);
    }
    ecg_device_on_wifi(broker->device, is_reachable);
}

ecg_error host_broker_publish(host_broker *broker, const char *topic, const uint8_t *data,
                              size_t size) {
    if (broker->client == NULL) {
        return ECG_NETWORK;
    }
    if (broker->queued >= QUEUE_MOST) {
        return ECG_FULL;
    }
    int rc = mosquitto_publish_v5(broker->client, NULL, topic, (int)size, data, 1, false, NULL);
    if (rc != MOSQ_ERR_SUCCESS) {
        return ECG_NETWORK;
    }
    broker->queued += 1U;
    return ECG_OK;
}

int host_broker_socket(const host_broker *broker) {
    return broker->client == NULL ? -1 : mosquitto_socket(broker->client);
}

void host_broker_turn(host_broker *broker) {
    if (broker->client != NULL && !broker->is_doomed &&
        mosquitto_loop(broker->client, 0, 1) != MOSQ_ERR_SUCCESS) {
        broker->is_doomed = 1;
    }
    if (broker->is_doomed) {
        throw_away(broker);
        ecg_device_on_mqtt(broker->device, 0);
    }
}
