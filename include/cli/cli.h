/*
 * The command line: one table of commands, from which help, usage errors and "did you
 * mean" come. Each command is a function in src/cli, a client of the admin API.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

/* Exit codes; documented in the README, a public interface. */
enum cli_exit {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2, /* also: the configuration is wrong */
    CLI_NOT_FOUND = 3,
    CLI_NOT_ALLOWED = 4,
    CLI_GATE_SHUT = 5,
    CLI_CONFLICT = 6,
    CLI_TIMED_OUT = 7,
    CLI_UNREACHABLE = 8
};

struct cli_args;

typedef int cli_fn(const struct cli_args *args); /* returns enum cli_exit */

struct cli_option {
    const char *name;  /* long name without dashes; NULL ends the list */
    char letter;       /* short form; 0 for none */
    const char *value; /* what it takes, for the help ("FILE"); NULL for a switch */
    const char *text;  /* one line of help */
};

struct cli_command {
    const char *name;     /* "serve", "deliveries show" */
    const char *operands; /* "[GUID|SEQUENCE]"; "" for none */
    int operands_min, operands_max;
    const char *summary;              /* one line */
    const char *text;                 /* further paragraphs, or NULL */
    const char *examples;             /* lines, or NULL */
    const struct cli_option *options; /* beside --help, --json, --config, --server; or NULL */
    cli_fn *run;
    bool hidden;
};

/* Values by option name; NULL when not given ("" for a switch that was). */
const char *cli_option(const struct cli_args *args, const char *name);
/* The same for code that serves commands with and without that option. */
const char *cli_option_or_none(const struct cli_args *args, const char *name);
const char *cli_operand(const struct cli_args *args, size_t i); /* NULL past the last */

/* Every command of src/cli, by name; *ret_count of them. main adds its own (serve, keep). */
const struct cli_command *cli_commands(size_t *ret_count);

/* Parse and run. `own` are main's commands. */
int cli_main(int argc, char **argv, const struct cli_command *own, size_t own_count);

/* The configuration a command works with: --config, $ENVFLOW_CONFIG, ./envflow.yaml,
 * /etc/envflow/envflow.yaml. NULL when there is none. Borrowed. */
const char *cli_config_path(const struct cli_args *args);

/* Prints "envflow: error: …" on stderr and returns code. What follows the first line end of the
 * message is the next step, printed as "hint: …". Control bytes are made harmless. */
int cli_fail(enum cli_exit code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
