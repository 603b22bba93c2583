/* Names of promotions, and what makes an http or a command a check. */
#include "gates_int.h"

#include <string.h>

#include "base/attr.h"
#include "base/jsonw.h"
#include "base/limits.h"
#include "flow/graph.h"
#include "load_int.h"
#include "show_int.h"

#define URL_MAX 2048
#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ARROW   "\xE2\x86\x92" /* → */

/* ---- names of promotions ---- */

struct span {
    const char *at;
    size_t len;
};

static struct span trim(struct span span)
{
    while (span.len > 0 && span.at[0] == ' ')
        span = (struct span){span.at + 1, span.len - 1};
    while (span.len > 0 && span.at[span.len - 1] == ' ')
        span.len--;
    return span;
}

/* The first arrow; *ret_len is how long it is. */
static const char *find_arrow(const char *text, size_t *ret_len)
{
    const char *arrow = strstr(text, ARROW);
    const char *ascii = strstr(text, "->");

    if (ascii != NULL && (arrow == NULL || ascii < arrow)) {
        *ret_len = 2;
        return ascii;
    }
    *ret_len = sizeof(ARROW) - 1;
    return arrow;
}

/* False: there is not exactly one arrow with names on both sides. */
static bool take_apart(const char *name, struct span *from, struct span *to)
{
    size_t arrow_len;
    size_t next_len;
    const char *arrow = find_arrow(name, &arrow_len);

    if (arrow == NULL || find_arrow(arrow + arrow_len, &next_len) != NULL)
        return false;
    *from = trim((struct span){name, (size_t)(arrow - name)});
    *to = trim((struct span){arrow + arrow_len, strlen(arrow + arrow_len)});
    return from->len > 0 && to->len > 0;
}

static bool check_path(const char *text, struct err *err)
{
    struct span from;
    struct span to;

    if (!take_apart(text, &from, &to) || strlen(text) > (size_t)2 * ENV_NAME_MAX)
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no promotion: one environment, an arrow and another one, as "
                       "staging->prod",
                       text);
    return true;
}

const struct cfg_syntax syntax_path = {check_path, "^.+(->|→).+$"};

const char *canonical_path(struct arena *arena, const char *name)
{
    struct span from = {name, 0};
    struct span to = {name, 0};

    if (!take_apart(name, &from, &to))
        return name;
    return arena_format(arena, "%.*s" ARROW "%.*s", (int)from.len, from.at, (int)to.len, to.at);
}

void finish_path(struct loader *loader, const struct node *node UNUSED, size_t i UNUSED,
                 void *element)
{
    struct flow_path *path = element;
    struct span from = {path->name, 0};
    struct span to = {path->name, 0};

    if (!take_apart(path->name, &from, &to))
        return;
    path->from = arena_text(&loader->memory->arena, from.at, from.len);
    path->to = arena_text(&loader->memory->arena, to.at, to.len);
}

/* ---- URLs ---- */

static size_t scheme_len(const char *text)
{
    if (strncmp(text, "https://", 8) == 0)
        return 8;
    return strncmp(text, "http://", 7) == 0 ? 7 : 0;
}

/* Printable ASCII without what ends or confuses a URL. */
static bool is_url_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text >= 0x7F || strchr("\"<>\\^`{|}#", *text) != NULL)
            return false;
    }
    return true;
}

/* "host", "host:port", "[v6]:port", up to where the path begins. */
static bool is_authority(const char *text, size_t len)
{
    size_t host_len = strspn(text, LETTERS DIGITS ".-_");

    if (text[0] == '[') {
        host_len = 1 + strspn(text + 1, DIGITS "abcdefABCDEF:.");
        if (text[host_len] != ']')
            return false;
        host_len++;
    }
    if (host_len == 0 || host_len > len)
        return false;
    if (host_len == len)
        return true;
    size_t port_len = strspn(text + host_len + 1, DIGITS);
    return text[host_len] == ':' && port_len > 0 && port_len <= 5 && host_len + 1 + port_len == len;
}

