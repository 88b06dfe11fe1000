/* One request and its answer, by libcurl. */
#ifndef ECG_HOST_HTTP_H
#define ECG_HOST_HTTP_H

#include "../core/errors.h"

#include <stddef.h>

#define HTTP_ROOM 16384U

typedef struct {
    long status;
    size_t size;
    char text[HTTP_ROOM]; /* zero at its end; why there is no answer, where there is none */
} http_answer;

/* GET, or POST of a JSON ``body``; ``ca_file`` NULL: the system's authorities. No redirects are
 * followed: the token is for this service alone. ECG_NETWORK, or ECG_FULL for an answer too long. */
ecg_error http_send(const char *base_url, const char *path, const char *token, const char *ca_file,
                    const char *body, http_answer *answer);

#endif
