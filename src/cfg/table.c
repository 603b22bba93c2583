#include "table_int.h"

#include <string.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/log.h"
#include "cfg/cfg.h"

#define GIB (1024 * (int64_t)MIB)
#define TIB (1024 * GIB)

/* ---- server ---- */

static const struct cfg_key tls_keys[] = {
    {
        .name = "certificate",
        .type = &type_path,
        .offset = offsetof(struct cfg, tls_certificate),
        .syntax = &syntax_file,
        .text = "PEM file with the certificate and the chain behind it.",
        .example = "/etc/envflow/tls.pem",
        .missing = "TLS needs a certificate and a key",
    },
    {
        .name = "key",
        .type = &type_path,
        .offset = offsetof(struct cfg, tls_key),
        .syntax = &syntax_file,
        .text = "PEM file with the private key.",
        .example = "/etc/envflow/tls.key",
        .missing = "TLS needs a certificate and a key",
    },
};
static const struct cfg_table tls_table = KEY_TABLE(tls_keys);

static const struct cfg_key server_keys[] = {
    {
        .name = "webhooks",
        .type = &type_addresses,
        .offset = offsetof(struct cfg, webhook_listeners),
        .syntax = &syntax_address,
        .min = 1,
        .max = CFG_LISTENERS_MAX,
        .standard = "0.0.0.0:8080",
        .text = "Where GitHub's deliveries arrive.",
        .example = "[ 0.0.0.0:8080, \"[::]:8080\" ]",
        .starter = "0.0.0.0:8080",
    },
    {
        .name = "path",
        .type = &type_text,
        .offset = offsetof(struct cfg, webhook_path),
        .syntax = &syntax_url_path,
        .standard = "/webhooks/github",
        .text = "Path of the webhook's URL.",
    },
    {
        .name = "tls",
        .type = &type_section,
        .table = &tls_table,
        .text = "HTTPS on the webhook addresses; without it a proxy in front has to do that.",
    },
    {
        .name = "admin",
        .type = &type_addresses,
        .offset = offsetof(struct cfg, admin_listeners),
        .syntax = &syntax_address,
        .min = 1,
        .max = CFG_LISTENERS_MAX,
        .computed = "127.0.0.1:8081 and admin.sock in the store's folder",
        .text = "Where health and the API are served; the command line asks there, socket first.",
        .example = "[ 127.0.0.1:8081, unix:/run/envflow/admin.sock ]",
    },
};
static const struct cfg_table server_table = KEY_TABLE(server_keys);

/* ---- webhook ---- */

static const struct cfg_key secret_keys[] = {
    [CFG_SECRET_FILE] =
        {
            .name = "file",
            .type = &type_path,
            .offset = offsetof(struct cfg_secret, name),
            .syntax = &syntax_file,
            .text = "File that holds the secret and nothing else; not readable by everybody.",
            .example = "/etc/envflow/webhook-secret",
        },
    [CFG_SECRET_ENV] =
        {
            .name = "env",
            .type = &type_text,
            .offset = offsetof(struct cfg_secret, name),
            .syntax = &syntax_variable,
            .text = "Environment variable that holds it.",
            .example = "ENVFLOW_WEBHOOK_SECRET",
        },
    [CFG_SECRET_CREDENTIAL] =
        {
            .name = "credential",
            .type = &type_text,
            .offset = offsetof(struct cfg_secret, name),
            .syntax = &syntax_credential,
            .text = "Credential of this name, as systemd's LoadCredential= provides it.",
            .example = "webhook-secret",
        },
};
static const struct cfg_table secret_table = KEY_TABLE(secret_keys);

