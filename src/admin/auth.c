/* Who is calling, what may they do, and in whose name? */
#include "admin_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/sha256.h"

#define ALL_SCOPES (TOKEN_READ | TOKEN_PROMOTE | TOKEN_APPROVE | TOKEN_ADMIN)

static const char bearer[] = "Bearer ";

/* Processes of our own user, and root. */
static bool is_local(const struct http_request *request)
{
    int64_t uid = http_request_peer_uid(request);

    return uid == 0 || (uid >= 0 && uid == (int64_t)geteuid());
}

/* ---- people ---- */

/* What a list of parties ties a login to; 0: nothing. */
static int64_t find_in_parties(const struct flow_parties *parties, const char *login)
{
    for (size_t i = 0; i < parties->count; i++) {
        const struct flow_person *person = &parties->items[i].person;
        if (person->login != NULL && person->id != 0 && strcasecmp(person->login, login) == 0)
            return person->id;
    }
    return 0;
}

static int64_t find_in_teams(const struct flow_graph *graph, const char *login)
{
    for (size_t i = 0; i < graph->teams_count; i++) {
        const struct flow_team *team = &graph->teams[i];
        for (size_t k = 0; k < team->members_count; k++) {
            if (strcasecmp(team->members[k].login, login) == 0 && team->members[k].id != 0)
                return team->members[k].id;
        }
    }
    return 0;
}

static int64_t find_in_flow(const struct flow *flow, const char *login)
{
    int64_t id = 0;

    for (size_t i = 0; i < flow->environments_count && id == 0; i++) {
        const struct flow_environment *environment = &flow->environments[i];
        id = find_in_parties(&environment->requesters, login);
        if (id == 0)
            id = find_in_parties(&environment->rollback.approvals.reviewers, login);
    }
    for (size_t i = 0; i < flow->paths_count && id == 0; i++)
        id = find_in_parties(&flow->paths[i].gate.approvals.reviewers, login);
    return id;
}

/* What the configuration ties a login to; 0: nothing. */
static int64_t find_configured(const struct flow_graph *graph, const char *login)
{
    int64_t id = find_in_teams(graph, login);

    for (size_t i = 0; i < graph->flows_count && id == 0; i++)
        id = find_in_flow(&graph->flows[i], login);
    return id;
}

/* GitHub's logins are letters, digits and dashes, those of managed users also underscores. "[bot]"
 * is none of a person: nobody answers for what a bot asks for, and its vote would count. */
static bool is_login(const char *login)
{
    return login[0] != '\0' &&
           login[strspn(
               login, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] == '\0';
}

static bool parse_id(const char *digits, int64_t *ret_id)
{
    size_t count = strspn(digits, "0123456789");

    if (count == 0 || count > 18 || digits[count] != '\0')
        return false;
    *ret_id = strtoll(digits, NULL, 10);
    return *ret_id != 0;
}

/* The id a bare login is known under; 0: none. */
static bool find_id(struct call *call, const char *login, int64_t *ret_id, struct err *err)
{
    struct store_person person = {.id = 0};

    if (!store_person_of_login(call->admin->store, login, &person, err) &&
        err->code != ERR_NOT_FOUND)
        return false;
    *ret_id = person.id != 0 ? person.id : find_configured(&call->admin->options.cfg->graph, login);
    return true;
}

bool admin_parse_person(struct call *call, const char *text, struct store_actor *ret_actor,
                        struct err *err)
{
    size_t len = strcspn(text, "#");
    struct store_actor actor = {.id = 0};

    if (len < sizeof(actor.login))
        memcpy(actor.login, text, len);
    if (!is_login(actor.login))
        return err_set(err, ERR_PARSE, "'%.64s' is no login of a person on GitHub", text);
    if (text[len] == '#' && !parse_id(text + len + 1, &actor.id))
        return err_set(err, ERR_PARSE, "'%.64s': behind # comes GitHub's numeric id", text);
    if (text[len] != '#' && !find_id(call, actor.login, &actor.id, err))
        return false;
    if (actor.id == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "no numeric id is known of %s: write %s#ID once (GitHub shows it under "
                       "api.github.com/users/%s)",
                       actor.login, actor.login, actor.login);
    *ret_actor = actor;
    return true;
}

/* ---- how they come ---- */

static bool read_token(struct call *call, const char *header, struct err *err)
{
    uint8_t hash[SHA256_BYTES];
    struct store_token token;
    int64_t now_ms = clock_wall_ms(call->admin->options.clock);

    if (strncasecmp(header, bearer, sizeof(bearer) - 1) != 0)
        return err_set(err, ERR_AUTH, "authorization needs the form `Bearer envf_…`");
    header += sizeof(bearer) - 1;
    sha256(header, strlen(header), hash);
    if (!store_token_by_hash(call->admin->store, hash, &token, err))
        return err->code == ERR_NOT_FOUND ? err_set(err, ERR_AUTH, "the token is not known")
                                          : false;
    if (token.revoked_ms != 0)
        return err_set(err, ERR_AUTH, "the token was revoked");
    if (token.expires_ms != 0 && token.expires_ms <= now_ms)
        return err_set(err, ERR_AUTH, "the token has expired");
    call->scopes = (token.scopes & TOKEN_ADMIN) != 0 ? ALL_SCOPES : token.scopes;
    call->actor.id = token.person_id;
    memcpy(call->actor.login, token.login, sizeof(call->actor.login));
    snprintf(call->actor.via, sizeof(call->actor.via), "token %.54s", token.name);
    return true;
}

/* Over the socket an admin acts in anybody's name; the trail says that it was so. */
static bool read_local(struct call *call, struct err *err)
{
    const char *as = http_request_header(call->request, "x-envflow-as");

    call->scopes = ALL_SCOPES;
    if (as != NULL && !admin_parse_person(call, as, &call->actor, err))
        return false;
    snprintf(call->actor.via, sizeof(call->actor.via), "socket, uid %" PRId64,
             http_request_peer_uid(call->request));
    return true;
}

bool admin_identify(struct call *call, struct err *err)
{
    const char *authorization = http_request_header(call->request, "authorization");
    bool has_name = http_request_header(call->request, "x-envflow-as") != NULL;

    if (authorization != NULL && has_name)
        return err_set(
            err, ERR_PARSE,
            "a token speaks for its owner: it acts in nobody else's name (X-Envflow-As)");
    if (authorization != NULL)
        return read_token(call, authorization, err);
    if (is_local(call->request))
        return read_local(call, err);
    return err_set(err, ERR_AUTH, "the API needs a token, or the unix socket of server.admin");
}
