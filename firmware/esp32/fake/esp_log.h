/* Our own words for ESP-IDF's header of this name: what the layer uses of it, with the true types. */
#ifndef FAKE_ESP_LOG_H
#define FAKE_ESP_LOG_H

/* As the true ones, these check a format against its arguments. */
__attribute__((format(printf, 2, 3))) void fake_log(const char *tag, const char *format, ...);
#define ESP_LOGE(tag, ...) fake_log(tag, __VA_ARGS__)
#define ESP_LOGW(tag, ...) fake_log(tag, __VA_ARGS__)
#define ESP_LOGI(tag, ...) fake_log(tag, __VA_ARGS__)

#endif