static const struct cfg_key webhook_keys[] = {
    {
        .name = "secrets",
        .type = &type_secrets,
        .offset = offsetof(struct cfg, secrets),
        .count_offset = offsetof(struct cfg, secrets_count),
        .table = &secret_table,
        .min = 1,
        .max = CFG_SECRETS_MAX,
        .text = "Where the webhook's secrets are. Any of them is accepted, so that one can be "
                "replaced without a gap. `openssl rand -hex 32` makes one.",
        .example = "[ { file: ./webhook-secret }, { env: OLD_SECRET } ]",
        .starter = "[ { file: ./webhook-secret } ]",
        .missing = "there is no webhook secret; make one with `umask 077; openssl rand -hex 32 > "
                   "webhook-secret`, give it to the webhook on GitHub, and write "
                   "webhook: { secrets: [ { file: ./webhook-secret } ] }",
    },
};
static const struct cfg_table webhook_table = KEY_TABLE(webhook_keys);

/* ---- log ---- */

static const char *const log_formats[] = {
    [CFG_LOG_AUTO] = "auto", [CFG_LOG_JSON] = "json", [CFG_LOG_TEXT] = "text", NULL};
static const char *const log_levels[] = {
    [LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_WARN] = "warning",
    [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_COUNT] = NULL,
};

static const struct cfg_key log_keys[] = {
    {
        .name = "format",
        .type = &type_choice,
        .offset = offsetof(struct cfg, log_format),
        .choices = log_formats,
        .standard = "auto",
        .text = "JSON lines or text; auto writes text to a terminal and JSON elsewhere.",
    },
    {
        .name = "level",
        .type = &type_choice,
        .offset = offsetof(struct cfg, log_level),
        .choices = log_levels,
        .standard = "info",
        .text = "What is less important than this is not logged.",
    },
};
static const struct cfg_table log_table = KEY_TABLE(log_keys);

/* ---- limits ---- */

static const struct cfg_key limits_keys[] = {
    {
        .name = "body",
        .type = &type_size,
        .offset = offsetof(struct cfg, body_bytes_max),
        .min = 64 * KIB,
        .max = 25 * MIB,
        .standard = "25MiB",
        .text = "Largest delivery; GitHub sends none above 25 MB. A larger one is answered 413.",
    },
    {
        .name = "bodies_in_flight",
        .type = &type_size,
        .offset = offsetof(struct cfg, bodies_in_flight_max),
        .min = 1 * MIB,
        .max = 16 * GIB,
        .standard = "64MiB",
        .text = "Memory for bodies being received; further ones wait unread.",
    },
    {
        .name = "connections",
        .type = &type_count,
        .offset = offsetof(struct cfg, connections_max),
        .min = 16,
        .max = 100000,
        .standard = "4096",
        .text = "Open connections; one more pushes out the one that has been idle longest.",
    },
    {
        .name = "connections_per_address",
        .type = &type_count,
        .offset = offsetof(struct cfg, connections_per_address_max),
        .min = 1,
        .max = 100000,
        .standard = "1024",
        .text = "Open connections from one address; raise it behind a proxy.",
    },
    {
        .name = "head",
        .type = &type_size,
        .offset = offsetof(struct cfg, head_bytes_max),
        .min = 4 * KIB,
        .max = 64 * KIB,
        .standard = "16KiB",
        .text = "Request line and headers together; more is answered 431.",
    },
    {
        .name = "head_timeout",
        .type = &type_duration,
        .offset = offsetof(struct cfg, head_timeout_ms),
        .min = 1 * SECONDS,
        .max = 5 * MINUTES,
        .standard = "10s",
        .text = "Longest time for a request's head, the TLS handshake included.",
    },
    {
        .name = "idle_timeout",
        .type = &type_duration,
        .offset = offsetof(struct cfg, idle_timeout_ms),
        .min = 1 * SECONDS,
        .max = 1 * HOURS,
        .standard = "75s",
        .text = "How long a connection may wait for its next request.",
    },
    {
        .name = "body_timeout",
        .type = &type_duration,
        .offset = offsetof(struct cfg, body_timeout_ms),
        .min = 1 * SECONDS,
        .max = 10 * MINUTES,
        .standard = "30s",
        .text = "Longest time for a body; GitHub itself gives up after 10 s.",
    },
    {
        .name = "body_rate",
        .type = &type_size,
        .offset = offsetof(struct cfg, body_rate_min),
        .min = 0,
        .max = 1 * GIB,
        .standard = "16KiB",
        .text = "Slowest body, in bytes a second; 0 accepts any.",
    },
    {
        .name = "parse_memory",
        .type = &type_size,
        .offset = offsetof(struct cfg, parse_bytes_max),
        .min = 8 * MIB,
        .max = 16 * GIB,
        .standard = "128MiB",
        .text = "Memory that parsing one delivery may take; beyond it the delivery is set aside.",
    },
};
static const struct cfg_table limits_table = KEY_TABLE(limits_keys);

