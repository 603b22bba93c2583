/* What the rows of the command table run. Each returns enum cli_exit. */
#ifndef CLI_COMMANDS_INT_H
#define CLI_COMMANDS_INT_H

#include "cli/cli.h"

int approve_run(const struct cli_args *args);
int audit_export_run(const struct cli_args *args);
int audit_list_run(const struct cli_args *args);
int audit_verify_run(const struct cli_args *args);
int cancel_run(const struct cli_args *args);
int config_check_run(const struct cli_args *args);
int config_document_run(const struct cli_args *args);
int config_schema_run(const struct cli_args *args);
int config_show_run(const struct cli_args *args);
int deliveries_list_run(const struct cli_args *args);
int deliveries_replay_run(const struct cli_args *args);
int deliveries_show_run(const struct cli_args *args);
int deploy_run(const struct cli_args *args);
int deployments_list_run(const struct cli_args *args);
int deployments_show_run(const struct cli_args *args);
int freeze_run(const struct cli_args *args);
int help_run(const struct cli_args *args);
int init_run(const struct cli_args *args);
int pin_run(const struct cli_args *args);
int probe_run(const struct cli_args *args);
int promote_run(const struct cli_args *args);
int promotions_list_run(const struct cli_args *args);
int promotions_show_run(const struct cli_args *args);
int prove_run(const struct cli_args *args);
int reject_run(const struct cli_args *args);
int releases_run(const struct cli_args *args);
int rollback_run(const struct cli_args *args);
int send_run(const struct cli_args *args);
int status_run(const struct cli_args *args);
int thaw_run(const struct cli_args *args);
int token_create_run(const struct cli_args *args);
int token_list_run(const struct cli_args *args);
int token_revoke_run(const struct cli_args *args);
int unpin_run(const struct cli_args *args);
int version_run(const struct cli_args *args);
int why_run(const struct cli_args *args);
int withdraw_run(const struct cli_args *args);

#endif
