/* The simulator's only source of chance: one number decides everything that follows. */
#ifndef TESTS_SIM_PRNG_H
#define TESTS_SIM_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t state;
};

uint64_t prng_next(struct prng *prng);
/* 0 … bound - 1; bound > 0. */
int64_t prng_below(struct prng *prng, int64_t bound);
int64_t prng_between(struct prng *prng, int64_t first, int64_t last);
/* True so many times in a thousand. */
bool prng_chance(struct prng *prng, int per_mille);
void prng_fill(struct prng *prng, void *bytes, size_t len);

#endif
