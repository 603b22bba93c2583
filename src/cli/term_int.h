/*
 * The place output goes to: is it a terminal, how wide is it, does it want colour.
 *
 * Colour: never when NO_COLOR is set, always when CLICOLOR_FORCE is (and not "0"), else on a
 * terminal that is not "dumb". Sources: no-color.org, bixense.com/clicolors.
 */
#ifndef CLI_TERM_INT_H
#define CLI_TERM_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum style {
    STYLE_PLAIN,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_RED,
    STYLE_GREEN,
    STYLE_YELLOW,
    STYLE_COUNT
};

struct term {
    bool is_terminal;
    bool has_color;
    size_t width; /* columns; 0 for no limit */
};

struct term term_of(int fd);

/* Appends clean text in a style, or plain where there is no colour. */
void term_styled(const struct term *term, struct buf *out, enum style style, const char *text);

/* Writes out to stdout. Returns enum cli_exit: CLI_FAILED, with a message, when there was no
 * memory for it. A full disk or closed pipe is noticed once, when cli_main flushes. */
int term_print(const struct buf *out);

#endif
