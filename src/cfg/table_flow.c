/* The keys that say who may take what where: people, gates, checks, freezes; and `standard`. */
#include <assert.h>

#include "base/attr.h"
#include "cfg/cfg.h"
#include "flow/graph.h"
#include "flow/window.h"
#include "gates_int.h"
#include "table_int.h"
#include "windows_int.h"

const char cfg_standard_flow[] =
    "{ standard: { environments: { dev-int: { auto: [ main ], manual: [ main ] }, "
    "future: { manual: [ main, release/* ], branches: [ main, release/* ] }, "
    "active: { manual: [ main, release/* ], branches: [ main, release/* ] }, "
    "uat: {}, staging: {}, prod: { branches: [ main, release/* ] } }, "
    "promotions: { dev-int->future: {}, dev-int->active: {}, future->active: {}, "
    "active->uat: { approvals: { required: 1 } }, "
    "active->staging: { approvals: { required: 1 } }, "
    "uat->staging: { approvals: { required: 1 } }, "
    "staging->prod: { approvals: { required: 2 } } } } }";

/* ---- people ---- */

#define TEAM_MEMBERS_MAX 1000

static const struct cfg_key team_keys[] = {
    {
        .name = "members",
        .type = &type_people,
        .offset = offsetof(struct flow_team, members),
        .count_offset = offsetof(struct flow_team, members_count),
        .syntax = &syntax_person,
        .min = 1,
        .max = TEAM_MEMBERS_MAX,
        .text = "GitHub logins; `login#ID` ties one to its numeric id, so that nobody who takes "
                "the login later counts.",
        .example = "[ octocat#583231, hubot ]",
        .missing = "a team needs members, as acme/sre: [ octocat#583231, hubot ]",
    },
};
const struct cfg_table cfg_team = KEY_TABLE(team_keys);
const struct cfg_entries cfg_teams = {
    .size = sizeof(struct flow_team),
    .name_offset = offsetof(struct flow_team, name),
    .count_offset = offsetof(struct cfg, graph.teams_count),
    .syntax = &syntax_team,
    .name = "<owner/team>",
    .short_key = "members",
};

static const struct cfg_key seats_keys[] = {
    {
        .name = "team",
        .type = &type_text,
        .offset = offsetof(struct flow_party, name),
        .syntax = &syntax_team,
        .text = "A team.",
        .example = "acme/qa",
        .missing = "a minimum is that of a team, as { team: acme/qa, min: 1 }",
    },
    {
        .name = "min",
        .type = &type_count,
        .offset = offsetof(struct flow_party, seats_min),
        .min = 1,
        .max = FLOW_SEATS_MAX,
        .standard = "1",
        .text = "How many of the approvals must come from it.",
    },
};
const struct cfg_table cfg_seats = KEY_TABLE(seats_keys);

/* ---- checks ---- */

static const struct cfg_key check_keys[] = {
    {
        .name = "name",
        .type = &type_text,
        .offset = offsetof(struct flow_check, name),
        .syntax = &syntax_words,
        .computed = "its kind and its place, as `http 1`",
        .text = "What it is called where its result is shown.",
        .example = "smoke test",
    },
    {
        .name = "http",
        .type = &type_text,
        .offset = offsetof(struct flow_check, url),
        .syntax = &syntax_url,
        .text = "URL that is asked with GET; redirects are not followed. Either this or `command`.",
        .example = "https://shop.example/healthz",
    },
    {
        .name = "status",
        .type = &type_status,
        .offset = offsetof(struct flow_check, status),
        .min = 100,
        .max = 599,
        .standard = "200",
        .text = "The status that http expects.",
    },
    {
        .name = "match",
        .type = &type_text,
        .offset = offsetof(struct flow_check, match),
        .syntax = &syntax_words,
        .text = "Text that the body of http must hold.",
        .example = "ready",
    },
    {
        .name = "command",
        .type = &type_command,
        .offset = offsetof(struct flow_check, argv),
        .min = 1,
        .max = 256,
        .text = "Program and arguments, found as that of `deploy`; exit status 0 is good.",
        .example = "[ ./smoke.sh, staging ]",
    },
    {
        .name = "timeout",
        .type = &type_duration,
        .offset = offsetof(struct flow_check, timeout_ms),
        .min = 100,
        .max = 1 * HOURS,
        .standard = "10s",
        .text = "Longest time of one try.",
    },
    {
        .name = "interval",
        .type = &type_duration,
        .offset = offsetof(struct flow_check, interval_ms),
        .min = 1 * SECONDS,
        .max = 1 * HOURS,
        .standard = "10s",
        .text = "Time between tries.",
    },
    {
        .name = "for",
        .type = &type_duration,
        .offset = offsetof(struct flow_check, for_ms),
        .min = 0,
        .max = 7 * DAYS,
        .standard = "0s",
        .text = "How long it must go on being good; with 0s once is enough.",
    },
    {
        .name = "within",
        .type = &type_duration,
        .offset = offsetof(struct flow_check, within_ms),
        .min = 0,
        .max = 7 * DAYS,
        .standard = "0s",
        .text = "How long it may take to become good; with 0s the first try decides.",
    },
};
const struct cfg_table cfg_check = KEY_TABLE(check_keys);

