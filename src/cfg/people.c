/* The types of people and teams: "octocat", "octocat#583231", "acme/sre". */
#include <string.h>

#include "base/attr.h"
#include "base/jsonw.h"
#include "flow/graph.h"
#include "load_int.h"
#include "people_int.h"
#include "show_int.h"

#define DIGITS     "0123456789"
#define LETTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOGIN_MAX  39 /* GitHub's bound */
#define TEAM_MAX   140
#define ID_MAX     18 /* digits that always fit */
#define LOGIN_LIKE "[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})"

/* ---- what they look like ---- */

/* Managed users have an underscore and their company's short name behind theirs. */
static bool is_login(const char *text, size_t len)
{
    return len > 0 && len <= LOGIN_MAX && strspn(text, LETTERS DIGITS "-_") >= len &&
           text[0] != '-' && text[0] != '_';
}

static bool check_id(const char *login, size_t login_len, const char *id, struct err *err)
{
    int len = (int)login_len;

    if (id[0] == '\0' || id[strspn(id, DIGITS)] != '\0' || strlen(id) > ID_MAX)
        return err_set(err, ERR_CONFIG,
                       "behind '%.*s#' stands the numeric id of the account, which "
                       "https://api.github.com/users/%.*s shows",
                       len, login, len, login);
    if (id[0] == '0')
        return err_set(err, ERR_CONFIG,
                       "no account has an id that begins with 0; see "
                       "https://api.github.com/users/%.*s, or write '%.*s' alone",
                       len, login, len, login);
    return true;
}

static bool check_person(const char *text, struct err *err)
{
    const char *hash = strchr(text, '#');
    size_t len = hash != NULL ? (size_t)(hash - text) : strlen(text);

    if (text[0] == '@' && is_login(text + 1, strlen(text + 1)))
        return err_set(err, ERR_CONFIG, "write '%.64s' without the @", text + 1);
    if (strstr(text, "[bot]") != NULL)
        return err_set(err, ERR_CONFIG, "'%.64s' is a bot; only people count", text);
    if (!is_login(text, len))
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no login: up to 39 letters, digits and -, as octocat or "
                       "octocat#583231",
                       text);
    return hash == NULL || check_id(text, len, hash + 1, err);
}

static bool check_team(const char *text, struct err *err)
{
    const char *slash = strchr(text, '/');

    if (slash == NULL || !is_login(text, (size_t)(slash - text)) || slash[1] == '\0' ||
        slash[1 + strspn(slash + 1, LETTERS DIGITS "-_.")] != '\0' || strlen(text) > TEAM_MAX)
        return err_set(err, ERR_CONFIG,
                       "'%.64s' is no team: its organization, / and its name, "
                       "as acme/sre",
                       text);
    return true;
}

static bool check_party(const char *text, struct err *err)
{
    return strchr(text, '/') != NULL ? check_team(text, err) : check_person(text, err);
}

#define PERSON_PATTERN LOGIN_LIKE "(?:#[1-9][0-9]{0,17})?"
#define TEAM_PATTERN   LOGIN_LIKE "/[A-Za-z0-9_.-]+"

const struct cfg_syntax syntax_person = {check_person, "^" PERSON_PATTERN "$"};
const struct cfg_syntax syntax_team = {check_team, "^" TEAM_PATTERN "$"};
const struct cfg_syntax syntax_party = {check_party, "^(?:" PERSON_PATTERN "|" TEAM_PATTERN ")$"};

/* The text has the syntax of a person. */
static struct flow_person person_of(struct loader *loader, const char *text)
{
    size_t len = strcspn(text, "#");
    struct flow_person person = {
        .login = arena_text(&loader->memory->arena, text, len),
    };

    for (const char *digit = text + len; *digit != '\0'; digit++)
        person.id = *digit == '#' ? 0 : person.id * 10 + (*digit - '0');
    return person;
}

/* False: reported. */
static bool is_list(struct loader *loader, const struct cfg_key *key, const struct node *node)
{
    if (node->kind != NODE_LIST) {
        loader_expected(loader, node, key->type->expects);
        return false;
    }
    if ((int64_t)node->count < key->min || (int64_t)node->count > key->max) {
        loader_problem(loader, node, "%zu are too %s: %d to %d", node->count,
                       (int64_t)node->count < key->min ? "few" : "many", (int)key->min,
                       (int)key->max);
        return false;
    }
    return true;
}

static void schema_counts(const struct cfg_key *key, struct jsonw *w)
{
    jsonw_text(w, "type", "array");
    jsonw_int(w, "minItems", key->min);
    jsonw_int(w, "maxItems", key->max);
}

static void schema_one(const struct cfg_key *key, struct jsonw *w)
{
    schema_text_type(w, key->syntax);
    schema_syntax(w, key->syntax);
}

/* ---- the members of a team ---- */

