/* MQTT 5 over mutual TLS. The client's own queue is RAM and forgets: the core's outbox remembers. */
#include "layer.h"

#include "esp_log.h"

#include <stdio.h>

#define OUTBOX_LIMIT 32768U /* bytes: some 60 chunks; more is told as ECG_FULL */
#define KEEPALIVE_S 30
#define TIMEOUT_MS 5000

static const char TAG[] = "mqtt";

static void subscribe(const layer *self) {
    char acks[LAYER_TOPIC_BYTES];
    char commands[LAYER_TOPIC_BYTES];
    (void)snprintf(acks, sizeof acks, "ecg/v1/%s/ack", self->factory.id_text);
    (void)snprintf(commands, sizeof commands, "ecg/v1/%s/command", self->factory.id_text);
    const esp_mqtt_topic_t topics[] = {{.filter = acks, .qos = 0}, {.filter = commands, .qos = 0}};
    (void)esp_mqtt_client_subscribe_multiple(self->mqtt, topics, 2);
}

/* Messages in several pieces, or longer than any of the protocol's, are nobody's. A full queue loses
 * the message: acknowledgements say what stays true, the next one says it again. */
static void receive(layer *self, const esp_mqtt_event_t *event) {
    layer_message message;
    if (event->topic_len <= 0 || event->topic_len >= (int)LAYER_TOPIC_BYTES ||
        event->data_len < 0 || event->data_len > (int)LAYER_MESSAGE_BYTES ||
        event->data_len != event->total_data_len) {
        return;
    }
    memset(&message, 0, sizeof message);
    memcpy(message.topic, event->topic, (size_t)event->topic_len);
    memcpy(message.data, event->data, (size_t)event->data_len);
    message.size = (size_t)event->data_len;
    (void)xQueueSend(self->messages, &message, 0);
    layer_tell(self, LAYER_MESSAGE);
}

/* Runs in the client's task. */
static void on_event(void *argument, esp_event_base_t base, int32_t id, void *data) {
    layer *self = argument;
    const esp_mqtt_event_t *event = data;
    (void)base;
    switch ((esp_mqtt_event_id_t)id) {
    case MQTT_EVENT_CONNECTED:
        subscribe(self);
        atomic_store(&self->was_online, true);
        layer_tell(self, LAYER_MQTT_UP);
        break;
    case MQTT_EVENT_DISCONNECTED:
        layer_tell(self, LAYER_MQTT_DOWN);
        break;
    case MQTT_EVENT_DATA:
        receive(self, event);
        break;
    case MQTT_EVENT_ERROR:
        ESP_LOGW(TAG, "refused or broken: type %d, return code %d",
                 (int)event->error_handle->error_type,
                 (int)event->error_handle->connect_return_code);
        break;
    default:
        break;
    }
}

static esp_mqtt_client_handle_t client(const layer *self) {
    const esp_mqtt_client_config_t config = {
        .broker.address.uri = self->factory.mqtt_uri,
        .broker.verification.certificate = self->factory.ca_pem,
        .credentials.username = self->factory.id_text,
        .credentials.client_id = self->factory.id_text,
        .credentials.authentication.password = self->login.password,
        .credentials.authentication.certificate = self->login.certificate_pem,
        .credentials.authentication.key = (const char *)self->login.key_der,
        .credentials.authentication.key_len = sizeof self->login.key_der,
        .session.protocol_ver = MQTT_PROTOCOL_V_5,
        .session.keepalive = KEEPALIVE_S,
        .network.disable_auto_reconnect = true, /* the core's link machine decides */
        .network.timeout_ms = TIMEOUT_MS,
        .outbox.limit = OUTBOX_LIMIT,
    };
    return esp_mqtt_client_init(&config);
}

ecg_error port_mqtt_start(void *self) {
    layer *owner = self;
    port_mqtt_stop(self);
    if (!owner->login.is_there) {
        return ECG_NO_KEY;
    }
    owner->mqtt = client(owner);
    if (owner->mqtt == NULL ||
        esp_mqtt_client_register_event(owner->mqtt, MQTT_EVENT_ANY, on_event, owner) != ESP_OK ||
        esp_mqtt_client_start(owner->mqtt) != ESP_OK) {
        port_mqtt_stop(self);
        return ECG_NETWORK;
    }
    return ECG_OK;
}

void port_mqtt_stop(void *self) {
    layer *owner = self;
    if (owner->mqtt != NULL) {
        (void)esp_mqtt_client_destroy(owner->mqtt); /* stops it first */
        owner->mqtt = NULL;
    }
}

ecg_error port_mqtt_publish(void *self, const char *topic, const uint8_t *data, size_t size) {
    const layer *owner = self;
    if (owner->mqtt == NULL) {
        return ECG_NETWORK;
    }
    int taken = esp_mqtt_client_enqueue(owner->mqtt, topic, (const char *)data, (int)size, 1, 0, true);
    if (taken == -2) {
        return ECG_FULL;
    }
    return taken < 0 ? ECG_NETWORK : ECG_OK;
}
