#include "base/clock.h"

#include <assert.h>
#include <stddef.h>
#include <time.h>

static int64_t read_ms(clockid_t which)
{
    struct timespec now;
    int rc = clock_gettime(which, &now);

    assert(rc == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_mono_ms(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_MONOTONIC);
}

const struct clock clock_system = {.wall_ms = system_wall_ms, .mono_ms = system_mono_ms};