/* ---- journal ---- */

static const struct cfg_key journal_keys[] = {
    {
        .name = "segment",
        .type = &type_size,
        .offset = offsetof(struct cfg, journal_segment_bytes),
        .min = 1 * MIB,
        .max = 1 * GIB,
        .standard = "16MiB",
        .text = "Size of one file of the journal.",
    },
    {
        .name = "keep",
        .type = &type_duration,
        .offset = offsetof(struct cfg, journal_keep_ms),
        .min = 0,
        .max = 3650 * DAYS,
        .standard = "7d",
        .text = "How long handled deliveries can still be shown and replayed; 0s keeps them.",
    },
    {
        .name = "keep_size",
        .type = &type_size,
        .offset = offsetof(struct cfg, journal_keep_bytes),
        .min = 0,
        .max = 64 * TIB,
        .standard = "1GiB",
        .text = "Handled deliveries beyond this size go earlier, oldest first; 0 sets no bound.",
    },
    {
        .name = "backlog",
        .type = &type_size,
        .offset = offsetof(struct cfg, journal_backlog_bytes_max),
        .min = 64 * MIB,
        .max = 64 * TIB,
        .standard = "4GiB",
        .text = "Deliveries not yet handled; beyond this size GitHub is answered 503.",
    },
};
static const struct cfg_table journal_table = KEY_TABLE(journal_keys);

/* ---- repositories ---- */

static const struct cfg_key repository_keys[] = {
    {
        .name = "flow",
        .type = &type_flow,
        .offset = offsetof(struct repository_rule, flow),
        .syntax = &syntax_flow,
        .standard = "standard",
        .text = "The flow that these repositories follow.",
    },
    {
        .name = "forks",
        .type = &type_bool,
        .offset = offsetof(struct repository_rule, forks),
        .standard = "false",
        .text = "Whether pushes to forks count when a wildcard matches them.",
    },
};
static const struct cfg_table repository_table = KEY_TABLE(repository_keys);
static const struct cfg_entries repository_entries = {
    .size = sizeof(struct repository_rule),
    .name_offset = offsetof(struct repository_rule, pattern),
    .count_offset = offsetof(struct cfg, graph.repositories_count),
    .syntax = &syntax_repository,
    .name = "<owner/name>",
    .short_key = "flow",
    .starter = "*/*",
};

/* ---- flows ---- */

static const char *const lane_modes[] = {
    [LANE_NEWEST] = "newest", [LANE_EVERY] = "every", [LANE_MODE_COUNT] = NULL};