/* Three lists hold checks. */
#define CHECKS(offset_of_count)                                                                    \
    {                                                                                              \
        .size = sizeof(struct flow_check), .name_offset = offsetof(struct flow_check, name),       \
        .count_offset = (offset_of_count), .finish = finish_check                                  \
    }

const struct cfg_entries cfg_verifications =
    CHECKS(offsetof(struct flow_environment, verify.count));
static const struct cfg_entries promotion_checks =
    CHECKS(offsetof(struct flow_path, gate.checks.count));
static const struct cfg_entries rollback_checks = CHECKS(offsetof(struct flow_gate, checks.count));

/* Fills the probe and, behind it in the same environment, how often it runs. */
static const struct cfg_key health_keys[] = {
    {
        .name = "http",
        .type = &type_text,
        .offset = offsetof(struct flow_check, url),
        .syntax = &syntax_url,
        .text = "URL that is asked with GET; redirects are not followed.",
        .example = "https://shop.example/healthz",
    },
    {
        .name = "status",
        .type = &type_status,
        .offset = offsetof(struct flow_check, status),
        .min = 100,
        .max = 599,
        .standard = "200",
        .text = "The status that http expects.",
    },
    {
        .name = "match",
        .type = &type_text,
        .offset = offsetof(struct flow_check, match),
        .syntax = &syntax_words,
        .text = "Text that the body of http must hold.",
        .example = "ready",
    },
    {
        .name = "command",
        .type = &type_command,
        .offset = offsetof(struct flow_check, argv),
        .min = 1,
        .max = 256,
        .text = "Program and arguments, found as that of `deploy`; exit status 0 is healthy.",
        .example = "[ ./healthy.sh, prod ]",
    },
    {
        .name = "timeout",
        .type = &type_duration,
        .offset = offsetof(struct flow_check, timeout_ms),
        .min = 100,
        .max = 1 * HOURS,
        .standard = "10s",
        .text = "Longest time of one try.",
    },
    {
        .name = "every",
        .type = &type_duration,
        .offset = offsetof(struct flow_environment, health_every_ms) -
                  offsetof(struct flow_environment, health),
        .min = 1 * SECONDS,
        .max = 1 * DAYS,
        .standard = "1m",
        .text = "Time from one probe to the next.",
    },
};
const struct cfg_table cfg_health = KEY_TABLE(health_keys);

/* ---- gates ---- */

static const char *const exclusions[] = {"authors", "committers", NULL};
static_assert(offsetof(struct flow_approvals, committers_excluded) ==
                  offsetof(struct flow_approvals, authors_excluded) + sizeof(bool),
              "the words of exclude are bools side by side, in this order");

static const struct cfg_key approvals_keys[] = {
    {
        .name = "required",
        .type = &type_count,
        .offset = offsetof(struct flow_approvals, required),
        .min = 0,
        .max = FLOW_SEATS_MAX,
        .standard = "0",
        .text = "How many different people must approve.",
    },
    {
        .name = "reviewers",
        .type = &type_parties,
        .offset = offsetof(struct flow_approvals, reviewers),
        .table = &cfg_seats,
        .syntax = &syntax_party,
        .min = 0,
        .max = FLOW_REVIEWERS_MAX,
        .computed = "anybody",
        .text = "Whose approvals count: logins, `login#ID`, teams, and teams that must fill some "
                "of the seats themselves.",
        .example = "[ acme/sre, octocat#583231, { team: acme/qa, min: 1 } ]",
    },
    {
        .name = "self_approval",
        .type = &type_bool,
        .offset = offsetof(struct flow_approvals, self_approval),
        .standard = "false",
        .text = "Whether whoever asked for it counts, too.",
    },
    {
        .name = "exclude",
        .type = &type_words,
        .offset = offsetof(struct flow_approvals, authors_excluded),
        .choices = exclusions,
        .min = 0,
        .max = 2,
        .standard = "[]",
        .text = "Who does not count: `authors` is whoever opened the pull request whose merge is "
                "the release. `committers` is refused until envflow asks GitHub who they are.",
        .example = "[ authors ]",
    },
    {
        .name = "pull_request_reviews",
        .type = &type_bool,
        .offset = offsetof(struct flow_approvals, pull_request_reviews),
        .standard = "false",
        .text = "Whether approving a pull request at exactly the release's commit counts.",
    },
    {
        .name = "valid",
        .type = &type_duration,
        .offset = offsetof(struct flow_approvals, valid_ms),
        .min = 0,
        .max = 365 * DAYS,
        .standard = "0s",
        .text = "How long an approval counts; 0s: as long as the promotion is open.",
    },
};
static const struct cfg_table approvals_table = KEY_TABLE(approvals_keys);

