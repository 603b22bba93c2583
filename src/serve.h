/* `envflow serve`: the daemon, from its configuration to the last drained connection. */
#ifndef SERVE_H
#define SERVE_H

#include "cli/cli.h"

int serve_run(const struct cli_args *args); /* returns enum cli_exit */

#endif
