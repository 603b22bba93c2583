/* The types of single values. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/jsonw.h"
#include "base/units.h"
#include "load_int.h"
#include "problems_int.h"
#include "show_int.h"

/* Enums are stored through int. */
static_assert(sizeof(enum cfg_log_format) == sizeof(int), "enums are ints");
static_assert(sizeof(enum lane_mode) == sizeof(int), "enums are ints");

const void *field_pointer(const void *base, size_t offset)
{
    const void *pointer;

    memcpy(&pointer, (const char *)base + offset, sizeof(pointer));
    return pointer;
}

void field_set_pointer(void *base, size_t offset, const void *pointer)
{
    memcpy((char *)base + offset, &pointer, sizeof(pointer));
}

static void *field(const struct cfg_key *key, void *base)
{
    return (char *)base + key->offset;
}

static bool always_set(const struct cfg_key *key UNUSED, const void *base UNUSED)
{
    return true;
}

static bool has_pointer(const struct cfg_key *key, const void *base)
{
    return field_pointer(base, key->offset) != NULL;
}

/* ---- numbers ---- */

static bool parse_count(const char *text, int64_t *ret_number, struct err *err)
{
    if (text[strspn(text, "0123456789")] != '\0' ||
        !units_parse_size(text, ret_number, err)) /* a size without a unit */
        return err_set(err, ERR_PARSE, "'%.64s' is no whole number", text);
    return true;
}

static const char *format_count(int64_t number, char *text)
{
    snprintf(text, UNITS_TEXT_SIZE, "%" PRId64, number);
    return text;
}

static void load_number(struct loader *loader, const struct cfg_key *key, const struct node *node,
                        void *base)
{
    const char *text = loader_text(loader, node, key->type->expects, key->syntax);
    char low[UNITS_TEXT_SIZE];
    char high[UNITS_TEXT_SIZE];
    int64_t number = 0;
    struct err err;

    if (text == NULL)
        return;
    if (!key->type->parse(text, &number, &err))
        loader_problem(loader, node, "%s; from %s to %s", err.text,
                       key->type->format(key->min, low), key->type->format(key->max, high));
    else if (number < key->min || number > key->max)
        loader_problem(loader, node, "%.64s is out of range: %s to %s", text,
                       key->type->format(key->min, low), key->type->format(key->max, high));
    else
        memcpy(field(key, base), &number, sizeof(number));
}

static bool is_positive(const struct cfg_key *key, const void *base)
{
    int64_t number;

    memcpy(&number, (const char *)base + key->offset, sizeof(number));
    return number > 0;
}

static void show_number(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                        struct buf *out)
{
    char text[UNITS_TEXT_SIZE];
    int64_t number;

    memcpy(&number, (const char *)base + key->offset, sizeof(number));
    buf_puts(out, key->type->format(number, text));
}

static void schema_range(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_int(w, "minimum", key->min);
    jsonw_int(w, "maximum", key->max);
}

static void schema_count(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_open_array(w, "type");
    jsonw_text(w, NULL, "integer");
    jsonw_text(w, NULL, "string");
    jsonw_close_array(w);
    jsonw_text(w, "pattern", "^[0-9]{1,15}$");
    schema_range(key, w);
}

static void schema_size(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_open_array(w, "type");
    jsonw_text(w, NULL, "string");
    jsonw_text(w, NULL, "integer");
    jsonw_close_array(w);
    jsonw_text(w, "pattern", "^[0-9]{1,15}(KiB|MiB|GiB)?$");
    schema_range(key, w);
}

static void schema_duration(const struct cfg_key *key UNUSED, struct jsonw *w)
{
    jsonw_text(w, "type", "string");
    jsonw_text(w, "pattern", "^[0-9]{1,15}(ms|s|m|h|d)$");
}

const struct cfg_type type_count = {
    .name = "number",
    .expects = "a whole number",
    .is_bare = true,
    .load = load_number,
    .is_set = always_set,
    .show = show_number,
    .schema = schema_count,
    .parse = parse_count,
    .format = format_count,
};
/* Not there for what has no status. */
const struct cfg_type type_status = {
    .name = "number",
    .expects = "a status such as 200",
    .is_bare = true,
    .load = load_number,
    .is_set = is_positive,
    .show = show_number,
    .schema = schema_count,
    .parse = parse_count,
    .format = format_count,
};
const struct cfg_type type_size = {
    .name = "size",
    .expects = "a size such as 16KiB",
    .load = load_number,
    .is_set = always_set,
    .show = show_number,
    .schema = schema_size,
    .parse = units_parse_size,
    .format = units_format_size,
};
const struct cfg_type type_duration = {
    .name = "duration",
    .expects = "a duration such as 10s",
    .load = load_number,
    .is_set = always_set,
    .show = show_number,
    .schema = schema_duration,
    .parse = units_parse_duration,
    .format = units_format_duration,
};

