/* The types of maps: sections with known keys, and entries with names of the user's. */
#include <string.h>
#include <strings.h>

#include "base/jsonw.h"
#include "load_int.h"
#include "show_int.h"

static bool is_map_or_nothing(struct loader *loader, const struct cfg_key *key,
                              const struct node *node)
{
    if (node->kind == NODE_MAP || node_is_nothing(node))
        return true;
    loader_expected(loader, node, key->type->expects);
    return false;
}

/* ---- sections ---- */

static void load_section(struct loader *loader, const struct cfg_key *key, const struct node *node,
                         void *base)
{
    if (is_map_or_nothing(loader, key, node))
        loader_fill(loader, key->table, node, (char *)base + key->offset);
}

static bool section_is_set(const struct cfg_key *key, const void *base)
{
    return table_is_set(key->table, (const char *)base + key->offset);
}

static void show_section(const struct cfg_key *key, const void *base, unsigned indent,
                         struct buf *out)
{
    show_table(key->table, (const char *)base + key->offset, indent, out);
}

static void schema_section(const struct cfg_key *key, struct jsonw *w)
{
    schema_table(w, key->table);
}

const struct cfg_type type_section = {
    .name = "section",
    .expects = "a map of keys and values",
    .is_block = true,
    .load = load_section,
    .is_set = section_is_set,
    .show = show_section,
    .schema = schema_section,
};

/* ---- entries ---- */

/* The array being filled: those of the default first, then what the file adds. */
struct filling {
    const struct cfg_key *key;
    char *elements;
    size_t count;
    char *blank; /* an element with every default */
};

static size_t count_of(const struct cfg_key *key, const void *base)
{
    size_t count;

    memcpy(&count, (const char *)base + key->entries->count_offset, sizeof(count));
    return count;
}

static const char *name_of(const struct cfg_key *key, const void *element)
{
    return field_pointer(element, key->entries->name_offset);
}

static void *find_entry(const struct filling *filling, const char *name)
{
    for (size_t i = 0; i < filling->count; i++) {
        char *element = filling->elements + i * filling->key->entries->size;
        if (strcasecmp(name_of(filling->key, element), name) == 0)
            return element;
    }
    return NULL;
}

/* The element for this node, made when it is new; NULL: reported. */
static void *place_entry(struct loader *loader, struct filling *filling, const struct node *node)
{
    const struct cfg_entries *entries = filling->key->entries;
    const char *name = node->key->text;
    struct err err;

    if (!entries->syntax->check(name, &err)) {
        loader_problem(loader, node->key, "%s", err.text);
        return NULL;
    }
    if (entries->canonical != NULL)
        name = entries->canonical(&loader->memory->arena, name);
    char *element = find_entry(filling, name);
    if (element != NULL && strcmp(name_of(filling->key, element), name) != 0) {
        loader_problem(loader, node->key,
                       "'%.64s' is there already as '%.64s': case does not count", name,
                       name_of(filling->key, element));
        return NULL;
    }
    const struct place *place = element != NULL ? memory_find_place(loader->memory, element) : NULL;
    if (place != NULL) {
        loader_problem(loader, node->key, "'%.64s' is given twice, first on line %d", name,
                       place->line);
        return NULL;
    }
    if (element == NULL) {
        element = filling->elements + filling->count++ * entries->size;
        memcpy(element, filling->blank, entries->size);
        field_set_pointer(element, entries->name_offset, name);
    }
    return element;
}

static void load_entry(struct loader *loader, const struct cfg_key *key, const struct node *node,
                       void *element)
{
    const char *short_key = key->entries->short_key;

    if (short_key != NULL && node->kind != NODE_MAP && !node_is_nothing(node)) {
        const struct cfg_key *only = table_find(key->table, short_key);
        loader_mark(loader, (char *)element + only->offset, node);
        only->type->load(loader, only, node, element);
    } else if (is_map_or_nothing(loader, key, node)) {
        loader_fill(loader, key->table, node, element);
    }
}

static void fill_entries(struct loader *loader, struct filling *filling, const struct node *map)
{
    for (const struct node *node = map->first; node != NULL; node = node->next) {
        loader_enter(loader, node->key->text);
        void *element = place_entry(loader, filling, node);
        if (element != NULL) {
            loader_mark(loader, element, node->key);
            if (node->kind != NODE_BAD)
                load_entry(loader, filling->key, node, element);
            if (filling->key->entries->finish != NULL)
                filling->key->entries->finish(loader, node, filling->count, element);
        }
        loader_leave(loader);
    }
}

static void load_entries(struct loader *loader, const struct cfg_key *key, const struct node *node,
                         void *base)
{
    const struct cfg_entries *entries = key->entries;
    size_t before = count_of(key, base);
    size_t room = before + node->count;

    if (!is_map_or_nothing(loader, key, node))
        return;
    if ((int64_t)node->count < key->min) {
        loader_problem(loader, node, "there is no entry; %s", key->missing);
        return;
    }
    if ((int64_t)room > key->max) {
        loader_problem(loader, node, "%zu entries are too many: %d at most", room, (int)key->max);
        return;
    }
    struct filling filling = {
        .key = key,
        .elements = arena_alloc(&loader->memory->arena, room * entries->size),
        .count = before,
        .blank = arena_alloc(&loader->memory->arena, entries->size),
    };
    if (before > 0)
        memcpy(filling.elements, field_pointer(base, key->offset), before * entries->size);
    loader_fill_defaults(loader, key->table, filling.blank);
    fill_entries(loader, &filling, node);
    field_set_pointer(base, key->offset, filling.elements);
    memcpy((char *)base + entries->count_offset, &filling.count, sizeof(filling.count));
}

static bool has_entries(const struct cfg_key *key, const void *base)
{
    return count_of(key, base) > 0;
}

static void show_entries(const struct cfg_key *key, const void *base, unsigned indent,
                         struct buf *out)
{
    const char *elements = field_pointer(base, key->offset);

    for (size_t i = 0; i < count_of(key, base); i++) {
        const char *element = elements + i * key->entries->size;
        show_indent(out, indent);
        show_text(out, name_of(key, element));
        buf_puts(out, ":\n");
        show_table(key->table, element, indent + 2, out);
    }
}

/* An entry that is built in has from there what the others require. */
static void schema_entry(struct jsonw *w, const struct cfg_key *key)
{
    if (key->standard == NULL) {
        schema_table(w, key->table);
        return;
    }
    schema_map_type(w, true);
    schema_keys(w, key->table);
}

static void schema_entries(const struct cfg_key *key, struct jsonw *w)
{
    const struct cfg_entries *entries = key->entries;

    schema_map_type(w, key->min == 0);
    jsonw_int(w, "minProperties", key->min);
    jsonw_int(w, "maxProperties", key->max);
    jsonw_open_object(w, "propertyNames");
    schema_syntax(w, entries->syntax);
    jsonw_close_object(w);
    jsonw_open_object(w, "additionalProperties");
    if (entries->short_key != NULL) {
        jsonw_open_array(w, "anyOf");
        schema_key(w, NULL, table_find(key->table, entries->short_key));
        jsonw_open_object(w, NULL);
        schema_table(w, key->table);
        jsonw_close_object(w);
        jsonw_close_array(w);
    } else {
        schema_entry(w, key);
    }
    jsonw_close_object(w);
}

const struct cfg_type type_entries = {
    .name = "map",
    .expects = "a map of names and what belongs to them",
    .is_block = true,
    .load = load_entries,
    .is_set = has_entries,
    .show = show_entries,
    .schema = schema_entries,
};
