/*
 * From argv to a command: the words that name it, then its row's options and operands.
 * Common options may stand before the command too ("envflow --json status").
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args_int.h"
#include "term_int.h"

#define NAMES_MAX  64
#define NAME_SIZE  80
#define HELP_BYTES ((size_t)256 * 1024)
#define ARGC_MAX   1024

/* The part, of two sorted ones, whose next command comes first; 2 when both are at their end. */
static size_t part_of_next(const struct command_set *set, const size_t at[2])
{
    bool has_first = at[0] < set->counts[0];

    if (at[1] == set->counts[1])
        return has_first ? 0 : 2;
    return has_first && strcmp(set->parts[0][at[0]].name, set->parts[1][at[1]].name) < 0 ? 0 : 1;
}

const struct cli_command *command_at(const struct command_set *set, size_t n)
{
    size_t at[2] = {0, 0};
    size_t part = part_of_next(set, at);

    for (; n > 0 && part < 2; n--) {
        at[part]++;
        part = part_of_next(set, at);
    }
    return part < 2 ? &set->parts[part][at[part]] : NULL;
}

const struct cli_command *command_find(const struct command_set *set, const char *name)
{
    const struct cli_command *command = NULL;

    for (size_t i = 0; (command = command_at(set, i)) != NULL; i++) {
        if (strcmp(command->name, name) == 0)
            return command;
    }
    return NULL;
}

bool command_is_group(const struct command_set *set, const char *group)
{
    const struct cli_command *command = NULL;
    size_t len = strlen(group);

    for (size_t i = 0; (command = command_at(set, i)) != NULL; i++) {
        if (strncmp(command->name, group, len) == 0 && command->name[len] == ' ')
            return true;
    }
    return false;
}

int command_unknown(const struct command_set *set, const char *typed)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    const struct cli_command *command = NULL;
    size_t count = 0;

    for (size_t i = 0; count < NAMES_MAX && (command = command_at(set, i)) != NULL; i++) {
        if (!command->hidden)
            names[count++] = command->name;
    }

    const char *near = suggest(typed, names);
    if (near != NULL)
        return cli_fail(CLI_USAGE, "there is no command '%s'\ndid you mean 'envflow %s'?", typed,
                        near);
    return cli_fail(CLI_USAGE, "there is no command '%s'\n'envflow help' lists them all", typed);
}

/* A group's name without the rest: "deliveries", "deliveries lst". */
static int half_command(const struct command_set *set, const char *group, const char *second)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    const struct cli_command *command = NULL;
    char list[256] = "";
    size_t count = 0;
    size_t used = 0;

    for (size_t i = 0; count < NAMES_MAX && (command = command_at(set, i)) != NULL; i++) {
        size_t len = strlen(group);
        if (command->hidden || strncmp(command->name, group, len) != 0 || command->name[len] != ' ')
            continue;
        names[count++] = command->name + len + 1;
        int put = snprintf(list + used, sizeof(list) - used, "%s%s", used > 0 ? ", " : "",
                           command->name + len + 1);
        used += put > 0 && (size_t)put < sizeof(list) - used ? (size_t)put : 0;
    }

    if (second == NULL)
        return cli_fail(CLI_USAGE, "'envflow %s' needs one of: %s\n'envflow help %s' explains them",
                        group, list, group);
    const char *near = suggest(second, names);
    if (near != NULL)
        return cli_fail(CLI_USAGE, "there is no command '%s %s'\ndid you mean 'envflow %s %s'?",
                        group, second, group, near);
    return cli_fail(CLI_USAGE, "there is no command '%s %s'\nit is one of: %s", group, second,
                    list);
}

static int print_help(void fill(const struct cli_args *, size_t, struct buf *),
                      const struct cli_args *args)
{
    struct buf out = BUF_INIT(HELP_BYTES);

    fill(args, term_of(STDOUT_FILENO).width, &out);
    int code = term_print(&out);
    buf_done(&out);
    return code;
}

