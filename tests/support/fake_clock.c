#include "support/fake_clock.h"

static int64_t fake_wall_ms(void *arg)
{
    const struct fake_clock *fake = arg;
    return fake->wall_ms;
}

static int64_t fake_mono_ms(void *arg)
{
    const struct fake_clock *fake = arg;
    return fake->mono_ms;
}

void fake_clock_init(struct fake_clock *fake, int64_t wall_ms)
{
    *fake = (struct fake_clock){
        .clock = {.wall_ms = fake_wall_ms, .mono_ms = fake_mono_ms, .arg = fake},
        .wall_ms = wall_ms,
        .mono_ms = 1,
    };
}

void fake_clock_advance(struct fake_clock *fake, int64_t ms)
{
    fake->wall_ms += ms;
    fake->mono_ms += ms;
}
