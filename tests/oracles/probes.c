#include "oracles/probes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"

#define WORDS_MAX    16
#define PROBES_MAX   256
#define EXPANDED_MAX (64 * KIB)
#define LINE_FORMAT  " %63[^|] | %3s %31s | %n"
#define WORD_FORMAT  "= %31s %n"

struct words {
    size_t count;
    struct {
        char name[32];
        char text[512];
    } of[WORDS_MAX];
};

static void give_up(const char *why, const char *text)
{
    fprintf(stderr, "probes: %s: %s\n", why, text);
    abort();
}

static const char *meaning_of(const struct words *words, const char *name, size_t len)
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
    char digits[3] = "";
    const char *name = text[1] != '\0' ? strchr(names, text[1]) : NULL;

    *ret_used = name != NULL ? 2 : 4;
    if (name != NULL)
        return bytes[name - names];
    if (sscanf(text, "\\x%2[0-9A-F]", digits) != 1 || digits[1] == '\0')
        give_up("no such escape", text);
    return (char)strtoul(digits, NULL, 16);
}

static void expand(const struct words *words, const char *text, size_t len, struct buf *out);

/* What stands between < and >: a word, or N*TEXT. */
static void expand_inner(const struct words *words, const char *inner, size_t len, struct buf *out)
{
    char *repeated = NULL;
    unsigned long times = strtoul(inner, &repeated, 10);

    if (repeated == inner || *repeated != '*') {
        const char *meaning = meaning_of(words, inner, len);
        expand(words, meaning, strlen(meaning), out);
        return;
    }
    for (repeated++; times > 0; times--)
        expand(words, repeated, len - (size_t)(repeated - inner), out);
}

/* Adds text to out with its escapes, words and repetitions replaced. Words nest. */
static void expand(const struct words *words, const char *text, size_t len, struct buf *out)
{
    for (size_t at = 0, used = 1; at < len; at += used) {
        used = 1;
        if (text[at] == '\\') {
            buf_putc(out, escaped(text + at, &used));
        } else if (text[at] == '<') {
            used = strcspn(text + at, ">") + 1;
            expand_inner(words, text + at + 1, used - 2, out);
        } else {
            buf_putc(out, text[at]);
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
    if (strlen(line + at) >= sizeof(words->of[0].text))
        give_up("too long for a word", line);
    memcpy(words->of[words->count++].text, line + at, strlen(line + at) + 1);
}

static void read_probe(const struct words *words, const char *line, struct probe *probe)
{
    struct buf bytes = BUF_INIT(EXPANDED_MAX);
    char status[4] = "";
    int at = 0;

    if (sscanf(line, LINE_FORMAT, probe->name, status, probe->reason, &at) != 3 || at == 0)
        give_up("a probe is `NAME | STATUS REASON | TEXT`", line);
    probe->status = (int)strtol(status, NULL, 10);
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
    return probes;
}

void probes_free(struct probe *probes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(probes[i].bytes);
    free(probes);
}