static const struct cfg_key deploy_keys[] = {
    {
        .name = "command",
        .type = &type_command,
        .offset = offsetof(struct deploy_command, argv),
        .min = 1,
        .max = 256,
        .text = "Program and arguments; exit status 0 means deployed. A program with a slash and "
                "no leading one stands beside the configuration file, one without is looked up in "
                "PATH.",
        .example = "[ ./deploy.sh, dev-int ]",
        .starter = "[ ./deploy.sh, dev-int ]",
        .missing = "a deployment needs a command, as command: [ ./deploy.sh, dev-int ]",
    },
    {
        .name = "timeout",
        .type = &type_duration,
        .offset = offsetof(struct deploy_command, timeout_ms),
        .min = 1 * SECONDS,
        .max = 7 * DAYS,
        .standard = "10m",
        .text = "When the command is ended and counts as failed.",
    },
    {
        .name = "kill_grace",
        .type = &type_duration,
        .offset = offsetof(struct deploy_command, kill_grace_ms),
        .min = 0,
        .max = 1 * HOURS,
        .standard = "10s",
        .text = "Time between asking the command to end (TERM) and making it (KILL).",
    },
    {
        .name = "repeatable",
        .type = &type_bool,
        .offset = offsetof(struct deploy_command, repeatable),
        .standard = "true",
        .text = "Whether it may run again when nobody saw it end (a power failure, for instance). "
                "Say false where twice does harm; such a deployment then counts as failed.",
    },
    {
        .name = "workdir",
        .type = &type_path,
        .offset = offsetof(struct deploy_command, workdir),
        .syntax = &syntax_file,
        .computed = "a fresh folder per deployment",
        .text = "Folder in which the command starts.",
        .example = "/srv/shop",
    },
    {
        .name = "output",
        .type = &type_size,
        .offset = offsetof(struct deploy_command, output_bytes_max),
        .min = 1 * KIB,
        .max = 64 * MIB,
        .standard = "256KiB",
        .text = "How much of its output is kept.",
    },
    {
        .name = "pass_env",
        .type = &type_texts,
        .offset = offsetof(struct deploy_command, pass_env),
        .syntax = &syntax_variable,
        .min = 0,
        .max = 64,
        .standard = "[ PATH, HOME, LANG ]",
        .text = "Variables handed through from envflow's environment, beside those it sets.",
    },
};
static const struct cfg_table deploy_table = KEY_TABLE(deploy_keys);

static const char *const on_unverified[] = {
    [FLOW_HOLD] = "hold", [FLOW_ROLL_BACK] = "rollback", [FLOW_ON_UNVERIFIED_COUNT] = NULL};
static const char *const bypasses[] = {
    [FLOW_BYPASS_OBSERVE] = "observe", [FLOW_BYPASS_FAIL] = "fail", [FLOW_BYPASS_COUNT] = NULL};