static void fill_command(const struct cli_args *args, size_t width, struct buf *out)
{
    help_command(args->command, width, out);
}

/* Where the command's words begin: behind leading common options. */
static int skip_leading_options(int argc, char *const *argv)
{
    int at = 1;

    while (at < argc && argv[at][0] == '-' && argv[at][1] != '\0') {
        bool has_value = strchr(argv[at], '=') == NULL && args_takes_value(NULL, argv[at]);
        bool is_attached = argv[at][1] != '-' && argv[at][2] != '\0';
        at += has_value && !is_attached ? 2 : 1;
    }
    return at < argc ? at : argc;
}

/* Runs the command whose name takes `words` words from argv[start] on. */
static int run(struct cli_args *args, int argc, char **argv, int start, int words)
{
    const char *rest[ARGC_MAX];
    int count = 0;
    struct args_problem problem;

    if (argc > ARGC_MAX)
        return cli_fail(CLI_USAGE, "more than %d arguments", ARGC_MAX);
    for (int i = 1; i < argc; i++) {
        if (i < start || i >= start + words)
            rest[count++] = argv[i];
    }
    if (!args_parse(args, count, rest, &problem))
        return usage_fail(args, &problem);
    if (cli_option(args, "help") != NULL)
        return print_help(fill_command, args);
    return args->command->run(args);
}

static bool has_flag(int argc, char *const *argv, const char *a, const char *b)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], a) == 0 || strcmp(argv[i], b) == 0)
            return true;
    }
    return false;
}

/* No command: --version, --help, or a person who wants to know what there is. */
static int run_nothing(struct cli_args *args, int argc, char **argv)
{
    bool wants_version = has_flag(argc, argv, "--version", "-V");
    bool wants_help = has_flag(argc, argv, "--help", "-h");

    args->command = command_find(args->set, wants_version ? "version" : "help");
    if (wants_version || wants_help)
        return args->command->run(args);
    if (argc > 1)
        return cli_fail(CLI_USAGE, "no command is named behind the options\n"
                                   "'envflow help' lists them all");
    args->command->run(args);
    return CLI_USAGE;
}

static int dispatch(struct cli_args *args, int argc, char **argv)
{
    int start = skip_leading_options(argc, argv);
    const char *first = start < argc ? argv[start] : NULL;
    const char *second = start + 1 < argc && argv[start + 1][0] != '-' ? argv[start + 1] : NULL;
    char name[NAME_SIZE];

    if (first == NULL)
        return run_nothing(args, argc, argv);
    snprintf(name, sizeof(name), "%s %s", first, second != NULL ? second : "");
    args->command = command_find(args->set, name);
    if (args->command != NULL)
        return run(args, argc, argv, start, 2);
    args->command = command_find(args->set, first);
    if (args->command != NULL)
        return run(args, argc, argv, start, 1);
    if (!command_is_group(args->set, first))
        return command_unknown(args->set, first);
    if (second == NULL && has_flag(argc, argv, "--help", "-h")) {
        args->command = command_find(args->set, "help");
        args->operands[args->operands_count++] = first;
        return args->command->run(args);
    }
    return half_command(args->set, first, second);
}

int cli_main(int argc, char **argv, const struct cli_command *own, size_t own_count)
{
    struct command_set set = {.parts = {NULL, own}, .counts = {0, own_count}};

    set.parts[0] = cli_commands(&set.counts[0]);
    struct cli_args args = {.set = &set};
    int code = dispatch(&args, argc, argv);

    /* A flush also succeeds after an earlier one has failed and dropped what it held. */
    bool is_lost = fflush(stdout) != 0 || ferror(stdout) != 0;
    if (is_lost && code == CLI_DONE)
        return cli_fail(CLI_FAILED, "the output could not be written: no space, or closed");
    return code;
}
