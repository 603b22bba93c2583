/* The file that `envflow init` writes: the keys that the tables give a starter value. */
#include <string.h>

#include "cfg/cfg.h"
#include "show_int.h"

static void put_keys(struct buf *out, const struct cfg_table *table, unsigned indent);

static bool is_mentioned(const struct cfg_key *key)
{
    if (key->starter != NULL)
        return true;
    for (size_t i = 0; key->table != NULL && i < key->table->count; i++) {
        if (is_mentioned(&key->table->keys[i]))
            return true;
    }
    return false;
}

/* The first sentence of the manual: up to a full stop with a space behind it. */
static void put_comment(struct buf *out, const char *text, unsigned indent)
{
    const char *end = strstr(text, ". ");
    size_t len = end != NULL ? (size_t)(end - text) + 1 : strlen(text);

    show_indent(out, indent);
    buf_puts(out, "# ");
    buf_append(out, text, len);
    buf_putc(out, '\n');
}

static void put_entry(struct buf *out, const struct cfg_key *key, unsigned indent)
{
    show_indent(out, indent);
    show_text(out, key->entries->starter);
    if (key->starter != NULL) {
        buf_printf(out, ": %s\n", key->starter);
        return;
    }
    buf_puts(out, ":\n");
    put_keys(out, key->table, indent + 2);
}

/* Tables are a few levels deep, hence the recursion. */
static void put_key(struct buf *out, const struct cfg_key *key, unsigned indent)
{
    if (key->starter != NULL || key->entries != NULL)
        put_comment(out, key->text, indent);
    show_indent(out, indent);
    buf_printf(out, "%s:", key->name);
    if (key->entries != NULL) {
        buf_putc(out, '\n');
        put_entry(out, key, indent + 2);
    } else if (key->starter != NULL) {
        buf_printf(out, " %s\n", key->starter);
    } else {
        buf_putc(out, '\n');
        put_keys(out, key->table, indent + 2);
    }
}

static void put_keys(struct buf *out, const struct cfg_table *table, unsigned indent)
{
    for (size_t i = 0; i < table->count; i++) {
        if (is_mentioned(&table->keys[i]))
            put_key(out, &table->keys[i], indent);
    }
}

void cfg_starter(struct buf *out)
{
    buf_puts(out, "# envflow. All keys: docs/config.md; for editors: envflow config schema.\n"
                  "# Check it with: envflow config check\n");
    put_keys(out, &cfg_root, 0);
}
