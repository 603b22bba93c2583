/* Words: one of several, and the types that keep words as bools. */
#include <string.h>

#include "base/attr.h"
#include "base/jsonw.h"
#include "load_int.h"
#include "problems_int.h"
#include "show_int.h"

static bool always_set(const struct cfg_key *key UNUSED, const void *base UNUSED)
{
    return true;
}

int loader_word(struct loader *loader, const struct cfg_key *key, const struct node *node)
{
    const char *text = loader_text(loader, node, "a word", key->syntax);
    struct nearest nearest = {.text = text};
    char type[DESCRIPTION_SIZE];

    if (text == NULL)
        return -1;
    for (int i = 0; key->choices[i] != NULL; i++) {
        if (strcmp(key->choices[i], text) == 0)
            return i;
        nearest_offer(&nearest, key->choices[i]);
    }
    describe_type(key, type);
    if (nearest.best != NULL)
        loader_problem(loader, node, "expected %s, found '%.64s'; did you mean '%s'?", type, text,
                       nearest.best);
    else
        loader_problem(loader, node, "expected %s, found '%.64s'", type, text);
    return -1;
}

void schema_words(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_open_array(w, "enum");
    for (size_t i = 0; key->choices[i] != NULL; i++)
        jsonw_text(w, NULL, key->choices[i]);
    jsonw_close_array(w);
}

/* ---- one of two ---- */

static void load_either(struct loader *loader, const struct cfg_key *key, const struct node *node,
                        void *base)
{
    int i = loader_word(loader, key, node);
    bool value = i == 1;

    if (i >= 0)
        memcpy((char *)base + key->offset, &value, sizeof(value));
}

static void show_either(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                        struct buf *out)
{
    bool value;

    memcpy(&value, (const char *)base + key->offset, sizeof(value));
    buf_puts(out, key->choices[value]);
}

const struct cfg_type type_either = {
    .name = "one of",
    .expects = "a word",
    .load = load_either,
    .is_set = always_set,
    .show = show_either,
    .schema = schema_words,
};

/* ---- any of several: bools side by side, one for each ---- */

static void load_words(struct loader *loader, const struct cfg_key *key, const struct node *node,
                       void *base)
{
    bool *values = (bool *)(void *)((char *)base + key->offset);

    if (node->kind != NODE_LIST) {
        loader_expected(loader, node, key->type->expects);
        return;
    }
    for (size_t i = 0; key->choices[i] != NULL; i++)
        values[i] = false;
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        int i = item->kind == NODE_BAD ? -1 : loader_word(loader, key, item);
        if (i >= 0)
            values[i] = true;
    }
}

static void show_words(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                       struct buf *out)
{
    const bool *values = (const bool *)(const void *)((const char *)base + key->offset);
    bool is_any = false;

    buf_putc(out, '[');
    for (size_t i = 0; key->choices[i] != NULL; i++) {
        if (values[i])
            buf_printf(out, "%s %s", is_any ? "," : "", key->choices[i]);
        is_any = is_any || values[i];
    }
    buf_puts(out, " ]");
}

static void schema_list_of_words(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_text(w, "type", "array");
    jsonw_open_object(w, "items");
    schema_words(key, w);
    jsonw_close_object(w);
}

const struct cfg_type type_words = {
    .name = "list of",
    .expects = "a list such as [ authors ]",
    .load = load_words,
    .is_set = always_set,
    .show = show_words,
    .schema = schema_list_of_words,
};
