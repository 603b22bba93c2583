#include "oracles/probes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"

#define WORDS_MAX     16
#define PROBES_MAX    256
#define EXPANDED_MAX  (64 * KIB)
#define LINE_FORMAT   " %63[^|] | %d %31s | %n"
#define WORD_FORMAT   "= %31s %n"
#define REPEAT_FORMAT "%zu*%n"

struct words {
    size_t count;
    struct {
        char name[32];
        char *text; /* owned */
    } of[WORDS_MAX];
};

static void give_up(const char *why, const char *text)
{
    fprintf(stderr, "probes: %s: %s\n", why, text);
    abort();
}

static const char *word(const struct words *words, const char *name, size_t len)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strlen(words->of[i].name) == len && strncmp(words->of[i].name, name, len) == 0)
            return words->of[i].text;
    }
    give_up("no such word", name);
    return NULL;
}

/* The byte that begins at the backslash; *ret_used characters stand for it. */
static char escaped(const char *text, size_t *ret_used)
{
    static const char names[] = "rnt\\|";
    static const char bytes[] = "\r\n\t\\|";
    unsigned byte = 0;
    const char *name = text[1] != '\0' ? strchr(names, text[1]) : NULL;

    *ret_used = name != NULL ? 2 : 4;
    if (name != NULL)
        return bytes[name - names];
    if (sscanf(text, "\\x%2x", &byte) != 1)
        give_up("no such escape", text);
    return (char)byte;
}

/* Adds text to out with its escapes, words and repetitions replaced. Words nest; repetitions do
 * not hold any. */
static void expand(const struct words *words, const char *text, size_t len, struct buf *out)
{
    for (size_t at = 0, used = 1; at < len; at += used) {
        size_t times = 0;
        int prefix = 0;
        used = 1;
        if (text[at] == '\\') {
            buf_putc(out, escaped(text + at, &used));
        } else if (text[at] != '<') {
            buf_putc(out, text[at]);
        } else {
            const char *inner = text + at + 1;
            size_t inner_len = strcspn(inner, ">");
            used = inner_len + 2;
            if (sscanf(inner, REPEAT_FORMAT, &times, &prefix) != 1 || prefix == 0) {
                const char *meaning = word(words, inner, inner_len);
                expand(words, meaning, strlen(meaning), out);
            }
            for (; times > 0 && prefix > 0; times--)
                expand(words, inner + prefix, inner_len - (size_t)prefix, out);
        }
    }
}

static void read_word(struct words *words, const char *line)
{
    int at = 0;

    if (words->count == WORDS_MAX)
        give_up("too many words", line);
    if (sscanf(line, WORD_FORMAT, words->of[words->count].name, &at) != 1 || at == 0)
        give_up("a word is `= NAME TEXT`", line);
    words->of[words->count++].text = strdup(line + at);
}

static void read_probe(const struct words *words, const char *line, struct probe *probe)
{
    struct buf bytes = BUF_INIT(EXPANDED_MAX);
    int at = 0;

    if (sscanf(line, LINE_FORMAT, probe->name, &probe->status, probe->reason, &at) != 3 || at == 0)
        give_up("a probe is `NAME | STATUS REASON | TEXT`", line);
    for (size_t len = strlen(probe->name); probe->name[len - 1] == ' '; len--)
        probe->name[len - 1] = '\0';
    expand(words, line + at, strlen(line + at), &bytes);
    if (bytes.failed)
        give_up("longer than EXPANDED_MAX", line);
    probe->bytes = bytes.data;
    probe->len = bytes.len;
}

struct probe *probes_read(const char *path, size_t *ret_count)
{
    struct probe *probes = calloc(PROBES_MAX, sizeof(*probes));
    struct words words = {0};
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;

    if (probes == NULL || file == NULL)
        give_up("cannot be read", path);
    *ret_count = 0;
    while (getline(&line, &size, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '=')
            read_word(&words, line);
        else if (line[0] != '#' && line[0] != '\0' && *ret_count < PROBES_MAX)
            read_probe(&words, line, &probes[(*ret_count)++]);
    }
    free(line);
    fclose(file);
    for (size_t i = 0; i < words.count; i++)
        free(words.of[i].text);
    return probes;
}

void probes_free(struct probe *probes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(probes[i].bytes);
    free(probes);
}
