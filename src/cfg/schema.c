/* The JSON Schema for editors. Source: json-schema.org, draft-07. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cfg/cfg.h"
#include "load_int.h"
#include "show_int.h"

#define COMPACT_BYTES_MAX ((size_t)1 << 20)

static const char *describe_choices(const struct cfg_key *key, char text[DESCRIPTION_SIZE])
{
    AUTO(buf) struct buf words = BUF_INIT(DESCRIPTION_SIZE - 1);

    for (size_t i = 0; key->choices[i] != NULL; i++)
        buf_printf(&words, "%s%s", i > 0 ? ", " : "", key->choices[i]);
    snprintf(text, DESCRIPTION_SIZE, "%s %s", key->type->name, buf_text(&words));
    return text;
}

const char *describe_type(const struct cfg_key *key, char text[DESCRIPTION_SIZE])
{
    char low[UNITS_TEXT_SIZE];
    char high[UNITS_TEXT_SIZE];

    if (key->choices != NULL)
        return describe_choices(key, text);
    if (key->type->format != NULL)
        snprintf(text, DESCRIPTION_SIZE, "%s, %s to %s", key->type->name,
                 key->type->format(key->min, low), key->type->format(key->max, high));
    else if (key->max > 0)
        snprintf(text, DESCRIPTION_SIZE, "%s, at most %d", key->type->name, (int)key->max);
    else
        snprintf(text, DESCRIPTION_SIZE, "%s", key->type->name);
    return text;
}

static bool accepts(const struct cfg_syntax *syntax, const char *text)
{
    struct err err;

    return syntax == NULL || syntax->check(text, &err);
}

/* We read 1.0 as text, other readers of YAML as a number: where such a text is valid, an editor
 * must not ask for quotes. */
void schema_text_type(struct jsonw *w, const struct cfg_syntax *syntax)
{
    if (!accepts(syntax, "1.0")) {
        jsonw_text(w, "type", "string");
        return;
    }
    jsonw_open_array(w, "type");
    jsonw_text(w, NULL, "string");
    jsonw_text(w, NULL, "number");
    if (accepts(syntax, "true"))
        jsonw_text(w, NULL, "boolean");
    jsonw_close_array(w);
}

void schema_syntax(struct jsonw *w, const struct cfg_syntax *syntax)
{
    if (syntax != NULL)
        jsonw_text(w, "pattern", syntax->pattern);
}

static void put_scalar(struct jsonw *w, const char *name, const char *text,
                       const struct cfg_type *type)
{
    int64_t number = 0;
    struct err err;

    if (!type->is_bare)
        jsonw_text(w, name, text);
    else if (type->parse == NULL)
        jsonw_bool(w, name, strcmp(text, "true") == 0);
    else if (type->parse(text, &number, &err))
        jsonw_int(w, name, number);
}

/* The type of a text inside a map of the tables, by its look. */
static const struct cfg_type *type_of(const char *text)
{
    if (strcmp(text, "true") == 0)
        return &type_bool;
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' ? &type_count : &type_text;
}

/* A value of the tables as JSON; depth is that of the tables. */
static void put_node(struct jsonw *w, const char *name, const struct node *node,
                     const struct cfg_type *type)
{
    if (node->kind == NODE_TEXT) {
        put_scalar(w, name, node->text, type);
    } else if (node->kind == NODE_LIST) {
        jsonw_open_array(w, name);
        for (const struct node *item = node->first; item != NULL; item = item->next)
            put_node(w, NULL, item, &type_text);
        jsonw_close_array(w);
    } else {
        jsonw_open_object(w, name);
        for (const struct node *value = node->first; value != NULL; value = value->next)
            put_node(w, value->key->text, value, type_of(value->text));
        jsonw_close_object(w);
    }
}

static void put_value(struct jsonw *w, const char *name, const char *yaml,
                      const struct cfg_type *type)
{
    AUTO(arena) struct arena arena = {NULL};

    put_node(w, name, tree_parse_default(&arena, yaml), type);
}

