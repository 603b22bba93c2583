/* help and version. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args_int.h"
#include "commands_int.h"
#include "term_int.h"

#define HELP_BYTES ((size_t)256 * 1024)

int help_run(const struct cli_args *args)
{
    AUTO(buf) struct buf out = BUF_INIT(HELP_BYTES);
    size_t width = term_of(STDOUT_FILENO).width;
    const char *first = cli_operand(args, 0);
    const char *second = cli_operand(args, 1);
    char name[128];

    if (first == NULL) {
        help_overview(args->set, width, &out);
        return term_print(&out);
    }
    snprintf(name, sizeof(name), "%s%s%s", first, second != NULL ? " " : "",
             second != NULL ? second : "");
    const struct cli_command *command = command_find(args->set, name);
    if (command != NULL)
        help_command(command, width, &out);
    else if (second == NULL && command_is_group(args->set, first))
        help_group(args->set, first, width, &out);
    else
        return command_unknown(args->set, name);
    return term_print(&out);
}

int version_run(const struct cli_args *args)
{
    if (cli_option(args, "json") != NULL)
        puts("{\"version\":\"" ENVFLOW_VERSION "\"}");
    else
        puts("envflow " ENVFLOW_VERSION);
    return CLI_DONE;
}
