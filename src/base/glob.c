#include "base/glob.h"

#include <string.h>

/* Where to go back to when the text after a star did not match. */
struct retry {
    const char *pattern; /* behind the star; NULL for none */
    const char *text;    /* next place to try */
};

static bool retry_star(struct retry *star, bool crosses_slash, const char **pattern,
                       const char **text)
{
    if (star->pattern == NULL || *star->text == '\0' || (!crosses_slash && *star->text == '/'))
        return false;
    star->text++;
    *pattern = star->pattern;
    *text = star->text;
    return true;
}

/* Two retry points suffice: a later star makes an earlier one of its own kind pointless, and when a
 * single star is stopped by a slash only the last double star can still help. */
bool glob_match(const char *pattern, const char *text)
{
    struct retry single = {0};
    struct retry twice = {0};

    for (;;) {
        if (pattern[0] == '*' && pattern[1] == '*') {
            pattern += 2;
            twice = (struct retry){pattern, text};
            single = (struct retry){0};
        } else if (*pattern == '*') {
            pattern++;
            single = (struct retry){pattern, text};
        } else if (*text != '\0' && (*pattern == *text || (*pattern == '?' && *text != '/'))) {
            pattern++;
            text++;
        } else if (*text == '\0' && *pattern == '\0') {
            return true;
        } else if (!retry_star(&single, false, &pattern, &text)) {
            single = (struct retry){0};
            if (!retry_star(&twice, true, &pattern, &text))
                return false;
        }
    }
}

bool glob_is_pattern(const char *pattern)
{
    return strpbrk(pattern, "*?") != NULL;
}
