#include "load_int.h"

#include <assert.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "problems_int.h"
#include "windows_int.h"

/* Stands for a map that the file does not hold. */
static const struct node nothing = {.kind = NODE_TEXT, .is_plain = true, .text = ""};

void loader_enter(struct loader *loader, const char *name)
{
    assert(loader->path_count < ARRAY_LEN(loader->path));
    loader->path[loader->path_count++] = name;
}

void loader_leave(struct loader *loader)
{
    assert(loader->path_count > 0);
    loader->path_count--;
}

void loader_problem(struct loader *loader, const struct node *node, const char *fmt, ...)
{
    AUTO(buf) struct buf path = BUF_INIT(4096);
    char text[sizeof(loader->problems->items[0].text)];
    va_list args;

    for (size_t i = 0; i < loader->path_count; i++)
        buf_printf(&path, "%s%.80s", i > 0 ? "." : "", loader->path[i]);
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    problems_add(loader->problems, node->line, node->column, "%.200s%s%s", buf_text(&path),
                 path.len > 0 ? ": " : "", text);
}

void loader_expected(struct loader *loader, const struct node *node, const char *expected)
{
    loader_problem(loader, node, "expected %s, found %s", expected, node_describe(node));
}

void loader_mark(struct loader *loader, const void *field, const struct node *node)
{
    if (node->line == 0)
        return;
    struct place *place = arena_alloc(&loader->memory->arena, sizeof(*place));
    *place = (struct place){
        .field = field,
        .line = node->line,
        .column = node->column,
        .next = loader->memory->places,
    };
    loader->memory->places = place;
}

const struct place *memory_find_place(const struct cfg_memory *memory, const void *field)
{
    const struct place *place = memory->places;

    while (place != NULL && place->field != field)
        place = place->next;
    return place;
}

const char *loader_text(struct loader *loader, const struct node *node, const char *expected,
                        const struct cfg_syntax *syntax)
{
    struct err err;

    if (node->kind != NODE_TEXT || node_is_nothing(node)) {
        loader_expected(loader, node, expected);
        return NULL;
    }
    if (syntax != NULL && !syntax->check(node->text, &err)) {
        loader_problem(loader, node, "%s", err.text);
        return NULL;
    }
    return node->text;
}

const char *loader_resolve(struct loader *loader, const char *path)
{
    if (path[0] == '/')
        return path;
    while (path[0] == '.' && path[1] == '/')
        path += 1 + strspn(path + 1, "/");
    return arena_format(&loader->memory->arena, "%s%s%s", loader->folder,
                        loader->folder[1] == '\0' ? "" : "/", path);
}

/* Where in the whole file a key of this name belongs: "limits", "" for the top; false: nowhere.
 * Tables are a few levels deep, hence the recursion. */
static bool find_home(const struct cfg_table *table, const char *path, const char *name,
                      struct buf *ret_path)
{
    if (table_find(table, name) != NULL) {
        buf_puts(ret_path, path);
        return true;
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct cfg_key *key = &table->keys[i];
        AUTO(buf) struct buf inner = BUF_INIT(ERR_TEXT_SIZE);
        buf_printf(&inner, "%s%s%s", path, path[0] != '\0' ? "." : "", key->name);
        if (key->entries != NULL)
            buf_printf(&inner, ".%s", key->entries->name);
        if (key->table != NULL && find_home(key->table, buf_text(&inner), name, ret_path))
            return true;
    }
    return false;
}

static void report_unknown(struct loader *loader, const struct cfg_table *table,
                           const struct node *key)
{
    AUTO(buf) struct buf names = BUF_INIT(ERR_TEXT_SIZE);
    AUTO(buf) struct buf advice = BUF_INIT(ERR_TEXT_SIZE);
    AUTO(buf) struct buf home = BUF_INIT(ERR_TEXT_SIZE);
    struct nearest nearest = {.text = key->text};

    for (size_t i = 0; i < table->count; i++) {
        nearest_offer(&nearest, table->keys[i].name);
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", table->keys[i].name);
    }
    if (nearest.best != NULL)
        buf_printf(&advice, "did you mean '%s'? ", nearest.best);
    else if (find_home(&cfg_root, "", key->text, &home))
        buf_printf(&advice, "it belongs %s%s; ", home.len > 0 ? "under " : "to the top level",
                   buf_text(&home));
    problems_add(loader->problems, key->line, key->column, "unknown key '%.64s'; %svalid here: %s",
                 key->text, buf_text(&advice), buf_text(&names));
}

static void fill_key(struct loader *loader, const struct cfg_key *key, const struct node *node,
                     void *base)
{
    loader_enter(loader, key->name);
    if (key->type != &type_section) /* a section begins where its first key does */
        loader_mark(loader, (char *)base + key->offset, node);
    if (node->kind != NODE_BAD)
        key->type->load(loader, key, node, base);
    loader_leave(loader);
}

/* A required key that neither file nor default gives. A required section is looked into, so that
 * the report names what it lacks. */
