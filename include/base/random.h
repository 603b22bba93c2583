/* Random bytes from the kernel. Never fails on the systems we run on: it aborts rather than go on
 * with a guessable number. Tests and the simulator do not use it; they carry their own seed. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>

void random_bytes(void *bytes, size_t len);

#endif
