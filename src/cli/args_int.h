/*
 * A command line, taken apart by the table of commands.
 *
 *   --name value   --name=value   -n value   -nvalue   -abc (switches)   -- ends the options
 *   - alone is an operand. Names are never shortened: a script that relied on "--js" would
 *   break the day a second option began that way. Of an option given twice the last one counts.
 *
 * Ownership: everything is borrowed from argv and the tables.
 */
#ifndef CLI_ARGS_INT_H
#define CLI_ARGS_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/cli.h"

#define ARGS_OPTIONS_MAX   24 /* of one command, the common ones included */
#define ARGS_OPERANDS_MAX  8
#define ARGS_PROBLEM_SIZE  256
#define ARGS_SUGGEST_BYTES 64 /* names longer than this are not compared */

/* Both tables: src/cli's and main's own. */
struct command_set {
    const struct cli_command *parts[2];
    size_t counts[2];
};

struct cli_args {
    const struct command_set *set;
    const struct cli_command *command;
    const char *values[ARGS_OPTIONS_MAX]; /* common options first, then the command's own */
    const char *operands[ARGS_OPERANDS_MAX + 1];
    size_t operands_count;
};

/* What is wrong with a command line. */
struct args_problem {
    char text[ARGS_PROBLEM_SIZE];
    char hint[ARGS_PROBLEM_SIZE]; /* "" when there is nothing to suggest */
};

/* The options that every command has; ends with a NULL name. */
extern const struct cli_option args_common_options[];

/* Whether a common option or one of the command's own (NULL: none) takes a value. */
bool args_takes_value(const struct cli_command *command, const char *name);

/* argv: what follows the command's words, argc of it. ret_args->set and ->command are set. */
MUST_CHECK bool args_parse(struct cli_args *args, int argc, const char *const *argv,
                           struct args_problem *problem);

/* The n-th command of both tables, NULL past the last. */
const struct cli_command *command_at(const struct command_set *set, size_t n);
const struct cli_command *command_find(const struct command_set *set, const char *name);
/* True when commands are called "<group> …". */
bool command_is_group(const struct command_set *set, const char *group);

/* Says that there is no such command, and which is near; returns CLI_USAGE. */
int command_unknown(const struct command_set *set, const char *typed);

/* The candidate nearest to text in NULL-terminated names; NULL when none is near enough. */
const char *suggest(const char *text, const char *const *names);

/* Appends "envflow deliveries show [options] GUID|SEQUENCE". */
void help_usage(const struct cli_command *command, struct buf *out);
void help_command(const struct cli_command *command, size_t width, struct buf *out);
void help_overview(const struct command_set *set, size_t width, struct buf *out);
void help_group(const struct command_set *set, const char *group, size_t width, struct buf *out);

/* Prints what is wrong with how a command was called, and its usage; returns CLI_USAGE. */
int usage_fail(const struct cli_args *args, const struct args_problem *problem);

#endif