static const struct cfg_key environment_keys[] = {
    {
        .name = "deploy",
        .type = &type_section,
        .offset = offsetof(struct flow_environment, deploy),
        .table = &deploy_table,
        .text = "How a commit gets there.",
    },
    {
        .name = "auto",
        .type = &type_texts,
        .offset = offsetof(struct flow_environment, auto_branches),
        .syntax = &syntax_branch,
        .min = 0,
        .max = 64,
        .text = "Branches whose pushes deploy by themselves; `*` stands for letters within a part, "
                "`**` also for slashes. `dev-int` of the flow `standard` has `[ main ]`.",
        .example = "[ main, release/* ]",
    },
    {
        .name = "lane",
        .type = &type_choice,
        .offset = offsetof(struct flow_environment, lane),
        .choices = lane_modes,
        .standard = "newest",
        .text = "While a deployment runs: newest keeps the latest commit waiting, every keeps all.",
    },
    {
        .name = "manual",
        .type = &type_texts,
        .offset = offsetof(struct flow_environment, manual_branches),
        .syntax = &syntax_branch,
        .min = 0,
        .max = 64,
        .text = "Branches that a person may deploy here by hand.",
        .example = "[ main, release/* ]",
    },
    {
        .name = "branches",
        .type = &type_texts,
        .offset = offsetof(struct flow_environment, branches),
        .syntax = &syntax_branch,
        .min = 1,
        .max = 64,
        .computed = "any",
        .text = "Only releases from these branches may enter, however they come.",
        .example = "[ main, release/* ]",
    },
    {
        .name = "requesters",
        .type = &type_parties,
        .offset = offsetof(struct flow_environment, requesters),
        .syntax = &syntax_party,
        .min = 0,
        .max = FLOW_REVIEWERS_MAX,
        .computed = "anybody",
        .text = "People and teams who may ask for a deployment, promotion or rollback here.",
        .example = "[ acme/developers, octocat ]",
    },
    {
        .name = "verify",
        .type = &type_items,
        .offset = offsetof(struct flow_environment, verify.items),
        .table = &cfg_check,
        .entries = &cfg_verifications,
        .min = 0,
        .max = FLOW_CHECKS_MAX,
        .text = "What must hold after a deployment, for the release to count as verified.",
        .example = "[ { http: https://shop.example/healthz, for: 1m } ]",
    },
    {
        .name = "on_unverified",
        .type = &type_choice,
        .offset = offsetof(struct flow_environment, on_unverified),
        .choices = on_unverified,
        .standard = "hold",
        .text = "When that fails: hold keeps what was deployed and promotes nothing from here, "
                "rollback brings the last verified release back.",
    },
    {
        .name = "health",
        .type = &type_probe,
        .offset = offsetof(struct flow_environment, health),
        .table = &cfg_health,
        .text = "A probe of what the environment holds, for as long as it holds it. Exactly one of "
                "`http` and `command`; unhealthy blocks promotions from here.",
        .example = "{ http: https://shop.example/healthz, every: 1m }",
    },
    {
        .name = "rollback",
        .type = &type_section,
        .offset = offsetof(struct flow_environment, rollback),
        .table = &cfg_rollback,
        .text = "What a rollback takes. What is not given is as in the strictest promotion that "
                "leads here: most approvals, then named reviewers, then who is excluded.",
    },
    {
        .name = "approval_environment",
        .type = &type_text,
        .offset = offsetof(struct flow_environment, approval_environment),
        .syntax = &syntax_environment,
        .computed = "promotion-approval-NAME where somebody must approve",
        .text = "Environment on GitHub in which the approval workflow asks for reviews.",
        .example = "promotion-approval-prod",
    },
    {
        .name = "bypass",
        .type = &type_choice,
        .offset = offsetof(struct flow_environment, bypass),
        .choices = bypasses,
        .standard = "observe",
        .text = "A deployment into an environment with approvals that nobody asked envflow for is "
                "audited and shown; fail also answers it with a failure status.",
    },
};
static const struct cfg_table environment_table = KEY_TABLE(environment_keys);
static const struct cfg_entries environment_entries = {
    .size = sizeof(struct flow_environment),
    .name_offset = offsetof(struct flow_environment, name),
    .count_offset = offsetof(struct flow, environments_count),
    .syntax = &syntax_environment,
    .name = "<environment>",
    .starter = "dev-int",
};

static const struct cfg_key flow_keys[] = {
    {
        .name = "environments",
        .type = &type_entries,
        .offset = offsetof(struct flow, environments),
        .table = &environment_table,
        .entries = &environment_entries,
        .min = 1,
        .max = FLOW_ENVIRONMENTS_MAX,
        .text = "The environments, by name.",
        .missing = "a flow needs at least one environment",
    },
    {
        .name = "promotions",
        .type = &type_entries,
        .offset = offsetof(struct flow, paths),
        .table = &cfg_promotion,
        .entries = &cfg_promotions,
        .min = 0,
        .max = FLOW_PATHS_MAX,
        .text = "The only ways from environment to environment, and what opens each. The arrow is "
                "→ or ->.",
        .example = "{ staging->prod: { approvals: { required: 2 }, wait: 30m } }",
    },
    {
        .name = "freezes",
        .type = &type_items,
        .offset = offsetof(struct flow, windows),
        .table = &cfg_freeze,
        .entries = &cfg_freezes,
        .min = 0,
        .max = 64,
        .text = "When nothing may be deployed: every week, or once.",
        .example = "[ { name: weekend, environments: [ prod ], from: Fri 16:00, to: Mon 08:00, "
                   "zone: Europe/Berlin } ]",
    },
    {
        .name = "releases",
        .type = &type_texts,
        .offset = offsetof(struct flow, release_branches),
        .syntax = &syntax_branch,
        .min = 0,
        .max = 64,
        .standard = "[ release/* ]",
        .text = "Branches that are releases: a push to one makes the release of its name.",
    },
    {
        .name = "assert",
        .type = &type_texts,
        .offset = offsetof(struct flow, asserts),
        .syntax = &syntax_words,
        .min = 0,
        .max = 64,
        .text = "What must be true of this flow, in words that `envflow prove` knows.",
        .example = "[ prod needs 2 people, prod only from staging ]",
    },
};
static const struct cfg_table flow_table = KEY_TABLE(flow_keys);
static const struct cfg_entries flow_entries = {
    .size = sizeof(struct flow),
    .name_offset = offsetof(struct flow, name),
    .count_offset = offsetof(struct cfg, graph.flows_count),
    .syntax = &syntax_flow,
    .name = "<flow>",
    .starter = "standard",
};

