/* Enrolment over HTTPS (PROTOCOL.md, section 5): a task of its own, for a request blocks. The owner
 * reads the answer; the task waits until it has. */
#include "layer.h"

#include "esp_http_client.h"
#include "esp_log.h"

#include <stdio.h>

#define HTTP_CREATED 201
#define HTTP_ACCEPTED 202
#define STACK 8192U
#define PRIORITY 3U
#define ASK_MS 15000U     /* the service wants 10 s at least */
#define LOOK_MS 3600000U  /* whether the certificate comes to its end */
#define TIMEOUT_MS 15000
#define MONTH_US UINT64_C(2592000000000)
#define ALL_BITS UINT32_MAX

static const char TAG[] = "enrol";

static esp_http_client_handle_t request(const layer *self) {
    const esp_http_client_config_t config = {
        .url = self->factory.enrolment_url,
        .cert_pem = self->factory.ca_pem,
        .method = HTTP_METHOD_POST,
        .timeout_ms = TIMEOUT_MS,
        .disable_auto_redirect = true, /* the token is for this host alone */
        .buffer_size_tx = 2048,        /* the token's header in one piece */
    };
    return esp_http_client_init(&config);
}

static esp_err_t fill(const layer *self, esp_http_client_handle_t http) {
    char bearer[sizeof self->factory.claim_token + 8U];
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", self->factory.claim_token);
    esp_err_t error = esp_http_client_set_header(http, "Authorization", bearer);
    return error != ESP_OK ? error : esp_http_client_set_header(http, "Content-Type", "application/json");
}

/* 1 where there is an answer, whatever it says; longer than its place is none. */
static int exchange(layer_enrol *enrol, esp_http_client_handle_t http) {
    if (esp_http_client_open(http, (int)enrol->claim_size) != ESP_OK) {
        return 0;
    }
    int sent = esp_http_client_write(http, enrol->claim, (int)enrol->claim_size);
    if (sent != (int)enrol->claim_size || esp_http_client_fetch_headers(http) < 0) {
        return 0;
    }
    int size = esp_http_client_read_response(http, enrol->answer, (int)sizeof enrol->answer);
    if (size < 0 || size >= (int)sizeof enrol->answer) {
        return 0;
    }
    enrol->answer_size = (size_t)size;
    enrol->status = esp_http_client_get_status_code(http);
    return 1;
}

static int ask(layer *self) {
    esp_http_client_handle_t http = request(self);
    int is_answered = 0;
    if (http == NULL) {
        return 0;
    }
    if (fill(self, http) == ESP_OK) {
        is_answered = exchange(&self->enrol, http);
    }
    (void)esp_http_client_cleanup(http);
    return is_answered;
}

static bool is_wanted(layer *self) {
    uint64_t now_us = port_utc_us(self);
    if (!self->login.is_there) {
        return true;
    }
    return now_us > 0U && self->login.ends_us > 0U && now_us + MONTH_US > self->login.ends_us;
}

static void enrol(void *argument) {
    layer *self = argument;
    for (;;) {
        bool is_due = is_wanted(self);
        if (is_due && ask(self)) {
            layer_tell(self, LAYER_ANSWER);
            (void)xTaskNotifyWait(0, ALL_BITS, NULL, portMAX_DELAY); /* until the owner has read it */
        }
        vTaskDelay(pdMS_TO_TICKS(is_due ? ASK_MS : LOOK_MS));
    }
}

ecg_error enrol_begin(layer *self) {
    BaseType_t made = xTaskCreate(enrol, "enrol", STACK, self, PRIORITY, &self->enrol.task);
    return made == pdPASS ? ECG_OK : ECG_FULL;
}

/* In the owner's task. The core has checked the key's confirmation before it says ECG_OK. */
void enrol_answered(layer *self) {
    static ecg_claim_answer answer; /* too large for a stack; the owner's alone */
    const layer_enrol *told = &self->enrol;
    ecg_error error = told->status == HTTP_CREATED || told->status == HTTP_ACCEPTED
                          ? ecg_device_claimed(&self->device, told->answer, told->answer_size,
                                               &answer)
                          : ECG_NETWORK;
    if (error == ECG_OK && answer.is_pending) {
        ESP_LOGI(TAG, "waiting for approval: the code is %s", answer.code);
    } else if (error == ECG_OK) {
        port_mqtt_stop(self); /* it reads the certificate where it lies */
        layer_tell(self, LAYER_MQTT_DOWN);
        error = identity_store(self, &answer);
        ESP_LOGI(TAG, "enrolled: error %d", (int)error);
    } else {
        ESP_LOGW(TAG, "refused: HTTP %d, error %d", told->status, (int)error);
    }
    memset(&answer, 0, sizeof answer);
    (void)xTaskNotify(self->enrol.task, 1U, eSetBits);
}
