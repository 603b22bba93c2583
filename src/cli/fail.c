#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "args_int.h"
#include "term_int.h"
#include "text_int.h"

#define MESSAGE_SIZE 2048

static void put_line(const struct term *term, const char *label, enum style style, const char *text,
                     struct buf *out)
{
    term_styled(term, out, style, label);
    text_clean(out, text);
    buf_putc(out, '\n');
}

static void print_message(const char *text, const char *hint, const char *usage)
{
    struct term term = term_of(STDERR_FILENO);
    struct buf out = BUF_INIT((size_t)8 * MESSAGE_SIZE);

    put_line(&term, "envflow: error: ", STYLE_RED, text, &out);
    if (hint[0] != '\0')
        put_line(&term, "hint: ", STYLE_YELLOW, hint, &out);
    if (usage[0] != '\0')
        put_line(&term, "usage: ", STYLE_PLAIN, usage, &out);
    fflush(stdout); /* in the order they were written, where both go to one place */
    fputs(buf_text(&out), stderr);
    buf_done(&out);
}

int cli_fail(enum cli_exit code, const char *fmt, ...)
{
    char text[MESSAGE_SIZE];
    va_list values;

    va_start(values, fmt);
    vsnprintf(text, sizeof(text), fmt, values);
    va_end(values);

    char *hint = strchr(text, '\n');
    if (hint != NULL)
        *hint++ = '\0';
    print_message(text, hint != NULL ? hint : "", "");
    return (int)code;
}

int usage_fail(const struct cli_args *args, const struct args_problem *problem)
{
    struct buf usage = BUF_INIT(MESSAGE_SIZE);
    char hint[ARGS_PROBLEM_SIZE];

    help_usage(args->command, &usage);
    snprintf(hint, sizeof(hint), "%s", problem->hint);
    if (hint[0] == '\0')
        snprintf(hint, sizeof(hint), "'envflow help %s' shows its options and examples",
                 args->command->name);
    print_message(problem->text, hint, buf_text(&usage));
    buf_done(&usage);
    return CLI_USAGE;
}