static const struct cfg_key promotion_keys[] = {
    {
        .name = "approvals",
        .type = &type_section,
        .offset = offsetof(struct flow_path, gate.approvals),
        .table = &approvals_table,
        .text = "Who must agree.",
    },
    {
        .name = "wait",
        .type = &type_duration,
        .offset = offsetof(struct flow_path, gate.wait_ms),
        .min = 0,
        .max = 30 * DAYS,
        .standard = "0s",
        .text = "Time between the last approval that was needed and the deployment.",
    },
    {
        .name = "soak",
        .type = &type_duration,
        .offset = offsetof(struct flow_path, gate.soak_ms),
        .min = 0,
        .max = 90 * DAYS,
        .standard = "0s",
        .text = "How long the source must have held the release, healthily.",
    },
    {
        .name = "expires",
        .type = &type_duration,
        .offset = offsetof(struct flow_path, gate.expires_ms),
        .min = 1 * MINUTES,
        .max = 365 * DAYS,
        .standard = "7d",
        .text = "When a promotion that nobody answered ends.",
    },
    {
        .name = "checks",
        .type = &type_items,
        .offset = offsetof(struct flow_path, gate.checks.items),
        .table = &cfg_check,
        .entries = &promotion_checks,
        .min = 0,
        .max = FLOW_CHECKS_MAX,
        .text = "What must hold right before the deployment.",
        .example = "[ { command: [ ./smoke.sh, staging ] } ]",
    },
};
const struct cfg_table cfg_promotion = KEY_TABLE(promotion_keys);
const struct cfg_entries cfg_promotions = {
    .size = sizeof(struct flow_path),
    .name_offset = offsetof(struct flow_path, name),
    .count_offset = offsetof(struct flow, paths_count),
    .syntax = &syntax_path,
    .name = "<from>→<to>",
    .canonical = canonical_path,
    .finish = finish_path,
};

/* A rollback has no source: nothing soaks there, and what is checked there says nothing. */
static const struct cfg_key rollback_keys[] = {
    {
        .name = "approvals",
        .type = &type_section,
        .offset = offsetof(struct flow_gate, approvals),
        .table = &approvals_table,
        .text = "Who must agree; never fewer than a promotion takes.",
    },
    {
        .name = "wait",
        .type = &type_duration,
        .offset = offsetof(struct flow_gate, wait_ms),
        .min = 0,
        .max = 30 * DAYS,
        .computed = "that of the promotion",
        .text = "Time between the last approval that was needed and the deployment.",
    },
    {
        .name = "expires",
        .type = &type_duration,
        .offset = offsetof(struct flow_gate, expires_ms),
        .min = 1 * MINUTES,
        .max = 365 * DAYS,
        .standard = "7d",
        .text = "When a rollback that nobody answered ends.",
    },
    {
        .name = "checks",
        .type = &type_items,
        .offset = offsetof(struct flow_gate, checks.items),
        .table = &cfg_check,
        .entries = &rollback_checks,
        .min = 0,
        .max = FLOW_CHECKS_MAX,
        .text = "What must hold right before the deployment.",
    },
};
const struct cfg_table cfg_rollback = KEY_TABLE(rollback_keys);

/* ---- freezes ---- */

static const char *const rollback_words[] = {"pass", "hold", NULL};

static const struct cfg_key freeze_keys[] = {
    {
        .name = "name",
        .type = &type_text,
        .offset = offsetof(struct flow_window, name),
        .syntax = &syntax_words,
        .text = "What refusals call it.",
        .example = "weekend",
        .missing = "a freeze needs a name, which refusals show",
    },
    {
        .name = "environments",
        .type = &type_texts,
        .offset = offsetof(struct flow_window, environments),
        .syntax = &syntax_environment,
        .min = 1,
        .max = FLOW_ENVIRONMENTS_MAX,
        .computed = "all",
        .text = "The environments that are frozen.",
        .example = "[ staging, prod ]",
    },
    {
        .name = "from",
        .type = &type_edge,
        .offset = offsetof(struct flow_window, from),
        .text = "When it begins: `Fri 16:00` every week, or `2026-12-20`, or `2026-12-20 18:00`.",
        .example = "Fri 16:00",
        .missing = "a freeze needs from: and to:, as from: Fri 16:00",
    },
    {
        .name = "to",
        .type = &type_edge,
        .offset = offsetof(struct flow_window, to),
        .text = "When it ends, in the same form; a date alone is its first moment.",
        .example = "Mon 08:00",
        .missing = "a freeze needs from: and to:, as to: Mon 08:00",
    },
    {
        .name = "zone",
        .type = &type_zone,
        .offset = offsetof(struct flow_window, zone),
        .standard = "UTC",
        .text = "Time zone in which that is said.",
        .example = "Europe/Berlin",
    },
    {
        .name = "rollbacks",
        .type = &type_either,
        .offset = offsetof(struct flow_window, holds_rollbacks),
        .choices = rollback_words,
        .standard = "pass",
        .text = "Whether rollbacks are frozen, too.",
    },
};
const struct cfg_table cfg_freeze = KEY_TABLE(freeze_keys);
const struct cfg_entries cfg_freezes = {
    .size = sizeof(struct flow_window),
    .name_offset = offsetof(struct flow_window, name),
    .count_offset = offsetof(struct flow, windows_count),
    .finish = finish_freeze,
};