/* ---- the whole file ---- */

static const struct cfg_key root_keys[] = {
    {
        .name = "server",
        .type = &type_section,
        .table = &server_table,
        .text = "Addresses: `host:port`, `[v6]:port`, `unix:/path`, or `fd:NAME` for a socket that "
                "systemd hands over.",
    },
    {
        .name = "webhook",
        .type = &type_section,
        .table = &webhook_table,
        .text = "How deliveries prove that they come from GitHub.",
        .missing = "",
    },
    {
        .name = "store",
        .type = &type_store,
        .offset = offsetof(struct cfg, store_dir),
        .syntax = &syntax_store,
        .standard = "sqlite:/var/lib/envflow",
        .text = "Folder for all that is kept: journal, database, output of deployments.",
        .starter = "sqlite:./state",
    },
    {
        .name = "repositories",
        .type = &type_entries,
        .offset = offsetof(struct cfg, graph.repositories),
        .table = &repository_table,
        .entries = &repository_entries,
        .min = 1,
        .max = 4096,
        .text = "Which repository follows which flow. Names come before patterns, then the first "
                "match counts.",
        .example = "{ acme/shop: standard, acme/*: { flow: standard, forks: true } }",
        .starter = "standard",
        .missing = "no repository is named; write repositories: { acme/shop: standard }, or acme/* "
                   "for all of acme's",
    },
    {
        .name = "flows",
        .type = &type_entries,
        .offset = offsetof(struct cfg, graph.flows),
        .table = &flow_table,
        .entries = &flow_entries,
        .min = 0,
        .max = 100,
        .standard = cfg_standard_flow,
        .text = "Environments and how they are deployed. `standard` is built in, and what is "
                "written for it here comes on top; any other flow starts empty.",
    },
    {
        .name = "teams",
        .type = &type_entries,
        .offset = offsetof(struct cfg, graph.teams),
        .table = &cfg_team,
        .entries = &cfg_teams,
        .min = 0,
        .max = 500,
        .text = "Who is in a team, where GitHub is not asked.",
        .example = "{ acme/sre: [ octocat#583231, hubot ] }",
    },
    {
        .name = "log",
        .type = &type_section,
        .table = &log_table,
        .text = "The log, on standard error.",
    },
    {
        .name = "limits",
        .type = &type_section,
        .table = &limits_table,
        .text = "What one sender, or all together, may ask of this machine.",
    },
    {
        .name = "journal",
        .type = &type_section,
        .table = &journal_table,
        .text = "The log of verified deliveries in the store's folder.",
    },
};
const struct cfg_table cfg_root = KEY_TABLE(root_keys);

const struct cfg_key *table_find(const struct cfg_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->keys[i].name, name) == 0)
            return &table->keys[i];
    }
    return NULL;
}
