/* The types of lists: texts, addresses, a command, secrets. */
#include <assert.h>
#include <string.h>

#include "base/attr.h"
#include "base/jsonw.h"
#include "load_int.h"
#include "problems_int.h"
#include "show_int.h"

typedef const char *list_item_fn(struct loader *loader, const char *text, size_t i);

static bool has_list(const struct cfg_key *key, const void *base)
{
    return field_pointer(base, key->offset) != NULL;
}

/* False: reported. */
static bool check_list(struct loader *loader, const struct cfg_key *key, const struct node *node)
{
    if (node->kind != NODE_LIST) {
        loader_expected(loader, node, key->type->expects);
        return false;
    }
    if ((int64_t)node->count < key->min) {
        loader_problem(loader, node, "the list is empty; expected %s", key->type->expects);
        return false;
    }
    if ((int64_t)node->count > key->max) {
        loader_problem(loader, node, "%zu values are too many: %d at most", node->count,
                       (int)key->max);
        return false;
    }
    return true;
}

/* Store the texts of count nodes, NULL-terminated, each as `item` makes it. */
static void load_items(struct loader *loader, const struct cfg_key *key, const struct node *first,
                       size_t count, list_item_fn *item, void *base)
{
    const char **texts = arena_alloc(&loader->memory->arena, (count + 1) * sizeof(*texts));
    const struct node *node = first;
    bool is_valid = true;

    for (size_t i = 0; i < count; i++, node = node->next) {
        const char *text =
            node->kind == NODE_BAD ? NULL : loader_text(loader, node, "text", key->syntax);
        if (text == NULL)
            is_valid = false;
        else
            texts[i] = item(loader, text, i);
    }
    if (is_valid)
        field_set_pointer(base, key->offset, texts);
}

static const char *item_as_is(struct loader *loader UNUSED, const char *text, size_t i UNUSED)
{
    return text;
}

/* The program: found through PATH by its name alone, else beside the configuration. */
static const char *item_of_command(struct loader *loader, const char *text, size_t i)
{
    return i == 0 && strchr(text, '/') != NULL ? loader_resolve(loader, text) : text;
}

static void load_texts(struct loader *loader, const struct cfg_key *key, const struct node *node,
                       void *base)
{
    if (check_list(loader, key, node))
        load_items(loader, key, node->first, node->count, item_as_is, base);
}

static void load_addresses(struct loader *loader, const struct cfg_key *key,
                           const struct node *node, void *base)
{
    if (node->kind == NODE_TEXT && !node_is_nothing(node))
        load_items(loader, key, node, 1, item_as_is, base);
    else
        load_texts(loader, key, node, base);
}

static void load_command(struct loader *loader, const struct cfg_key *key, const struct node *node,
                         void *base)
{
    if (!check_list(loader, key, node))
        return;
    if (node->first->kind == NODE_TEXT && node->first->text[0] == '\0')
        loader_problem(loader, node->first, "the name of the program is empty");
    else
        load_items(loader, key, node->first, node->count, item_of_command, base);
}

static void show_list(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                      struct buf *out)
{
    show_texts(out, field_pointer(base, key->offset));
}

static void schema_counts(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_int(w, "minItems", key->min);
    jsonw_int(w, "maxItems", key->max);
}

static void schema_texts(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_text(w, "type", "array");
    schema_counts(key, w);
    jsonw_open_object(w, "items");
    schema_text_type(w, key->syntax);
    schema_syntax(w, key->syntax);
    jsonw_close_object(w);
}

static void schema_addresses(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_open_array(w, "anyOf");
    jsonw_open_object(w, NULL);
    schema_text_type(w, key->syntax);
    schema_syntax(w, key->syntax);
    jsonw_close_object(w);
    jsonw_open_object(w, NULL);
    schema_texts(key, w);
    jsonw_close_object(w);
    jsonw_close_array(w);
}

