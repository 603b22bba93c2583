/* One planted bug for every invariant: the simulator's own test. Active only inside it. */
#ifndef TESTS_SIM_PLANT_H
#define TESTS_SIM_PLANT_H

#include <stdbool.h>

#define PLANTS 14

void plant_choose(int invariant); /* 0: none */
bool plant_is(int invariant);
const char *plant_name(int invariant);

#endif
