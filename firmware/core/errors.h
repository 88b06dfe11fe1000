/* Every way in which the core can fail, as one enumeration. */
#ifndef ECG_ERRORS_H
#define ECG_ERRORS_H

typedef enum {
    ECG_OK = 0,
    ECG_AGAIN,        /* nothing to do yet: ask again later */
    ECG_FULL,         /* no place left; nothing was taken */
    ECG_EMPTY,        /* nothing is there */
    ECG_BAD_ARGUMENT, /* the caller broke the contract */
    ECG_MALFORMED,    /* bytes that no peer of the protocol sends */
    ECG_FOREIGN,      /* well-formed, and not for this device, key epoch or session */
    ECG_FORGED,       /* an authentication code or a tag is wrong */
    ECG_CRYPTO,       /* the crypto library refused */
    ECG_NO_KEY,       /* not enrolled, or the epoch's key is gone */
    ECG_EXHAUSTED,    /* a counter that may not wrap is at its end */
    ECG_FLASH,        /* flash could not be read or written */
    ECG_NVS,          /* non-volatile settings could not be read or written */
    ECG_NETWORK,      /* the link is down or refused */
    ECG_RANDOM        /* no randomness that may be trusted */
} ecg_error;

#endif
