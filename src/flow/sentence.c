#include "sentence_int.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void cut(struct sentence *sentence)
{
    static const char mark[] = "…";
    size_t at = sentence->size - sizeof(mark);

    /* Bytes 10xxxxxx go on with the character before them. */
    while (at > 0 && ((unsigned char)sentence->text[at] & 0xc0U) == 0x80)
        at--;
    memcpy(sentence->text + at, mark, sizeof(mark));
    sentence->len = at + sizeof(mark) - 1;
    sentence->is_full = true;
}

void sentence_add(struct sentence *sentence, const char *fmt, ...)
{
    size_t room = sentence->size - sentence->len;

    if (sentence->is_full)
        return;
    va_list args;
    va_start(args, fmt);
    int wanted = vsnprintf(sentence->text + sentence->len, room, fmt, args);
    va_end(args);
    if (wanted < 0 || (size_t)wanted >= room)
        cut(sentence);
    else
        sentence->len += (size_t)wanted;
}

void sentence_add_item(struct sentence *sentence, size_t index, size_t count, const char *joint,
                       const char *item)
{
    if (index > 0 && index + 1 < count)
        sentence_add(sentence, ", ");
    else if (index > 0)
        sentence_add(sentence, " %s ", joint);
    sentence_add(sentence, "%s", item);
}

void sentence_add_count(struct sentence *sentence, int64_t count, const char *singular)
{
    sentence_add(sentence, "%" PRId64 " %s%s", count, singular, count == 1 ? "" : "s");
}