static bool check_url(const char *text, struct err *err)
{
    size_t scheme = scheme_len(text);
    const char *rest = text + scheme;
    size_t authority_len = strcspn(rest, "/?");

    if (scheme == 0)
        return err_set(err, ERR_CONFIG, "'%.128s' does not begin with https:// or http://", text);
    if (memchr(rest, '@', authority_len) != NULL)
        return err_set(err, ERR_CONFIG,
                       "a URL here has no user or password in front of its host: this file is "
                       "copied, committed and shown");
    if (!is_url_text(text) || strlen(text) > URL_MAX || !is_authority(rest, authority_len))
        return err_set(err, ERR_CONFIG,
                       "'%.128s' is no URL: https://host/path, without spaces and #, other "
                       "characters as %%XX",
                       text);
    return true;
}

const struct cfg_syntax syntax_url = {check_url, "^https?://[^/?#@\\\\ ]+([/?][^# ]*)?$"};

static bool check_words(const char *text, struct err *err)
{
    const char *at = text;

    while (*at != '\0' && (unsigned char)*at >= 0x20 && *at != 0x7F)
        at++;
    if (text[0] == '\0' || *at != '\0' || strlen(text) > 255)
        return err_set(err, ERR_CONFIG,
                       "expected up to 255 bytes of text, without control characters");
    return true;
}

const struct cfg_syntax syntax_words = {check_words, "^.{1,255}$"};

/* ---- checks ---- */

/* Exactly one of both, and nothing of the other. False: reported. */
static bool finish_kind(struct loader *loader, const struct node *node, struct flow_check *check)
{
    const struct node *http = node_find(node, "http");
    const struct node *command = node_find(node, "command");
    static const char *const http_keys[] = {"status", "match"};

    if ((http == NULL) == (command == NULL)) {
        loader_problem(loader, node, "expected either http: or command:, found %s",
                       http == NULL ? "neither" : "both");
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(http_keys) && http == NULL; i++) {
        const struct node *extra = node_find(node, http_keys[i]);
        if (extra != NULL)
            loader_problem(loader, extra->key, "%s: belongs to http, not to a command",
                           http_keys[i]);
    }
    if (http == NULL)
        check->status = 0;
    return check->url != NULL || check->argv != NULL;
}

void finish_check(struct loader *loader, const struct node *node, size_t i, void *element)
{
    struct flow_check *check = element;

    if (finish_kind(loader, node, check) && check->name == NULL)
        check->name = arena_format(&loader->memory->arena, "%s %zu",
                                   check->url != NULL ? "http" : "command", i + 1);
}

/* ---- health: a section that holds one check, or is not there ---- */

static struct flow_check *probe_at(const struct cfg_key *key, void *base)
{
    return (struct flow_check *)(void *)((char *)base + key->offset);
}

static void load_probe(struct loader *loader, const struct cfg_key *key, const struct node *node,
                       void *base)
{
    struct flow_check *check = probe_at(key, base);

    if (node->kind != NODE_MAP) {
        loader_expected(loader, node, key->type->expects);
        return;
    }
    loader_fill_defaults(loader, key->table, check);
    loader_fill(loader, key->table, node, check);
    check->name = key->name;
    finish_kind(loader, node, check);
}

static bool has_probe(const struct cfg_key *key, const void *base)
{
    const struct flow_check *check =
        (const struct flow_check *)(const void *)((const char *)base + key->offset);

    return check->url != NULL || check->argv != NULL;
}

static void show_probe(const struct cfg_key *key, const void *base, unsigned indent,
                       struct buf *out)
{
    show_table(key->table, (const char *)base + key->offset, indent, out);
}

static void schema_probe(const struct cfg_key *key, struct jsonw *w)
{
    schema_table(w, key->table);
}

const struct cfg_type type_probe = {
    .name = "section",
    .expects = "a map of keys and values, such as { http: https://shop.example/healthz }",
    .is_block = true,
    .load = load_probe,
    .is_set = has_probe,
    .show = show_probe,
    .schema = schema_probe,
};
