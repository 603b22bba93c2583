#include "mask_int.h"

#include <stdlib.h>
#include <string.h>

static const char blot[] = "***";

static int by_length(const void *a, const void *b)
{
    size_t first = strlen(*(const char *const *)a);
    size_t second = strlen(*(const char *const *)b);

    return first < second ? 1 : first > second ? -1 : 0;
}

void mask_init(struct mask *mask, const char **secrets)
{
    size_t count = 0;

    *mask = (struct mask){.secrets = secrets};
    while (secrets[count] != NULL)
        count++;
    qsort(secrets, count, sizeof(*secrets), by_length);
    while (count > 0 && secrets[count - 1][0] == '\0')
        secrets[--count] = NULL;
    for (size_t i = 0; i < count; i++)
        mask->starts[(unsigned char)secrets[i][0]] = true;
}

enum match { NO_MATCH, MATCH, MAYBE };

/* Does a secret stand at `at`, or might a longer one once more bytes come? */
static enum match match_at(const struct mask *mask, const char *at, size_t left, bool is_end,
                           size_t *ret_len)
{
    if (!mask->starts[(unsigned char)*at])
        return NO_MATCH;
    for (const char **secret = mask->secrets; *secret != NULL; secret++) {
        size_t len = strlen(*secret);
        if (len <= left && memcmp(at, *secret, len) == 0) {
            *ret_len = len;
            return MATCH;
        }
        if (len > left && !is_end && memcmp(at, *secret, left) == 0)
            return MAYBE;
    }
    return NO_MATCH;
}

/* Moves what is decided from the front of `pending` to out; the rest waits, unless it is the end.
 */
static void advance(struct mask *mask, struct buf *pending, bool is_end, struct buf *out)
{
    size_t at = 0;

    while (at < pending->len) {
        size_t len = 1;
        enum match match = match_at(mask, pending->data + at, pending->len - at, is_end, &len);
        if (match == MAYBE)
            break;
        if (match == MATCH)
            buf_append(out, blot, sizeof(blot) - 1);
        else
            buf_append(out, pending->data + at, 1);
        at += len;
    }
    memmove(pending->data, pending->data + at, pending->len - at);
    pending->len -= at;
}

void mask_feed(struct mask *mask, struct buf *pending, const char *bytes, size_t len,
               struct buf *out)
{
    buf_append(pending, bytes, len);
    if (pending->len > 0)
        advance(mask, pending, false, out);
}

void mask_finish(struct mask *mask, struct buf *pending, struct buf *out)
{
    if (pending->len > 0)
        advance(mask, pending, true, out);
}
