/*
 * The two clocks, and the only place that reads them. Code below the engine takes
 * `now_ms` as an argument; code that must ask later takes a `struct clock`, which
 * tests replace by one that stands still.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* wall_ms: milliseconds of Unix time, may jump. mono_ms: only ever grows, no epoch. */
struct clock {
    int64_t (*wall_ms)(void *arg);
    int64_t (*mono_ms)(void *arg);
    void *arg; /* borrowed */
};

/* The machine's clocks. Static storage. */
extern const struct clock clock_system;

static inline int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->wall_ms(clock->arg);
}

static inline int64_t clock_mono_ms(const struct clock *clock)
{
    return clock->mono_ms(clock->arg);
}

#endif