/* ---- true and false ---- */

/* `yes`, `on` and their like mean different things to different readers of YAML. */
static void load_bool(struct loader *loader, const struct cfg_key *key, const struct node *node,
                      void *base)
{
    bool value = node->kind == NODE_TEXT && strcmp(node->text, "true") == 0;

    if (node->kind != NODE_TEXT || !node->is_plain ||
        (!value && strcmp(node->text, "false") != 0)) {
        loader_expected(loader, node, key->type->expects);
        return;
    }
    memcpy(field(key, base), &value, sizeof(value));
}

static void show_bool(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                      struct buf *out)
{
    bool value;

    memcpy(&value, (const char *)base + key->offset, sizeof(value));
    buf_puts(out, value ? "true" : "false");
}

static void schema_bool(const struct cfg_key *key UNUSED, struct jsonw *w)
{
    jsonw_text(w, "type", "boolean");
}

const struct cfg_type type_bool = {
    .name = "true or false",
    .expects = "true or false (not yes, no, on, off; without quotes)",
    .is_bare = true,
    .load = load_bool,
    .is_set = always_set,
    .show = show_bool,
    .schema = schema_bool,
};

/* ---- one of several words ---- */

static void load_choice(struct loader *loader, const struct cfg_key *key, const struct node *node,
                        void *base)
{
    int i = loader_word(loader, key, node);

    if (i >= 0)
        memcpy(field(key, base), &i, sizeof(i));
}

static void show_choice(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                        struct buf *out)
{
    int i;

    memcpy(&i, (const char *)base + key->offset, sizeof(i));
    buf_puts(out, key->choices[i]);
}

const struct cfg_type type_choice = {
    .name = "one of",
    .expects = "a word",
    .load = load_choice,
    .is_set = always_set,
    .show = show_choice,
    .schema = schema_words,
};

/* ---- texts ---- */

static void load_text(struct loader *loader, const struct cfg_key *key, const struct node *node,
                      void *base)
{
    const char *text = loader_text(loader, node, key->type->expects, key->syntax);

    if (text != NULL)
        field_set_pointer(base, key->offset, text);
}

static void load_path(struct loader *loader, const struct cfg_key *key, const struct node *node,
                      void *base)
{
    const char *text = loader_text(loader, node, key->type->expects, key->syntax);

    if (text != NULL)
        field_set_pointer(base, key->offset, loader_resolve(loader, text));
}

static void load_store(struct loader *loader, const struct cfg_key *key, const struct node *node,
                       void *base)
{
    const char *text = loader_text(loader, node, key->type->expects, key->syntax);

    if (text != NULL)
        field_set_pointer(base, key->offset, loader_resolve(loader, strchr(text, ':') + 1));
}

/* Flows may stand below the repositories that use them: a stand-in with the name is kept until all
 * of the file is known (rules.c). */
static void load_flow(struct loader *loader, const struct cfg_key *key, const struct node *node,
                      void *base)
{
    const char *text = loader_text(loader, node, key->type->expects, key->syntax);

    if (text == NULL)
        return;
    struct flow *stand_in = arena_alloc(&loader->memory->arena, sizeof(*stand_in));
    stand_in->name = text;
    field_set_pointer(base, key->offset, stand_in);
}

static void show_one_text(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                          struct buf *out)
{
    show_text(out, field_pointer(base, key->offset));
}

static void show_store(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                       struct buf *out)
{
    AUTO(buf) struct buf url = BUF_INIT(out->max);

    buf_printf(&url, "sqlite:%s", (const char *)field_pointer(base, key->offset));
    show_text(out, buf_text(&url));
}

static void show_flow(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                      struct buf *out)
{
    const struct flow *flow = field_pointer(base, key->offset);

    show_text(out, flow->name);
}

static void schema_text(const struct cfg_key *key, struct jsonw *w)
{
    schema_text_type(w, key->syntax);
    schema_syntax(w, key->syntax);
}

const struct cfg_type type_text = {
    .name = "text",
    .expects = "text",
    .load = load_text,
    .is_set = has_pointer,
    .show = show_one_text,
    .schema = schema_text,
};
const struct cfg_type type_path = {
    .name = "path",
    .expects = "a path",
    .load = load_path,
    .is_set = has_pointer,
    .show = show_one_text,
    .schema = schema_text,
};
const struct cfg_type type_store = {
    .name = "sqlite:FOLDER",
    .expects = "sqlite:FOLDER, such as sqlite:/var/lib/envflow",
    .load = load_store,
    .is_set = has_pointer,
    .show = show_store,
    .schema = schema_text,
};
const struct cfg_type type_flow = {
    .name = "name of a flow",
    .expects = "the name of a flow",
    .load = load_flow,
    .is_set = has_pointer,
    .show = show_flow,
    .schema = schema_text,
};