void schema_key(struct jsonw *w, const char *name, const struct cfg_key *key)
{
    char range[DESCRIPTION_SIZE];
    AUTO(buf) struct buf text = BUF_INIT(2048);

    buf_puts(&text, key->text);
    if (key->type->format != NULL)
        buf_printf(&text, " (%s)", describe_type(key, range));
    if (key->computed != NULL)
        buf_printf(&text, " Default: %s.", key->computed);
    jsonw_open_object(w, name);
    jsonw_text(w, "description", buf_text(&text));
    key->type->schema(key, w);
    if (key->standard != NULL)
        put_value(w, "default", key->standard, key->type);
    if (key->example != NULL) {
        jsonw_open_array(w, "examples");
        put_value(w, NULL, key->example, key->type);
        jsonw_close_array(w);
    }
    jsonw_close_object(w);
}

void schema_map_type(struct jsonw *w, bool may_be_empty)
{
    if (!may_be_empty) {
        jsonw_text(w, "type", "object");
        return;
    }
    jsonw_open_array(w, "type");
    jsonw_text(w, NULL, "object");
    jsonw_text(w, NULL, "null");
    jsonw_close_array(w);
}

/* A section or an entry may be left empty, unless it must hold something. */
void schema_table(struct jsonw *w, const struct cfg_table *table)
{
    size_t required_count = 0;

    for (size_t i = 0; i < table->count; i++)
        required_count += table->keys[i].missing != NULL;
    schema_map_type(w, required_count == 0);
    if (required_count > 0) {
        jsonw_open_array(w, "required");
        for (size_t i = 0; i < table->count; i++) {
            if (table->keys[i].missing != NULL)
                jsonw_text(w, NULL, table->keys[i].name);
        }
        jsonw_close_array(w);
    }
    schema_keys(w, table);
}

void schema_keys(struct jsonw *w, const struct cfg_table *table)
{
    jsonw_bool(w, "additionalProperties", false);
    jsonw_open_object(w, "properties");
    for (size_t i = 0; i < table->count; i++)
        schema_key(w, table->keys[i].name, &table->keys[i]);
    jsonw_close_object(w);
}

/* ---- layout: one member a line, so that a change of the schema reads well ---- */

struct layout {
    struct buf *out;
    unsigned depth;
    bool in_string;
    bool is_escaped;
};

static void break_line(const struct layout *layout)
{
    buf_printf(layout->out, "\n%*s", (int)(2 * layout->depth), "");
}

static void put_structure(struct layout *layout, char byte, char next)
{
    bool opens = byte == '{' || byte == '[';
    bool closes = byte == '}' || byte == ']';

    if (closes) {
        layout->depth--;
        break_line(layout);
    }
    buf_putc(layout->out, byte);
    if (byte == ':')
        buf_putc(layout->out, ' ');
    layout->depth += opens;
    if ((opens && next != '}' && next != ']') || byte == ',')
        break_line(layout);
}

static void put_json(struct buf *out, const char *compact)
{
    struct layout layout = {.out = out};

    for (; *compact != '\0'; compact++) {
        if (layout.in_string || *compact == '"') {
            bool ends = layout.in_string && !layout.is_escaped && *compact == '"';
            layout.is_escaped = layout.in_string && !layout.is_escaped && *compact == '\\';
            layout.in_string = !ends;
            buf_putc(out, *compact);
        } else if ((*compact == '{' && compact[1] == '}') ||
                   (*compact == '[' && compact[1] == ']')) {
            buf_append(out, compact, 2);
            compact++;
        } else if (strchr("{}[],:", *compact) != NULL) {
            put_structure(&layout, *compact, compact[1]);
        } else {
            buf_putc(out, *compact);
        }
    }
    buf_putc(out, '\n');
}

void cfg_schema(struct buf *out)
{
    AUTO(buf) struct buf compact = BUF_INIT(COMPACT_BYTES_MAX);
    struct jsonw w = JSONW_INIT(&compact);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "$schema", "http://json-schema.org/draft-07/schema#");
    jsonw_text(&w, "title", "envflow.yaml");
    jsonw_text(&w, "description", "Configuration of envflow");
    schema_table(&w, &cfg_root);
    jsonw_close_object(&w);
    put_json(out, buf_text(&compact));
}