static void load_people(struct loader *loader, const struct cfg_key *key, const struct node *node,
                        void *base)
{
    size_t i = 0;

    if (!is_list(loader, key, node))
        return;
    struct flow_person *people = arena_alloc(&loader->memory->arena, node->count * sizeof(*people));
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        const char *text =
            item->kind == NODE_BAD ? NULL : loader_text(loader, item, "a login", key->syntax);
        if (text == NULL)
            continue;
        people[i] = person_of(loader, text);
        loader_mark(loader, &people[i++], item);
    }
    field_set_pointer(base, key->offset, people);
    memcpy((char *)base + key->count_offset, &i, sizeof(i));
}

static bool has_people(const struct cfg_key *key, const void *base)
{
    return field_pointer(base, key->offset) != NULL;
}

static void show_people(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                        struct buf *out)
{
    const struct flow_person *people = field_pointer(base, key->offset);
    size_t count;

    memcpy(&count, (const char *)base + key->count_offset, sizeof(count));
    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        AUTO(buf) struct buf text = BUF_INIT(out->max);
        put_person(&text, &people[i]);
        buf_puts(out, i > 0 ? ", " : " ");
        show_text(out, buf_text(&text));
    }
    buf_puts(out, " ]");
}

static void schema_people(const struct cfg_key *key, struct jsonw *w)
{
    schema_counts(key, w);
    jsonw_open_object(w, "items");
    schema_one(key, w);
    jsonw_close_object(w);
}

const struct cfg_type type_people = {
    .name = "list of logins",
    .expects = "a list of logins such as [ octocat#583231, hubot ]",
    .load = load_people,
    .is_set = has_people,
    .show = show_people,
    .schema = schema_people,
};

/* ---- people and teams ---- */

static struct flow_parties *parties_at(const struct cfg_key *key, void *base)
{
    return (struct flow_parties *)(void *)((char *)base + key->offset);
}

/* False: reported. */
static bool load_party(struct loader *loader, const struct cfg_key *key, const struct node *node,
                       struct flow_party *party)
{
    if (node->kind == NODE_BAD)
        return false;
    if (node->kind == NODE_MAP && key->table != NULL) {
        loader_fill_defaults(loader, key->table, party);
        loader_fill(loader, key->table, node, party);
        return party->name != NULL;
    }
    party->name = loader_text(loader, node, "a login or a team", key->syntax);
    if (party->name != NULL && strchr(party->name, '/') == NULL)
        party->person = person_of(loader, party->name);
    return party->name != NULL;
}

static void load_parties(struct loader *loader, const struct cfg_key *key, const struct node *node,
                         void *base)
{
    struct flow_parties parties = {.count = 0};

    if (!is_list(loader, key, node))
        return;
    struct flow_party *items = arena_alloc(&loader->memory->arena, node->count * sizeof(*items));
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        if (load_party(loader, key, item, &items[parties.count]))
            loader_mark(loader, &items[parties.count++], item);
    }
    parties.items = items;
    *parties_at(key, base) = parties;
}

/* Shown when empty, too: that says anybody. */
static bool always_set(const struct cfg_key *key UNUSED, const void *base UNUSED)
{
    return true;
}

static void show_party(const struct flow_party *party, struct buf *out)
{
    if (party->seats_min > 0)
        buf_puts(out, "{ team: ");
    show_text(out, party->name);
    if (party->seats_min > 0)
        buf_printf(out, ", min: %d }", (int)party->seats_min);
}

static void show_parties(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                         struct buf *out)
{
    const struct flow_parties *parties =
        (const struct flow_parties *)(const void *)((const char *)base + key->offset);

    buf_putc(out, '[');
    for (size_t i = 0; i < parties->count; i++) {
        buf_puts(out, i > 0 ? ", " : " ");
        show_party(&parties->items[i], out);
    }
    buf_puts(out, " ]");
}

static void schema_parties(const struct cfg_key *key, struct jsonw *w)
{
    schema_counts(key, w);
    jsonw_open_object(w, "items");
    if (key->table == NULL) {
        schema_one(key, w);
    } else {
        jsonw_open_array(w, "anyOf");
        jsonw_open_object(w, NULL);
        schema_one(key, w);
        jsonw_close_object(w);
        jsonw_open_object(w, NULL);
        schema_table(w, key->table);
        jsonw_close_object(w);
        jsonw_close_array(w);
    }
    jsonw_close_object(w);
}

const struct cfg_type type_parties = {
    .name = "list of people and teams",
    .expects = "a list of people and teams such as [ octocat, acme/sre ]",
    .load = load_parties,
    .is_set = always_set,
    .show = show_parties,
    .schema = schema_parties,
};

void put_person(struct buf *out, const struct flow_person *person)
{
    buf_puts(out, person->login);
    if (person->id != 0)
        buf_printf(out, "#%lld", (long long)person->id);
}
