/* The type of lists of maps: checks, freezes. Each map fills one element of an array. */
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/jsonw.h"
#include "load_int.h"
#include "show_int.h"

static size_t count_of(const struct cfg_key *key, const void *base)
{
    size_t count;

    memcpy(&count, (const char *)base + key->entries->count_offset, sizeof(count));
    return count;
}

static const char *name_of(const struct cfg_key *key, const char *elements, size_t i)
{
    return field_pointer(elements + i * key->entries->size, key->entries->name_offset);
}

/* Names are how people tell the elements apart. */
static void check_name(struct loader *loader, const struct cfg_key *key, const struct node *node,
                       const char *elements, size_t i)
{
    const char *name = name_of(key, elements, i);

    for (size_t k = 0; k < i && name != NULL; k++) {
        const char *other = name_of(key, elements, k);
        if (other != NULL && strcasecmp(other, name) == 0)
            loader_problem(loader, node, "there are two of the name '%.64s' in this list", name);
    }
}

static void load_item(struct loader *loader, const struct cfg_key *key, const struct node *node,
                      char *elements, size_t i)
{
    char *element = elements + i * key->entries->size;

    if (node->kind == NODE_BAD)
        return;
    if (node->kind != NODE_MAP) {
        loader_expected(loader, node, "a map of keys and values");
        return;
    }
    loader_mark(loader, element, node);
    loader_fill_defaults(loader, key->table, element);
    loader_fill(loader, key->table, node, element);
    key->entries->finish(loader, node, i, element);
    check_name(loader, key, node, elements, i);
}

static void load_items(struct loader *loader, const struct cfg_key *key, const struct node *node,
                       void *base)
{
    const struct cfg_entries *entries = key->entries;
    size_t i = 0;

    if (node->kind != NODE_LIST) {
        loader_expected(loader, node, key->type->expects);
        return;
    }
    if ((int64_t)node->count > key->max) {
        loader_problem(loader, node, "%zu entries are too many: %d at most", node->count,
                       (int)key->max);
        return;
    }
    char *elements = arena_alloc(&loader->memory->arena, node->count * entries->size);
    for (const struct node *item = node->first; item != NULL; item = item->next)
        load_item(loader, key, item, elements, i++);
    field_set_pointer(base, key->offset, elements);
    memcpy((char *)base + entries->count_offset, &i, sizeof(i));
}

static bool has_items(const struct cfg_key *key, const void *base)
{
    return count_of(key, base) > 0;
}

/* The dash stands where the first key would be indented to. */
static void show_items(const struct cfg_key *key, const void *base, unsigned indent,
                       struct buf *out)
{
    const char *elements = field_pointer(base, key->offset);

    for (size_t i = 0; i < count_of(key, base); i++) {
        AUTO(buf) struct buf item = BUF_INIT(out->max);
        show_table(key->table, elements + i * key->entries->size, indent + 2, &item);
        show_indent(out, indent);
        buf_puts(out, "- ");
        buf_puts(out, buf_text(&item) + (item.len > indent + 2 ? indent + 2 : 0));
    }
}

static void schema_items(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_text(w, "type", "array");
    jsonw_int(w, "minItems", key->min);
    jsonw_int(w, "maxItems", key->max);
    jsonw_open_object(w, "items");
    schema_table(w, key->table);
    jsonw_close_object(w);
}

const struct cfg_type type_items = {
    .name = "list of maps",
    .expects = "a list of maps, such as [ { name: … } ]",
    .is_block = true,
    .load = load_items,
    .is_set = has_items,
    .show = show_items,
    .schema = schema_items,
};
