#include "args_int.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct cli_option args_common_options[] = {
    {"help", 'h', NULL, "show what the command does, with examples"},
    {"json", 0, NULL, "print one JSON document instead of text"},
    {"config", 'c', "FILE", "configuration file (default: $ENVFLOW_CONFIG, ./envflow.yaml)"},
    {"server", 's', "ADDRESS", "envflow to talk to: unix:/path or http://host:port"},
    {NULL, 0, NULL, NULL},
};

#define COMMON_COUNT (ARRAY_LEN(args_common_options) - 1)

static bool problem_set(struct args_problem *problem, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool problem_set(struct args_problem *problem, const char *fmt, ...)
{
    va_list values;

    va_start(values, fmt);
    vsnprintf(problem->text, sizeof(problem->text), fmt, values);
    va_end(values);
    return false;
}

/* The option at a place of struct cli_args.values; NULL past the last. */
static const struct cli_option *option_at(const struct cli_command *command, size_t place)
{
    if (place < COMMON_COUNT)
        return &args_common_options[place];
    if (command == NULL || command->options == NULL)
        return NULL;
    for (size_t i = 0; command->options[i].name != NULL; i++) {
        assert(COMMON_COUNT + i < ARGS_OPTIONS_MAX);
        if (COMMON_COUNT + i == place)
            return &command->options[i];
    }
    return NULL;
}

/* Place of the option called so (len bytes of name, or a letter); -1 when there is none. */
static int place_of(const struct cli_command *command, const char *name, size_t len, char letter)
{
    const struct cli_option *option = NULL;

    for (size_t i = 0; (option = option_at(command, i)) != NULL; i++) {
        bool is_name =
            name != NULL && strlen(option->name) == len && strncmp(option->name, name, len) == 0;
        if (is_name || (letter != 0 && option->letter == letter))
            return (int)i;
    }
    return -1;
}

bool args_takes_value(const struct cli_command *command, const char *name)
{
    bool is_long = strncmp(name, "--", 2) == 0;
    int place = is_long ? place_of(command, name + 2, strlen(name + 2), 0)
                        : place_of(command, NULL, 0, name[1]);

    return place >= 0 && option_at(command, (size_t)place)->value != NULL;
}

static bool unknown_long(const struct cli_args *args, const char *name, size_t len,
                         struct args_problem *problem)
{
    const char *names[ARGS_OPTIONS_MAX + 1] = {NULL};
    const struct cli_option *option = NULL;
    char typed[ARGS_SUGGEST_BYTES];

    for (size_t i = 0; (option = option_at(args->command, i)) != NULL; i++)
        names[i] = option->name;
    snprintf(typed, sizeof(typed), "%.*s", (int)len, name);

    const char *near = suggest(typed, names);
    if (near != NULL)
        snprintf(problem->hint, sizeof(problem->hint), "did you mean --%s?", near);
    return problem_set(problem, "'%s' has no option --%s", args->command->name, typed);
}

/* Where parsing stands: rest[0] is the argument at hand. */
struct cursor {
    const char *const *rest;
    int count;
};

/* A value that is not attached to its option is the argument behind it. */
static bool take_value(struct cli_args *args, int place, const char *attached,
                       struct cursor *cursor, struct args_problem *problem)
{
    const struct cli_option *option = option_at(args->command, (size_t)place);

    if (attached != NULL) {
        args->values[place] = attached;
        return true;
    }
    if (cursor->count < 2)
        return problem_set(problem, "option --%s needs a value: --%s %s", option->name,
                           option->name, option->value);
    cursor->rest++;
    cursor->count--;
    args->values[place] = cursor->rest[0];
    return true;
}

static bool take_long(struct cli_args *args, struct cursor *cursor, struct args_problem *problem)
{
    const char *name = cursor->rest[0] + 2;
    size_t len = strcspn(name, "=");
    const char *attached = name[len] == '=' ? name + len + 1 : NULL;
    int place = place_of(args->command, name, len, 0);

    if (place < 0)
        return unknown_long(args, name, len, problem);
    if (option_at(args->command, (size_t)place)->value != NULL)
        return take_value(args, place, attached, cursor, problem);
    if (attached != NULL)
        return problem_set(problem, "option --%.*s takes no value", (int)len, name);
    args->values[place] = "";
    return true;
}

static bool take_letters(struct cli_args *args, struct cursor *cursor, struct args_problem *problem)
{
    for (const char *at = cursor->rest[0] + 1; *at != '\0'; at++) {
        int place = place_of(args->command, NULL, 0, *at);
        if (place < 0)
            return problem_set(problem, "'%s' has no option -%c", args->command->name, *at);
        if (option_at(args->command, (size_t)place)->value != NULL)
            return take_value(args, place, at[1] != '\0' ? at + 1 : NULL, cursor, problem);
        args->values[place] = "";
    }
    return true;
}

static bool take_operand(struct cli_args *args, const char *operand, struct args_problem *problem)
{
    int max = args->command->operands_max;

    assert(max <= ARGS_OPERANDS_MAX);
    if (args->operands_count >= (size_t)max)
        return problem_set(problem, "'%s' takes %s, and '%s' is one too many", args->command->name,
                           max == 0 ? "no operand" : args->command->operands, operand);
    args->operands[args->operands_count++] = operand;
    return true;
}

static bool take(struct cli_args *args, struct cursor *cursor, bool *is_ended,
                 struct args_problem *problem)
{
    const char *arg = cursor->rest[0];

    if (*is_ended || arg[0] != '-' || arg[1] == '\0')
        return take_operand(args, arg, problem);
    if (strcmp(arg, "--") == 0) {
        *is_ended = true;
        return true;
    }
    return arg[1] == '-' ? take_long(args, cursor, problem) : take_letters(args, cursor, problem);
}

bool args_parse(struct cli_args *args, int argc, const char *const *argv,
                struct args_problem *problem)
{
    struct cursor cursor = {.rest = argv, .count = argc};
    bool is_ended = false;

    *problem = (struct args_problem){.text = ""};
    for (; cursor.count > 0; cursor.rest++, cursor.count--) {
        if (!take(args, &cursor, &is_ended, problem))
            return false;
    }
    if (cli_option(args, "help") == NULL &&
        args->operands_count < (size_t)args->command->operands_min)
        return problem_set(problem, "'%s' needs %s", args->command->name, args->command->operands);
    return true;
}

const char *cli_option(const struct cli_args *args, const char *name)
{
    int place = place_of(args->command, name, strlen(name), 0);

    assert(place >= 0); /* a command asked for an option that its row does not list */
    return args->values[place];
}

const char *cli_option_or_none(const struct cli_args *args, const char *name)
{
    int place = place_of(args->command, name, strlen(name), 0);

    return place >= 0 ? args->values[place] : NULL;
}

const char *cli_operand(const struct cli_args *args, size_t i)
{
    return i < args->operands_count ? args->operands[i] : NULL;
}
