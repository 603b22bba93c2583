/* docs/config.md: the manual of the configuration, from the tables. */
#include <string.h>

#include "cfg/cfg.h"
#include "show_int.h"

#define PATH_BYTES_MAX 512

static const char intro[] =
    "# envflow.yaml\n"
    "\n"
    "This page is made from the table that loads the file (`src/cfg/table.c`); a test compares "
    "them.\n"
    "\n"
    "One YAML file holds the configuration. `envflow init` writes a short one to begin with, "
    "`envflow config check` says\n"
    "what is wrong with one, `envflow config show` prints it with every default, and `envflow "
    "config schema` prints a JSON\n"
    "Schema for editors (also in `docs/envflow.schema.json`).\n"
    "\n"
    "- Relative paths start at the folder of the file.\n"
    "- Durations have one unit: `500ms`, `10s`, `5m`, `2h`, `7d`. Sizes are bytes, or `16KiB`, "
    "`25MiB`, `1GiB`.\n"
    "- Only `true` and `false` are truth values; `yes`, `no`, `on` and `off` are text.\n"
    "- Unknown and repeated keys are errors. Anchors, aliases, tags, merge keys and a second "
    "document are refused.\n"
    "- Text that begins with `*`, such as `\"*/*\"`, needs quotes: YAML takes it for an alias.\n"
    "- Secrets never stand in the file: it says where they are.\n"
    "\n"
    "For completion in an editor, run `envflow config schema > envflow.schema.json` beside the "
    "file, and begin the file with\n"
    "`# yaml-language-server: $schema=envflow.schema.json`. The schema knows every key and the "
    "form of every value; what takes\n"
    "more than one key to judge (does the flow exist, can it deploy), and the bounds of a "
    "duration or a size with a unit,\n"
    "only `envflow config check` knows.\n"
    "\n"
    "## To begin with\n"
    "\n"
    "```yaml\n";

/* A cell of a table: '|' would end it. */
static void put_cell(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|')
            buf_putc(out, '\\');
        buf_putc(out, *text);
    }
}

static bool has_section(const struct cfg_key *key)
{
    return key->table != NULL && key->type->is_block;
}

static void put_default(struct buf *out, const struct cfg_key *key)
{
    if (key->missing != NULL)
        buf_puts(out, "required");
    else if (key->computed != NULL)
        put_cell(out, key->computed);
    else if (key->standard != NULL)
        buf_printf(out, "`%s`", key->standard);
    else
        buf_puts(out, "none");
}

static void put_row(struct buf *out, const struct cfg_key *key)
{
    char type[DESCRIPTION_SIZE];

    buf_printf(out, "| `%s` | ", key->name);
    put_cell(out, describe_type(key, type));
    buf_puts(out, " | ");
    put_default(out, key);
    buf_puts(out, " | ");
    put_cell(out, key->text);
    if (key->example != NULL)
        buf_printf(out, " Example: `%s`", key->example);
    buf_puts(out, " |\n");
}

/* Keys with a value of their own; sections follow with headings of theirs. */
static void put_rows(struct buf *out, const struct cfg_table *table)
{
    bool is_begun = false;

    for (size_t i = 0; i < table->count; i++) {
        if (has_section(&table->keys[i]))
            continue;
        if (!is_begun)
            buf_puts(out, "\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n");
        is_begun = true;
        put_row(out, &table->keys[i]);
    }
}

static void put_sections(struct buf *out, const struct cfg_table *table, const char *path);

static void put_entries_intro(struct buf *out, const struct cfg_key *key)
{
    if (key->entries == NULL)
        return;
    if (key->entries->name == NULL) {
        buf_printf(out, "\nA list of at most %d maps with these keys.\n", (int)key->max);
        if (key->example != NULL)
            buf_printf(out, "\nExample: `%s`\n", key->example);
        return;
    }
    buf_printf(out, "\nKeys are names of your own (`%s`), at most %d.", key->entries->name,
               (int)key->max);
    if (key->entries->short_key != NULL)
        buf_printf(out, " An entry that is no map gives its `%s`.", key->entries->short_key);
    buf_putc(out, '\n');
    if (key->standard != NULL)
        buf_printf(out, "\nBuilt in: `%s`\n", key->standard);
    if (key->example != NULL)
        buf_printf(out, "\nExample: `%s`\n", key->example);
}

static void put_section(struct buf *out, const struct cfg_key *key, const char *path)
{
    AUTO(buf) struct buf inner = BUF_INIT(PATH_BYTES_MAX);

    buf_printf(&inner, "%s%s%s", path, path[0] != '\0' ? "." : "", key->name);
    buf_printf(out, "\n## `%s`\n\n%s\n", buf_text(&inner), key->text);
    put_entries_intro(out, key);
    if (key->entries != NULL && key->entries->name != NULL)
        buf_printf(&inner, ".%s", key->entries->name);
    put_rows(out, key->table);
    put_sections(out, key->table, buf_text(&inner));
}

/* A list on one line whose entries are maps, or may be. */
static void put_references(struct buf *out, const struct cfg_key *key, const char *path)
{
    if (key->type == &type_secrets)
        buf_printf(out, "\nEach of `%s.%s` has one of these keys:\n", path, key->name);
    else
        buf_printf(out, "\nEach of `%s.%s` is text, or a map with these keys:\n", path, key->name);
    put_rows(out, key->table);
}

/* Tables are a few levels deep, hence the recursion. */
static void put_sections(struct buf *out, const struct cfg_table *table, const char *path)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct cfg_key *key = &table->keys[i];
        if (has_section(key))
            put_section(out, key, path);
        else if (key->table != NULL)
            put_references(out, key, path);
    }
}

void cfg_document(struct buf *out)
{
    buf_puts(out, intro);
    cfg_starter(out);
    buf_puts(out, "```\n\n## The whole file\n");
    put_rows(out, &cfg_root);
    put_sections(out, &cfg_root, "");
}
