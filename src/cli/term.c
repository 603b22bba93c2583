#include "term_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"

#define WIDTH_MIN     40
#define WIDTH_UNKNOWN 80

static bool is_set(const char *name)
{
    const char *value = secure_getenv(name);

    return value != NULL && value[0] != '\0';
}

static bool wants_color(bool is_terminal)
{
    const char *force = secure_getenv("CLICOLOR_FORCE");
    const char *type = secure_getenv("TERM");

    if (is_set("NO_COLOR"))
        return false;
    if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0)
        return true;
    return is_terminal && type != NULL && strcmp(type, "dumb") != 0;
}

static size_t width_of(int fd)
{
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_UNKNOWN;
    return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

struct term term_of(int fd)
{
    bool is_terminal = isatty(fd) == 1;

    return (struct term){
        .is_terminal = is_terminal,
        .has_color = wants_color(is_terminal),
        .width = is_terminal ? width_of(fd) : 0,
    };
}

void term_styled(const struct term *term, struct buf *out, enum style style, const char *text)
{
    static const char *const codes[STYLE_COUNT] = {
        [STYLE_BOLD] = "1",   [STYLE_DIM] = "2",     [STYLE_RED] = "31",
        [STYLE_GREEN] = "32", [STYLE_YELLOW] = "33",
    };

    if (!term->has_color || codes[style] == NULL) {
        buf_puts(out, text);
        return;
    }
    buf_printf(out, "\x1B[%sm%s\x1B[0m", codes[style], text);
}

int term_print(const struct buf *out)
{
    if (out->failed)
        return cli_fail(CLI_FAILED, "the output is too large, or memory has run out");
    fputs(buf_text(out), stdout);
    return CLI_DONE;
}
