/* The layer between ESP-IDF and the portable core: who owns what, and how callbacks reach it.
 *
 * One task, the owner, calls ecg_device_*. Callbacks of drivers run in other tasks or in interrupts:
 * they set a bit of the owner's notification, and a message goes through a queue. */
#ifndef LAYER_H
#define LAYER_H

#include "device.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "esp_adc/adc_continuous.h"
#include "esp_partition.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"
#include "mqtt_client.h"
#include "nvs.h"

#define LAYER_WIFI_DOWN (UINT32_C(1) << 0U)
#define LAYER_WIFI_UP (UINT32_C(1) << 1U)
#define LAYER_MQTT_DOWN (UINT32_C(1) << 2U)
#define LAYER_MQTT_UP (UINT32_C(1) << 3U)
#define LAYER_TIME (UINT32_C(1) << 4U)
#define LAYER_ADC (UINT32_C(1) << 5U)
#define LAYER_MESSAGE (UINT32_C(1) << 6U)
#define LAYER_ANSWER (UINT32_C(1) << 7U)  /* enrolment's answer lies in ``enrol`` */
#define LAYER_RESTART (UINT32_C(1) << 8U) /* a new image is in place */

#define LAYER_TOPIC_BYTES 64U
#define LAYER_MESSAGE_BYTES 640U /* the longest acknowledgement has 594 */
#define LAYER_MESSAGES 8U
#define LAYER_TEXT_BYTES 128U
#define LAYER_PEM_BYTES 2048U
#define LAYER_KEY_DER_BYTES 121U
#define LAYER_CLAIM_BYTES 2048U
#define LAYER_ANSWER_BYTES 4096U

/* What the factory wrote into NVS: settings.c tells how. */
typedef struct {
    uint8_t device_id[ECG_ID_BYTES];
    uint8_t service_point[ECG_POINT_BYTES];
    char id_text[37];
    char enrolment_url[LAYER_TEXT_BYTES];
    char mqtt_uri[LAYER_TEXT_BYTES];
    char update_url[LAYER_TEXT_BYTES]; /* empty: no updates */
    char pairing_code[LAYER_TEXT_BYTES];
    char claim_token[1024];
    char ca_pem[LAYER_PEM_BYTES]; /* what the enrolment, the broker and the updates are checked by */
} layer_factory;

/* What enrolment gave. The key never leaves the chip but in TLS's own memory. */
typedef struct {
    char password[LAYER_TEXT_BYTES];
    char certificate_pem[LAYER_PEM_BYTES];
    uint8_t key_der[LAYER_KEY_DER_BYTES];
    uint64_t ends_us;
    bool is_there;
} layer_login;

typedef struct {
    char claim[LAYER_CLAIM_BYTES]; /* made once, while random bytes are random, and sent again */
    size_t claim_size;
    char answer[LAYER_ANSWER_BYTES];
    size_t answer_size;
    int status;
    TaskHandle_t task;
} layer_enrol;

typedef struct {
    adc_continuous_handle_t handle;
    volatile uint32_t lost_frames; /* since the start; written by an interrupt alone */
    uint32_t known_frames;         /* of those: what the owner knows of */
    uint32_t codes_before_loss;
    uint64_t codes_lost;
    bool is_running;
} layer_adc;

typedef struct {
    char topic[LAYER_TOPIC_BYTES];
    uint8_t data[LAYER_MESSAGE_BYTES];
    size_t size;
} layer_message;

typedef struct layer {
    ecg_device device;
    ecg_ports ports;
    ecg_settings settings;
    layer_factory factory;
    layer_login login;
    layer_enrol enrol;
    layer_adc adc;
    ecg_button button;
    layer_message inbox; /* the one that is being delivered */
    TaskHandle_t owner;
    QueueHandle_t messages;
    const esp_partition_t *outbox;
    nvs_handle_t nvs;
    esp_mqtt_client_handle_t mqtt;
    atomic_bool is_radio_on;
    atomic_bool is_pairing;
    atomic_bool is_time_known;
    atomic_bool was_online; /* since the boot */
    uint64_t must_be_online_us;
} layer;

/* Set bits of the owner's notification; from a task, not from an interrupt. */
void layer_tell(layer *self, uint32_t bits);

/* board.c: GPIO */
void board_begin(void);
void board_leads(int *off_plus, int *off_minus);
int board_button(void);
void port_led(void *self, int on);
/* Held for 5 s: the network is forgotten; for 15 s: everything that enrolment and network gave. Both
 * restart. A shorter press does nothing. */
void board_button_step(layer *self, int is_down);

/* settings.c, port_nvs.c, port_flash.c */
ecg_error settings_begin(layer *self);
ecg_error nvs_begin(layer *self);
ecg_error port_nvs_read(void *self, const char *key, void *out, size_t room, size_t *size);
ecg_error port_nvs_write(void *self, const char *key, const void *data, size_t size);
ecg_error flash_begin(layer *self);
ecg_error port_flash_read(void *self, uint32_t at, void *out, size_t size);
ecg_error port_flash_write(void *self, uint32_t at, const void *data, size_t size);
ecg_error port_flash_erase(void *self, uint32_t at);

/* port_wifi.c, provision.c */
ecg_error wifi_begin(layer *self);
ecg_error provision_begin(layer *self);
ecg_error port_wifi_start(void *self);

/* port_mqtt.c */
ecg_error port_mqtt_start(void *self);
void port_mqtt_stop(void *self);
ecg_error port_mqtt_publish(void *self, const char *topic, const uint8_t *data, size_t size);

/* port_time.c */
ecg_error time_begin(layer *self);
uint64_t port_monotonic_us(void *self);
uint64_t port_utc_us(void *self);

/* port_random.c: ECG_RANDOM while the radio is off; a running converter stands still meanwhile. */
ecg_error port_random(void *self, uint8_t *out, size_t size);

/* port_adc.c */
ecg_error adc_begin(layer *self);
void adc_deliver(layer *self);
/* Around what needs the converter to stand still: what it misses is told as lost, later. */
void adc_pause(layer *self, uint64_t *since_us);
void adc_resume(layer *self, uint64_t since_us);

/* identity.c, enrol_http.c: prepare before the converter starts, see port_random */
ecg_error identity_begin(layer *self);
ecg_error identity_store(layer *self, const ecg_claim_answer *answer);
ecg_error enrol_prepare(layer *self);
ecg_error enrol_begin(layer *self);
void enrol_answered(layer *self);

/* ota.c, watchdog.c */
void ota_begin(layer *self);
void ota_step(layer *self);
void watchdog_begin(void);
void watchdog_feed(void);

#endif
