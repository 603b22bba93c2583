/* A clock that moves only when a test moves it. */
#ifndef TESTS_FAKE_CLOCK_H
#define TESTS_FAKE_CLOCK_H

#include "base/clock.h"

struct fake_clock {
    struct clock clock; /* hand out &fake.clock */
    int64_t wall_ms;
    int64_t mono_ms;
};

void fake_clock_init(struct fake_clock *fake, int64_t wall_ms);
void fake_clock_advance(struct fake_clock *fake, int64_t ms);

#endif
