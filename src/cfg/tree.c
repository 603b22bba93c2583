#include "tree_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "problems_int.h"

struct parse {
    yaml_parser_t yaml;
    struct arena *arena;
    struct cfg_problems *problems;
    const char *text;
    size_t len;
    size_t nodes_count;
    bool is_default; /* no file: nodes without a place */
    bool is_stopped; /* nothing more can be made of the file */
};

static void release_event(yaml_event_t *event)
{
    yaml_event_delete(event);
}

#define AUTO_EVENT __attribute__((cleanup(release_event)))

static struct node *new_node(struct parse *parse, enum node_kind kind, yaml_mark_t mark)
{
    struct node *node = arena_alloc(parse->arena, sizeof(*node));

    *node = (struct node){.kind = kind, .text = ""};
    if (!parse->is_default) {
        node->line = (int)mark.line + 1;
        node->column = (int)mark.column + 1;
    }
    return node;
}

static struct node *bad_node(struct parse *parse, yaml_mark_t mark)
{
    return new_node(parse, NODE_BAD, mark);
}

/* libyaml's words for a tab before the first letter of a line do not mention the tab. */
static bool is_tab_in_indentation(const struct parse *parse, yaml_mark_t mark)
{
    const char *at = parse->text;
    const char *end = parse->text + parse->len;

    for (size_t line = 0; line < mark.line; line++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at == NULL)
            return false;
        at++;
    }
    while (at < end && *at == ' ')
        at++;
    return at < end && *at == '\t';
}

