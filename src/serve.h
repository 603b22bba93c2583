/* `envflow serve`: puts the parts together and runs them until a signal. */
#ifndef SERVE_H
#define SERVE_H

#include "cli/cli.h"

int serve_run(const struct cli_args *args);

#endif
