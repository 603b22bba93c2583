/*
 * Text from the network on its way to a terminal: made harmless, measured, cut.
 *
 * A commit title may hold an escape sequence that clears the screen, or a mark that turns
 * the reading order round so that one name looks like another. Nothing that came over a
 * wire is printed before it passed through here.
 */
#ifndef CLI_TEXT_INT_H
#define CLI_TEXT_INT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Appends text on one line: control bytes, reading-order marks and bytes that are no UTF-8
 * become U+FFFD, tabs and line ends become a space. */
void text_clean(struct buf *out, const char *text);

/* Appends many lines: as text_clean, but line ends and tabs stay, a lone carriage return
 * becomes a line end, and whole ANSI sequences (colours of a build log) are left out. */
void text_clean_lines(struct buf *out, const char *text, size_t len);

/* Columns that clean text takes on a terminal. */
size_t text_width(const char *text);

/* Appends at most `columns` columns of clean text, with "…" for what was cut. Returns the columns
 * written. */
size_t text_cut(struct buf *out, const char *text, size_t columns);

/* Appends text as one path segment or query value: all but RFC 3986's unreserved is escaped. */
void text_url(struct buf *out, const char *text);

/* Appends clean text broken between words at `columns`, each line after the first behind
 * `indent` spaces. */
void text_wrap(struct buf *out, const char *text, size_t columns, size_t indent);

#endif
