/* What the rows of the command table run. Each returns enum cli_exit. */
#ifndef CLI_COMMANDS_INT_H
#define CLI_COMMANDS_INT_H

#include "cli/cli.h"

int config_check_run(const struct cli_args *args);
int config_document_run(const struct cli_args *args);
int config_schema_run(const struct cli_args *args);
int config_show_run(const struct cli_args *args);
int deliveries_list_run(const struct cli_args *args);
int deliveries_replay_run(const struct cli_args *args);
int deliveries_show_run(const struct cli_args *args);
int deployments_list_run(const struct cli_args *args);
int deployments_show_run(const struct cli_args *args);
int help_run(const struct cli_args *args);
int init_run(const struct cli_args *args);
int probe_run(const struct cli_args *args);
int send_run(const struct cli_args *args);
int status_run(const struct cli_args *args);
int version_run(const struct cli_args *args);

#endif