static void check_missing(struct loader *loader, const struct cfg_key *key, const struct node *node,
                          void *base)
{
    if (key->missing == NULL || key->type->is_set(key, base))
        return;
    loader_enter(loader, key->name);
    if (key->type == &type_section)
        key->type->load(loader, key, &nothing, base);
    else
        loader_problem(loader, node, "%s", key->missing);
    loader_leave(loader);
}

void loader_fill(struct loader *loader, const struct cfg_table *table, const struct node *node,
                 void *base)
{
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        const struct cfg_key *key = table_find(table, value->key->text);
        if (key == NULL)
            report_unknown(loader, table, value->key);
        else
            fill_key(loader, key, value, base);
    }
    for (size_t i = 0; i < table->count; i++) {
        if (node->kind != NODE_MAP || node_find(node, table->keys[i].name) == NULL)
            check_missing(loader, &table->keys[i], node, base);
    }
}

void loader_fill_defaults(struct loader *loader, const struct cfg_table *table, void *base)
{
    size_t before = loader->problems->count;

    for (size_t i = 0; i < table->count; i++) {
        const struct cfg_key *key = &table->keys[i];
        if (key->type == &type_section)
            loader_fill_defaults(loader, key->table, (char *)base + key->offset);
        if (key->standard == NULL)
            continue;
        const struct node *node = tree_parse_default(&loader->memory->arena, key->standard);
        key->type->load(loader, key, node, base);
    }
    assert(loader->problems->count == before); /* defaults are valid */
}

/* The folder of the file, absolute; false: reported. */
static bool find_folder(struct loader *loader, const char *path)
{
    struct arena *arena = &loader->memory->arena;
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    char current[PATH_MAX];

    if (path[0] == '/') {
        loader->folder = arena_text(arena, path, len == 0 ? 1 : len);
        return true;
    }
    if (getcwd(current, sizeof(current)) == NULL) {
        problems_add(loader->problems, 0, 0,
                     "the current folder cannot be told: give the path of "
                     "the configuration from / on");
        return false;
    }
    loader->folder = len == 0 ? arena_text(arena, current, strlen(current))
                              : arena_format(arena, "%s/%.*s", current, (int)len, path);
    return true;
}

static void load_tree(struct loader *loader, const struct node *root)
{
    struct cfg *cfg = &loader->memory->cfg;

    loader_fill_defaults(loader, &cfg_root, cfg);
    if (root->kind != NODE_MAP && !node_is_nothing(root)) {
        loader_expected(loader, root, "a map of keys and values");
        return;
    }
    struct node whole = *root; /* what lacks a key is the file, not its first line */
    whole.line = whole.column = 0;
    loader_fill(loader, &cfg_root, &whole, cfg);
    rules_apply(loader);
}

static void load_text(struct loader *loader, const char *path, const char *text, size_t len)
{
    struct cfg_memory *memory = loader->memory;
    size_t before = loader->problems->count;

    memory->cfg.path = arena_text(&memory->arena, path, strlen(path));
    memory->cfg.memory = memory;
    if (!find_folder(loader, path))
        return;
    const struct node *root = tree_parse(&memory->arena, text, len, loader->problems);
    if (root == NULL && loader->problems->count == before)
        root = &nothing;
    if (root != NULL && root->kind != NODE_BAD)
        load_tree(loader, root);
}

bool cfg_load_text(const char *path, const char *text, size_t len, struct cfg **ret_cfg,
                   struct cfg_problems *problems)
{
    problems->count = 0;
    if (len > CFG_FILE_BYTES_MAX) {
        problems_add(problems, 0, 0, "larger than %zu bytes", CFG_FILE_BYTES_MAX);
        return false;
    }
    struct cfg_memory *memory = calloc(1, sizeof(*memory));
    if (memory == NULL) {
        problems_add(problems, 0, 0, "out of memory");
        return false;
    }
    struct loader loader = {.memory = memory, .problems = problems};
    load_text(&loader, path, text != NULL ? text : "", len);
    if (problems->count > 0) {
        problems_sort(problems);
        cfg_free(&memory->cfg);
        return false;
    }
    *ret_cfg = &memory->cfg;
    return true;
}

bool cfg_load(const char *path, struct cfg **ret_cfg, struct cfg_problems *problems)
{
    AUTO(buf) struct buf text = BUF_INIT(CFG_FILE_BYTES_MAX);
    struct err err;

    problems->count = 0;
    if (!file_read(path, &text, &err)) {
        problems_add(problems, 0, 0, "%s", err.text);
        return false;
    }
    return cfg_load_text(path, text.data, text.len, ret_cfg, problems);
}

void cfg_free(struct cfg *cfg)
{
    if (cfg == NULL)
        return;
    struct cfg_memory *memory = cfg->memory;
    cfg_forget_secrets(cfg);
    windows_done(memory);
    arena_done(&memory->arena);
    free(memory);
}
