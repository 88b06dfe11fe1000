/* NOR flash that keeps NOR's rules and loses power at a moment of the test's choice. */
#ifndef ECG_TEST_SIMFLASH_H
#define ECG_TEST_SIMFLASH_H

#include "bench.h"

#define SECTOR 4096U
#define SECTORS 4U

typedef struct {
    uint8_t bytes[SECTOR * SECTORS];
    long operations; /* writes and erases so far */
    long cut_at;     /* the operation that power loss tears; negative: none */
    int is_dark;
    uint32_t chance;
    long erases[SECTORS];
} simflash;

void simflash_init(simflash *flash, uint32_t chance);
ecg_ports simflash_ports(simflash *flash);
/* Power is back; nothing is cut any more. */
void simflash_restart(simflash *flash);

#endif
