/*
 * The probes of tests/framing/probes.txt, expanded; that file's opening says how it is written.
 * A malformed file ends the test.
 */
#ifndef TESTS_PROBES_H
#define TESTS_PROBES_H

#include <stddef.h>

#define PROBE_NAME_SIZE   64
#define PROBE_REASON_SIZE 32

struct probe {
    char name[PROBE_NAME_SIZE];
    int status;
    char reason[PROBE_REASON_SIZE]; /* as in the answer's body */
    char *bytes;                    /* owned */
    size_t len;
};

/* Owned: probes_free. */
struct probe *probes_read(const char *path, size_t *ret_count);
void probes_free(struct probe *probes, size_t count);

#endif
