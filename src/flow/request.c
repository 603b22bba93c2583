/* promotion_judge_request(): may this be asked for at all? */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "flow/promotion.h"

/* ---- names in a sentence ---- */

#define NAMES_TEXT_MAX 200 /* leaves room for the rest of the sentence */

/* "a, b, c"; where they do not fit, the last one is "…". */
struct names {
    char text[NAMES_TEXT_MAX];
    size_t len;
    bool is_full;
};

static void add_name(struct names *names, const char *name)
{
    const char *separator = names->len == 0 ? "" : ", ";
    size_t room = sizeof(names->text) - names->len;

    if (names->is_full)
        return;
    if (strlen(separator) + strlen(name) + sizeof(", …") > room) {
        names->is_full = true;
        name = "…";
    }
    names->len += (size_t)snprintf(names->text + names->len, room, "%s%s", separator, name);
}

static struct names names_of_parties(const struct flow_parties *parties)
{
    struct names names = {0};

    for (size_t i = 0; i < parties->count; i++)
        add_name(&names, parties->items[i].name);
    return names;
}

static struct names names_of_patterns(const char *const *patterns)
{
    struct names names = {0};

    for (; *patterns != NULL; patterns++)
        add_name(&names, *patterns);
    return names;
}

/* Where the target's releases come from. */
static struct names names_of_sources(const struct promotion_request *request)
{
    struct names names = {0};

    for (size_t i = 0; i < request->flow->paths_count; i++) {
        if (strcmp(request->flow->paths[i].to, request->target->name) == 0)
            add_name(&names, request->flow->paths[i].from);
    }
    return names;
}

/* ---- what stands against a request, and what would help ---- */

static bool may_not_ask(const struct promotion_request *request)
{
    return request->requester_memberships == 0;
}

static struct reason word_requester(enum reason_code code, const struct promotion_request *request)
{
    return reason_make(code, "%s may not ask for anything on %s; these may: %s", request->requester,
                       request->target->name, names_of_parties(&request->target->requesters).text);
}

static bool has_no_path(const struct promotion_request *request)
{
    return request->path == NULL;
}

static struct reason word_path(enum reason_code code, const struct promotion_request *request)
{
    struct names sources = names_of_sources(request);

    if (sources.len == 0)
        return reason_make(code, "nothing is promoted to %s: the flow has no path there",
                           request->target->name);
    return reason_make(code, "no path leads from %s to %s; promote it from %s", request->from,
                       request->target->name, sources.text);
}

static bool may_not_enter(const struct promotion_request *request)
{
    return request->target->branches != NULL &&
           !graph_matches_branch(request->target->branches, request->branch);
}

static struct reason word_branch(enum reason_code code, const struct promotion_request *request,
                                 const char *const *patterns)
{
    const char *origin = request->branch[0] != '\0' ? request->branch : "a branch nobody knows";

    return reason_make(code, "%s comes from %s; %s takes releases from %s only", request->release,
                       origin, request->target->name, names_of_patterns(patterns).text);
}

static struct reason word_entry(enum reason_code code, const struct promotion_request *request)
{
    return word_branch(code, request, request->target->branches);
}

static bool is_not_manual(const struct promotion_request *request)
{
    return !graph_matches_branch(request->target->manual_branches, request->branch);
}

static struct reason word_manual(enum reason_code code, const struct promotion_request *request)
{
    struct names sources = names_of_sources(request);

    if (request->target->manual_branches != NULL)
        return word_branch(code, request, request->target->manual_branches);
    if (sources.len == 0)
        return reason_make(code, "nothing is deployed to %s by hand: a push does it",
                           request->target->name);
    return reason_make(code, "nothing is deployed to %s by hand; promote it from %s",
                       request->target->name, sources.text);
}

static bool was_not_on_source(const struct promotion_request *request)
{
    return !request->was_on_source;
}

static struct reason word_source(enum reason_code code, const struct promotion_request *request)
{
    return reason_make(code, "%s was never deployed to %s; take it there first", request->release,
                       request->from);
}

static bool is_unhealthy(const struct promotion_request *request)
{
    return request->is_source_unhealthy;
}

