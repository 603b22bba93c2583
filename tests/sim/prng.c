#include "sim/prng.h"

/* SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators". */
uint64_t prng_next(struct prng *prng)
{
    uint64_t mixed = prng->state += UINT64_C(0x9e3779b97f4a7c15);

    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

int64_t prng_below(struct prng *prng, int64_t bound)
{
    return (int64_t)(prng_next(prng) % (uint64_t)bound);
}

int64_t prng_between(struct prng *prng, int64_t first, int64_t last)
{
    return first + prng_below(prng, last - first + 1);
}

bool prng_chance(struct prng *prng, int per_mille)
{
    return prng_below(prng, 1000) < per_mille;
}

void prng_fill(struct prng *prng, void *bytes, size_t len)
{
    unsigned char *at = bytes;

    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)prng_next(prng);
}