const struct cfg_type type_texts = {
    .name = "list of texts",
    .expects = "a list such as [ a, b ]",
    .load = load_texts,
    .is_set = has_list,
    .show = show_list,
    .schema = schema_texts,
};
const struct cfg_type type_addresses = {
    .name = "address, or list of them",
    .expects = "an address or a list of them",
    .load = load_addresses,
    .is_set = has_list,
    .show = show_list,
    .schema = schema_addresses,
};
const struct cfg_type type_command = {
    .name = "list: program and arguments",
    .expects = "a list: the program and its arguments, such as [ ./deploy.sh, dev-int ]; no shell "
               "takes it apart",
    .load = load_command,
    .is_set = has_list,
    .show = show_list,
    .schema = schema_texts,
};

/* ---- secrets: a list of maps with one key each, which says where the secret is ---- */

static const char inline_secret[] =
    "a secret never stands in this file, which gets copied, committed and shown: put it into a "
    "file of mode 0600 and name that, as { file: ./webhook-secret }, or use { env: NAME } or "
    "{ credential: NAME }";

static struct cfg_secret *secrets_of(const struct cfg_key *key, void *base)
{
    return (struct cfg_secret *)(void *)((char *)base + key->offset);
}

static size_t count_of(const struct cfg_key *key, const void *base)
{
    size_t count;

    memcpy(&count, (const char *)base + key->count_offset, sizeof(count));
    return count;
}

static void load_secret(struct loader *loader, const struct cfg_key *key, const struct node *node,
                        struct cfg_secret *secret)
{
    if (node->kind == NODE_TEXT && !node_is_nothing(node)) {
        loader_problem(loader, node, "%s", inline_secret);
        return;
    }
    if (node->kind != NODE_MAP || node->count != 1) {
        loader_problem(
            loader, node,
            "expected exactly one of { file: PATH }, { env: NAME }, { credential: NAME }");
        return;
    }
    const struct cfg_key *source = table_find(key->table, node->first->key->text);
    loader_fill(loader, key->table, node, secret);
    if (source != NULL)
        secret->kind = (enum cfg_secret_kind)(source - key->table->keys);
    loader_mark(loader, secret, node);
}

static void load_secrets(struct loader *loader, const struct cfg_key *key, const struct node *node,
                         void *base)
{
    struct cfg_secret *secrets = secrets_of(key, base);
    size_t i = 0;

    if (node->kind == NODE_TEXT && !node_is_nothing(node)) {
        loader_problem(loader, node, "%s", inline_secret);
        return;
    }
    if (!check_list(loader, key, node))
        return;
    for (const struct node *item = node->first; item != NULL; item = item->next, i++) {
        if (item->kind != NODE_BAD)
            load_secret(loader, key, item, &secrets[i]);
    }
    memcpy((char *)base + key->count_offset, &i, sizeof(i));
}

static bool has_secrets(const struct cfg_key *key, const void *base)
{
    return count_of(key, base) > 0;
}

static void show_secrets(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                         struct buf *out)
{
    const struct cfg_secret *secrets =
        (const struct cfg_secret *)(const void *)((const char *)base + key->offset);

    buf_putc(out, '[');
    for (size_t i = 0; i < count_of(key, base); i++) {
        buf_printf(out, "%s { %s: ", i == 0 ? "" : ",", key->table->keys[secrets[i].kind].name);
        show_text(out, secrets[i].name);
        buf_puts(out, " }");
    }
    buf_puts(out, " ]");
}

static void schema_secrets(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_text(w, "type", "array");
    schema_counts(key, w);
    jsonw_open_object(w, "items");
    schema_map_type(w, false);
    schema_keys(w, key->table);
    jsonw_int(w, "minProperties", 1);
    jsonw_int(w, "maxProperties", 1);
    jsonw_close_object(w);
}

const struct cfg_type type_secrets = {
    .name = "list of references",
    .expects = "a list such as [ { file: ./webhook-secret } ]",
    .load = load_secrets,
    .is_set = has_secrets,
    .show = show_secrets,
    .schema = schema_secrets,
};
