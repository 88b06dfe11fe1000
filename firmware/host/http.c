#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define URL_ROOM 512U
#define TOKEN_ROOM 4096U
#define TIMEOUT_S 30L

static size_t take(char *data, size_t one, size_t count, void *self) {
    http_answer *answer = self;
    size_t size = one * count;
    if (answer->size + size >= HTTP_ROOM) {
        return 0;
    }
    memcpy(answer->text + answer->size, data, size);
    answer->size += size;
    answer->text[answer->size] = '\0';
    return size;
}

static struct curl_slist *headers_of(const char *token, int is_post) {
    char line[TOKEN_ROOM];
    (void)snprintf(line, sizeof line, "Authorization: Bearer %s", token);
    struct curl_slist *headers = curl_slist_append(NULL, line);
    return is_post ? curl_slist_append(headers, "Content-Type: application/json") : headers;
}

static CURLcode perform(CURL *curl, const char *url, const char *ca_file, const char *body,
                        struct curl_slist *headers, http_answer *answer) {
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (ca_file != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    }
    if (body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    CURLcode code = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    return code;
}

ecg_error http_send(const char *base_url, const char *path, const char *token, const char *ca_file,
                    const char *body, http_answer *answer) {
    char url[URL_ROOM];
    memset(answer, 0, sizeof *answer);
    CURL *curl = curl_easy_init();
    if (curl == NULL || snprintf(url, sizeof url, "%s%s", base_url, path) >= (int)sizeof url) {
        curl_easy_cleanup(curl);
        return ECG_NETWORK;
    }
    struct curl_slist *headers = headers_of(token, body != NULL);
    CURLcode code = perform(curl, url, ca_file, body, headers, answer);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK) {
        return ECG_OK;
    }
    (void)snprintf(answer->text, sizeof answer->text, "%s", curl_easy_strerror(code));
    return code == CURLE_WRITE_ERROR ? ECG_FULL : ECG_NETWORK;
}