static struct reason word_unhealthy(enum reason_code code, const struct promotion_request *request)
{
    return reason_make(code, "%s is not healthy on %s; it may go on once it is", request->release,
                       request->from);
}

static bool lacks_reason(const struct promotion_request *request)
{
    return !request->is_reason_given;
}

static struct reason word_lack(enum reason_code code, const struct promotion_request *request)
{
    return reason_make(code, "a rollback of %s needs a reason; say why", request->target->name);
}

static bool was_never_verified(const struct promotion_request *request)
{
    return !request->was_verified_on_target;
}

static struct reason word_never(enum reason_code code, const struct promotion_request *request)
{
    return reason_make(code, "%s was never verified on %s; roll back to a release that was",
                       request->release, request->target->name);
}

static bool is_there(const struct promotion_request *request)
{
    return request->is_on_target;
}

static struct reason word_there(enum reason_code code, const struct promotion_request *request)
{
    return reason_make(code, "%s holds %s already; ask for another release", request->target->name,
                       request->release);
}

static bool is_on_its_way(const struct promotion_request *request)
{
    return request->is_same_open;
}

static struct reason word_way(enum reason_code code, const struct promotion_request *request)
{
    return reason_make(code, "%s is on its way to %s already; follow that request, or cancel it",
                       request->release, request->target->name);
}

static bool is_pinned(const struct promotion_request *request)
{
    return request->is_pinned;
}

static struct reason word_pin(enum reason_code code, const struct promotion_request *request)
{
    return reason_make(code, "%s is pinned to what it holds (%s); unpin it first",
                       request->target->name,
                       request->pin_reason != NULL ? request->pin_reason : "no reason given");
}

#define FOR_PROMOTE  (1U << PROMOTION_PROMOTE)
#define FOR_ROLLBACK (1U << PROMOTION_ROLLBACK)
#define FOR_DEPLOY   (1U << PROMOTION_DEPLOY)
#define FOR_ENTRY    (FOR_PROMOTE | FOR_DEPLOY) /* a rollback brings what had entered lawfully */
#define FOR_ALL      (FOR_ENTRY | FOR_ROLLBACK)

/* First match wins: who asks, then what the configuration says, then how things stand. */
/* clang-format off */
static const struct {
    unsigned kinds;
    bool (*stands)(const struct promotion_request *request);
    enum reason_code code;
    struct reason (*word)(enum reason_code code, const struct promotion_request *request);
} objections[] = {
    {FOR_ALL,      may_not_ask,        REASON_REQUESTER_NOT_ALLOWED, word_requester},
    {FOR_PROMOTE,  has_no_path,        REASON_NO_PATH,               word_path},
    {FOR_DEPLOY,   is_not_manual,      REASON_BRANCH_NOT_ALLOWED,    word_manual},
    {FOR_ENTRY,    may_not_enter,      REASON_BRANCH_NOT_ALLOWED,    word_entry},
    {FOR_ROLLBACK, lacks_reason,       REASON_REASON_REQUIRED,       word_lack},
    {FOR_ALL,      is_there,           REASON_ALREADY_THERE,         word_there},
    {FOR_ALL,      is_on_its_way,      REASON_ALREADY_OPEN,          word_way},
    {FOR_DEPLOY,   is_pinned,          REASON_PINNED,                word_pin},
    {FOR_PROMOTE,  was_not_on_source,  REASON_NOT_ON_SOURCE,         word_source},
    {FOR_PROMOTE,  is_unhealthy,       REASON_SOURCE_UNHEALTHY,      word_unhealthy},
    {FOR_ROLLBACK, was_never_verified, REASON_NEVER_VERIFIED,        word_never},
};
/* clang-format on */

struct reason promotion_judge_request(const struct promotion_request *request)
{
    assert(request->kind < PROMOTION_KIND_COUNT);

    for (size_t i = 0; i < ARRAY_LEN(objections); i++) {
        if ((objections[i].kinds & (1U << request->kind)) != 0 && objections[i].stands(request))
            return objections[i].word(objections[i].code, request);
    }
    return (struct reason){.code = REASON_NONE};
}