/* The reader stops at bytes, not at characters: it tells an offset only. */
static yaml_mark_t mark_of_offset(const struct parse *parse, size_t offset)
{
    yaml_mark_t mark = {0};

    for (size_t i = 0; i < offset && i < parse->len; i++) {
        if (parse->text[i] == '\n') {
            mark.line++;
            mark.column = 0;
        } else if (((unsigned char)parse->text[i] & 0xC0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

static void report_syntax(struct parse *parse)
{
    const yaml_parser_t *yaml = &parse->yaml;
    yaml_mark_t mark = yaml->problem_mark;
    const char *context = yaml->context != NULL ? yaml->context : "";
    const char *advice = "";

    if (yaml->error == YAML_READER_ERROR)
        mark = mark_of_offset(parse, yaml->problem_offset);
    else if (is_tab_in_indentation(parse, mark))
        advice = "; there is a tab in the indentation: use spaces";
    else if (strstr(context, "alias") != NULL)
        advice = "; text that begins with * needs quotes";
    problems_add(parse->problems, (int)mark.line + 1, (int)mark.column + 1, "not YAML: %s%s%s%s",
                 context, context[0] != '\0' ? ", " : "",
                 yaml->problem != NULL ? yaml->problem : "out of memory", advice);
}

/* The next event, to be released; false when there can be none. */
static bool next_event(struct parse *parse, yaml_event_t *event)
{
    *event = (yaml_event_t){0};
    if (parse->is_stopped)
        return false;
    if (yaml_parser_parse(&parse->yaml, event))
        return true;
    parse->is_stopped = true;
    report_syntax(parse);
    return false;
}

static struct node *refuse(struct parse *parse, yaml_mark_t mark, const char *what)
{
    problems_add(parse->problems, (int)mark.line + 1, (int)mark.column + 1, "%s", what);
    return bad_node(parse, mark);
}

static struct node *stop(struct parse *parse, yaml_mark_t mark, const char *why)
{
    parse->is_stopped = true;
    return refuse(parse, mark, why);
}

static struct node *parse_node(struct parse *parse, const yaml_event_t *event, unsigned depth);

static struct node *parse_text(struct parse *parse, const yaml_event_t *event)
{
    const char *bytes = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;

    if (memchr(bytes, '\0', len) != NULL)
        return refuse(parse, event->start_mark, "a NUL character cannot be part of a text");

    struct node *node = new_node(parse, NODE_TEXT, event->start_mark);
    node->text = arena_text(parse->arena, bytes, len);
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return node;
}

static struct node *parse_list(struct parse *parse, const yaml_event_t *start, unsigned depth)
{
    struct node *list = new_node(parse, NODE_LIST, start->start_mark);
    struct node **tail = &list->first;

    for (;;) {
        AUTO_EVENT yaml_event_t event;
        if (!next_event(parse, &event) || event.type == YAML_SEQUENCE_END_EVENT)
            return list;
        *tail = parse_node(parse, &event, depth + 1);
        tail = &(*tail)->next;
        list->count++;
    }
}

/* False: reported, and the value is to be dropped. */
static bool check_key(struct parse *parse, const struct node *map, const struct node *key)
{
    if (key->kind == NODE_BAD)
        return false;
    if (key->kind != NODE_TEXT) {
        problems_add(parse->problems, key->line, key->column, "a key is text, this is %s",
                     node_describe(key));
        return false;
    }
    if (key->is_plain && strcmp(key->text, "<<") == 0) {
        problems_add(parse->problems, key->line, key->column,
                     "merge keys (<<) are not supported: write the keys out");
        return false;
    }
    const struct node *earlier = node_find(map, key->text);
    if (earlier != NULL) {
        problems_add(parse->problems, key->line, key->column,
                     "the key '%.64s' is given twice, first on line %d", key->text,
                     earlier->key->line);
        return false;
    }
    return true;
}

static struct node *parse_map(struct parse *parse, const yaml_event_t *start, unsigned depth)
{
    struct node *map = new_node(parse, NODE_MAP, start->start_mark);
    struct node **tail = &map->first;

    for (;;) {
        AUTO_EVENT yaml_event_t key_event;
        AUTO_EVENT yaml_event_t value_event = {0};
        if (!next_event(parse, &key_event) || key_event.type == YAML_MAPPING_END_EVENT)
            return map;
        if (map->count == TREE_MAP_COUNT_MAX) {
            stop(parse, key_event.start_mark, "more than 4096 keys in one map");
            return map;
        }
        const struct node *key = parse_node(parse, &key_event, depth + 1);
        bool is_valid = check_key(parse, map, key);
        if (!next_event(parse, &value_event))
            return map;
        struct node *value = parse_node(parse, &value_event, depth + 1);
        if (!is_valid)
            continue;
        value->key = key;
        *tail = value;
        tail = &value->next;
        map->count++;
    }
}

/* Anchors and tags change what a value means in ways that the place of the value does not show. */
static bool has_properties(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL;
    return event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL;
}

/* Depth is bounded, hence the recursion. */
static struct node *parse_node(struct parse *parse, const yaml_event_t *event, unsigned depth)
{
    if (depth > TREE_DEPTH_MAX)
        return stop(parse, event->start_mark, "nested deeper than 16 levels");
    if (++parse->nodes_count > TREE_NODES_MAX)
        return stop(parse, event->start_mark, "more than 50000 values in one file");
    if (event->type == YAML_ALIAS_EVENT)
        return refuse(parse, event->start_mark,
                      "aliases are not supported: write the value out; text that begins with * "
                      "needs quotes");
    if (has_properties(event))
        problems_add(parse->problems, (int)event->start_mark.line + 1,
                     (int)event->start_mark.column + 1,
                     "anchors (&name) and tags (!name) are not supported; text that begins with "
                     "& or ! needs quotes");

    if (event->type == YAML_SCALAR_EVENT)
        return parse_text(parse, event);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return parse_list(parse, event, depth);
    assert(event->type == YAML_MAPPING_START_EVENT);
    return parse_map(parse, event, depth);
}

/* Stream start, one document, stream end. */
static struct node *parse_stream(struct parse *parse)
{
    struct node *root = NULL;

    for (;;) {
        AUTO_EVENT yaml_event_t event;
        if (!next_event(parse, &event) || event.type == YAML_STREAM_END_EVENT)
            return root;
        if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_END_EVENT)
            continue;
        if (event.type != YAML_DOCUMENT_START_EVENT)
            root = parse_node(parse, &event, 1);
        else if (root != NULL)
            stop(parse, event.start_mark, "a second document starts here; one file holds one");
    }
}

static const struct node *run(struct parse *parse)
{
    if (!yaml_parser_initialize(&parse->yaml)) {
        problems_add(parse->problems, 0, 0, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&parse->yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parse->yaml, (const unsigned char *)parse->text, parse->len);
    const struct node *root = parse_stream(parse);
    yaml_parser_delete(&parse->yaml);
    return parse->is_stopped ? NULL : root; /* half a tree would seem to lack the other half */
}

const struct node *tree_parse(struct arena *arena, const char *text, size_t len,
                              struct cfg_problems *problems)
{
    struct parse parse = {.arena = arena, .problems = problems, .text = text, .len = len};

    return run(&parse);
}

const struct node *tree_parse_default(struct arena *arena, const char *text)
{
    struct cfg_problems problems = {.count = 0};
    struct parse parse = {
        .arena = arena,
        .problems = &problems,
        .text = text,
        .len = strlen(text),
        .is_default = true,
    };
    const struct node *root = run(&parse);

    if (root == NULL)
        abort(); /* the tables are valid: it is memory that ran out */
    return root;
}

bool node_is_nothing(const struct node *node)
{
    static const char *const nothings[] = {"", "~", "null", "Null", "NULL"};

    for (size_t i = 0; i < ARRAY_LEN(nothings); i++) {
        if (node->kind == NODE_TEXT && node->is_plain && strcmp(node->text, nothings[i]) == 0)
            return true;
    }
    return false;
}

const char *node_describe(const struct node *node)
{
    static const char *const kinds[] = {
        [NODE_TEXT] = "text",
        [NODE_LIST] = "a list",
        [NODE_MAP] = "a map",
        [NODE_BAD] = "a mistake",
    };
    return node_is_nothing(node) ? "nothing" : kinds[node->kind];
}

const struct node *node_find(const struct node *map, const char *key)
{
    const struct node *value = map->first;

    while (value != NULL && strcmp(value->key->text, key) != 0)
        value = value->next;
    return value;
}
