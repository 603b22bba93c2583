/* Help, all of it from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "args_int.h"
#include "term_int.h"
#include "text_int.h"

#define WIDTH_MAX     100 /* longer lines are hard to read */
#define WIDTH_DEFAULT 80
#define NAME_COLUMN   2
#define OPTION_COLUMN 28
#define HELP_BYTES    ((size_t)64 * 1024)

static const char output[] =
    "On a terminal, tables with short commit ids and relative times. Piped, lists are lines of "
    "tab-separated values without a header, uncut, times in RFC 3339. --json prints the API's own "
    "answer. Colour follows NO_COLOR and CLICOLOR_FORCE.";

static const char conventions[] =
    "Environment\n"
    "  ENVFLOW_CONFIG  configuration file, when --config is not given\n"
    "  ENVFLOW_SERVER  envflow to talk to, when --server is not given\n"
    "\n"
    "Exit status\n"
    "  0 done   1 failed   2 usage or configuration wrong   3 not found   4 not allowed\n"
    "  5 gate not open   6 conflict   7 timed out   8 envflow cannot be reached\n";

static size_t usable(size_t width)
{
    if (width == 0)
        return WIDTH_DEFAULT;
    return width < WIDTH_MAX ? width : WIDTH_MAX;
}

/* "  name         text", the text wrapped behind its column. */
static void put_entry(const char *name, const char *text, size_t column, size_t width,
                      struct buf *out)
{
    size_t indent = NAME_COLUMN + column + 2;

    buf_printf(out, "  %-*s  ", (int)column, name);
    text_wrap(out, text, width > indent + 20 ? width - indent : 20, indent);
    buf_putc(out, '\n');
}

void help_usage(const struct cli_command *command, struct buf *out)
{
    buf_printf(out, "envflow %s [options]", command->name);
    if (command->operands[0] != '\0')
        buf_printf(out, " %s", command->operands);
}

static void option_title(const struct cli_option *option, char title[64])
{
    char letter[8] = "    ";

    if (option->letter != 0)
        snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    snprintf(title, 64, "%s--%s%s%s", letter, option->name, option->value != NULL ? " " : "",
             option->value != NULL ? option->value : "");
}

static void put_options(const struct cli_option *options, size_t width, struct buf *out)
{
    for (; options != NULL && options->name != NULL; options++) {
        char title[64];
        option_title(options, title);
        put_entry(title, options->text, OPTION_COLUMN, width, out);
    }
}

/* Every line of text behind two spaces. */
static void put_indented(const char *text, struct buf *out)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        buf_puts(out, len > 0 ? "  " : "");
        buf_append(out, text, len);
        buf_putc(out, '\n');
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}

/* Paragraphs, each on one line in the table, wrapped. */
static void put_paragraphs(const char *text, size_t width, struct buf *out)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        struct buf line = BUF_INIT(HELP_BYTES);
        buf_append(&line, text, len);
        text_wrap(out, buf_text(&line), width, 0);
        buf_putc(out, '\n');
        buf_done(&line);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}

void help_command(const struct cli_command *command, size_t width, struct buf *out)
{
    buf_printf(out, "%s\n\nUsage\n  ", command->summary);
    help_usage(command, out);
    buf_putc(out, '\n');
    if (command->text != NULL) {
        buf_putc(out, '\n');
        put_paragraphs(command->text, usable(width), out);
    }
    if (command->options != NULL) {
        buf_puts(out, "\nOptions\n");
        put_options(command->options, usable(width), out);
    }
    buf_puts(out, "\nCommon options\n");
    put_options(args_common_options, usable(width), out);
    if (command->examples != NULL) {
        buf_puts(out, "\nExamples\n");
        put_indented(command->examples, out);
    }
}

static bool is_of_group(const struct cli_command *command, const char *group)
{
    size_t len = strlen(group);

    return group[0] == '\0' ||
           (strncmp(command->name, group, len) == 0 && command->name[len] == ' ');
}

static void put_commands(const struct command_set *set, const char *group, size_t width,
                         struct buf *out)
{
    const struct cli_command *command = NULL;
    size_t column = 0;

    for (size_t i = 0; (command = command_at(set, i)) != NULL; i++) {
        if (!command->hidden && strlen(command->name) > column)
            column = strlen(command->name);
    }
    for (size_t i = 0; (command = command_at(set, i)) != NULL; i++) {
        if (!command->hidden && is_of_group(command, group))
            put_entry(command->name, command->summary, column, usable(width), out);
    }
}

void help_overview(const struct command_set *set, size_t width, struct buf *out)
{
    buf_puts(out, "envflow: carries what GitHub's webhooks report from environment to "
                  "environment\n\nUsage\n  envflow COMMAND [options] [operands]\n\nCommands\n");
    put_commands(set, "", width, out);
    buf_puts(out, "\nCommon options\n");
    put_options(args_common_options, usable(width), out);
    buf_puts(out, "\nOutput\n  ");
    text_wrap(out, output, usable(width) - NAME_COLUMN, NAME_COLUMN);
    buf_printf(out, "\n\n%s", conventions);
    buf_puts(out, "\nStart with 'envflow init'. 'envflow help COMMAND' shows examples.\n");
}

void help_group(const struct command_set *set, const char *group, size_t width, struct buf *out)
{
    buf_printf(out, "Usage\n  envflow %s COMMAND [options] [operands]\n\nCommands\n", group);
    put_commands(set, group, width, out);
    buf_printf(out, "\n'envflow help %s COMMAND' shows examples.\n", group);
}
