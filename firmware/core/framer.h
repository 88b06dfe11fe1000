/* Samples become bodies of 187, with their time, their number and what was lost between them. */
#ifndef ECG_FRAMER_H
#define ECG_FRAMER_H

#include "chunk.h"

typedef struct {
    ecg_body body;
    uint64_t next_index; /* of the next sample since the session began */
    uint16_t always;     /* flags of every chunk, as ECG_TEST_SIGNAL */
    uint16_t pending;    /* flags that the next chunk begins with */
} ecg_framer;

void ecg_framer_begin(ecg_framer *framer, uint16_t rate_centihz, uint16_t nv_per_lsb,
                      uint16_t always);

/* Take the next sample and its flags; ``utc_us`` is its time, 0 where the clock is not set. 1 where
 * it completed a body, which is then in ``out``. */
int ecg_framer_push(ecg_framer *framer, int16_t sample, uint16_t flags, uint64_t utc_us,
                    ecg_body *out);

/* Samples were measured and not kept. What fits into the open body is told there as having no
 * value; the rest is a gap before the next one. 1 where a body is complete by that. */
int ecg_framer_lose(ecg_framer *framer, uint64_t count, ecg_body *out);

/* The body handed out last found no place: the next one says that there is a gap before it. */
void ecg_framer_dropped(ecg_framer *framer);

/* Whether there is a gap that the next body has to tell of. */
int ecg_framer_owes_gap(const ecg_framer *framer);

/* A stop: the open body as it stands. 0 where there is none. */
int ecg_framer_stop(ecg_framer *framer, ecg_body *out);

#endif
