/*
 * The table of commands, sorted by name: parsing, help, usage errors and suggestions all
 * come from here. A new command is one row and one function.
 */
#include "commands_int.h"

#include "base/attr.h"

#define LIST_END                                                                                   \
    {                                                                                              \
        NULL, 0, NULL, NULL                                                                        \
    }

static const struct cli_option check_options[] = {
    {"no-secrets", 0, NULL, "do not read the secrets, only the file"},
    LIST_END,
};

static const struct cli_option deliveries_options[] = {
    {"limit", 'n', "NUMBER", "at most so many, 1 to 500"},
    {"before", 0, "SEQUENCE", "only deliveries before this one"},
    {"event", 'e', "EVENT", "only this event, as push"},
    {"verdict", 0, "VERDICT", "acted, recorded, ignored, duplicate or quarantined"},
    {"repository", 'r', "OWNER/NAME", "only this repository"},
    {"guid", 0, "GUID", "only this delivery of GitHub's"},
    LIST_END,
};

static const struct cli_option deployments_options[] = {
    {"limit", 'n', "NUMBER", "at most so many, 1 to 500"},
    {"before", 0, "ID", "only deployments before this one"},
    {"repository", 'r', "OWNER/NAME", "only this repository"},
    {"environment", 'e', "NAME", "only this environment"},
    {"state", 0, "STATE", "queued, running, succeeded, failed, unknown or superseded"},
    LIST_END,
};

static const struct cli_option deployment_options[] = {
    {"output", 'o', NULL, "print what the command printed, and nothing else"},
    LIST_END,
};

static const struct cli_option init_options[] = {
    {"force", 'f', NULL, "write over a configuration that exists"},
    LIST_END,
};

static const struct cli_option probe_options[] = {
    {"status", 0, "NUMBER", "the status expected (200)"},
    {"match", 0, "TEXT", "text that the body has to hold"},
    {"timeout", 0, "DURATION", "of one try (5s)"},
    {"interval", 0, "DURATION", "between tries (1s)"},
    {"for", 0, "DURATION", "how long it has to hold (0s: one good answer)"},
    {"within", 0, "DURATION", "how long it may take to begin (0s: the first try decides)"},
    LIST_END,
};

static const struct cli_option send_options[] = {
    {"url", 'u', "URL", "where to (default: the first webhook listener of the configuration)"},
    {"secret-file", 0, "FILE", "secret to sign with (default: the first of the configuration)"},
    {"repository", 'r', "OWNER/NAME", "made up: the repository (the configuration's first)"},
    {"branch", 'b', "NAME", "made-up push: the branch (main)"},
    {"before", 0, "SHA", "made-up push: where the branch stood (random)"},
    {"after", 0, "SHA", "made-up push: where it stands now (random)"},
    {"title", 't', "TEXT", "made-up push: the commit's message"},
    {"guid", 0, "GUID", "X-GitHub-Delivery (random)"},
    {"hook-id", 0, "NUMBER", "X-GitHub-Hook-ID (1)"},
    {"form", 0, NULL, "as a form, which is GitHub's default content type"},
    {"insecure", 'k', NULL, "accept any certificate"},
    LIST_END,
};

#define AS_OPTION                                                                                  \
    {                                                                                              \
        "as", 0, "LOGIN[#ID]", "in whose name, over the socket"                                    \
    }
#define WAIT_OPTIONS                                                                               \
    {"wait", 'w', NULL, "follow it to its end; the exit status says how it ended"},                \
    {                                                                                              \
        "timeout", 0, "DURATION", "with --wait: give up after so long, as 30m"                     \
    }

static const struct cli_option as_options[] = {
    AS_OPTION,
    LIST_END,
};

static const struct cli_option audit_options[] = {
    {"limit", 'n', "NUMBER", "at most so many, 1 to 500"},
    {"before", 0, "SEQUENCE", "only records before this one"},
    {"repository", 'r', "OWNER/NAME", "only this repository"},
    {"environment", 'e', "NAME", "only this environment"},
    {"subject", 0, "ID", "only about this promotion, deployment or switch"},
    {"actor", 0, "LOGIN", "only what this person did"},
    {"event", 0, "EVENT", "only this event, as promotion.requested"},
    {"since", 0, "TIME", "only from this time on, as 2026-01-01T00:00:00Z"},
    LIST_END,
};

static const struct cli_option cancel_options[] = {
    {"reason", 0, "TEXT", "why; people who voted will read it"},
    AS_OPTION,
    WAIT_OPTIONS,
    LIST_END,
};

static const struct cli_option deploy_options[] = {
    {"release", 0, "NAME", "a release's name, or the beginning of a commit id"},
    {"branch", 'b', "NAME", "the head of this branch (main)"},
    {"reason", 0, "TEXT", "why; it is shown and kept"},
    AS_OPTION,
    WAIT_OPTIONS,
    LIST_END,
};

static const struct cli_option freeze_options[] = {
    {"repository", 'r', "OWNER/NAME", "only this repository"},
    {"flow", 0, "NAME", "only this flow"},
    {"reason", 0, "TEXT", "why; people who wait will read it"},
    {"rollbacks", 0, NULL, "hold rollbacks back, too"},
    AS_OPTION,
    LIST_END,
};

static const struct cli_option pin_options[] = {
    {"reason", 0, "TEXT", "why; people who wait will read it"},
    AS_OPTION,
    LIST_END,
};

static const struct cli_option promote_options[] = {
    {"release", 0, "NAME", "a release's name, or the beginning of a commit id"},
    {"from", 0, "ENVIRONMENT", "the source, where several lead there"},
    {"reason", 0, "TEXT", "why; whoever approves will read it"},
    AS_OPTION,
    WAIT_OPTIONS,
    LIST_END,
};

static const struct cli_option promotions_options[] = {
    {"limit", 'n', "NUMBER", "at most so many, 1 to 500"},
    {"before", 0, "ID", "only promotions before this one"},
    {"repository", 'r', "OWNER/NAME", "only this repository"},
    {"environment", 'e', "NAME", "only into this environment"},
    {"state", 0, "STATE", "open, or one state as awaiting_approval"},
    LIST_END,
};

static const struct cli_option releases_options[] = {
    {"limit", 'n', "NUMBER", "at most so many, 1 to 500"},
    {"before", 0, "NEXT", "the list goes on from there: what the last page ended with"},
    LIST_END,
};

static const struct cli_option rollback_options[] = {
    {"release", 0, "NAME", "an earlier verified release (the last one)"},
    {"reason", 0, "TEXT", "why; required"},
    AS_OPTION,
    WAIT_OPTIONS,
    LIST_END,
};

static const struct cli_option say_options[] = {
    {"comment", 'm', "TEXT", "kept with the vote"},
    AS_OPTION,
    WAIT_OPTIONS,
    LIST_END,
};

static const struct cli_option thaw_options[] = {
    {"repository", 'r', "OWNER/NAME", "the switch of this repository"},
    {"flow", 0, "NAME", "the switch of this flow"},
    AS_OPTION,
    LIST_END,
};

static const struct cli_option token_options[] = {
    {"scope", 0, "SCOPES", "read, promote, approve, admin, parted by commas (read)"},
    {"expires", 0, "DURATION", "when it ends by itself, as 90d (never)"},
    AS_OPTION,
    LIST_END,
};

static const struct cli_command commands[] = {
    {
        .name = "approve",
        .operands = "PROMOTION",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Approve a promotion",
        .text = "Counts for exactly the commit and the rules that are shown now. Over the socket "
                "--as says whose "
                "word it is; a token speaks for its owner. The answer says whether it counts; the "
                "exit status is 4 when it does not.",
        .examples = "envflow approve 01JD3V9ZK8 --as octocat#583231 --comment \"tested\"\n"
                    "ENVFLOW_TOKEN=$(cat token) envflow approve 01JD3V9ZK8\n",
        .options = say_options,
        .run = approve_run,
    },
    {
        .name = "audit export",
        .operands = "",
        .summary = "Print the whole audit trail as JSON lines with their hashes",
        .examples = "envflow audit export > trail.jsonl\n",
        .run = audit_export_run,
    },
    {
        .name = "audit list",
        .operands = "",
        .summary = "List the audit trail, newest first",
        .text = "Piped: sequence, time, event, actor, repository, environment and text, parted by "
                "tabs.",
        .examples = "envflow audit list --environment prod --since 2026-01-01T00:00:00Z\n"
                    "envflow audit list --subject 01JD3V9ZK8Q4M2X7N5T6W0RBCF\n",
        .options = audit_options,
        .run = audit_list_run,
    },
    {
        .name = "audit verify",
        .operands = "FILE",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Find any record of an export that was changed, removed, added or moved",
        .text = "- reads standard input. Needs no running envflow.",
        .examples = "envflow audit verify trail.jsonl\n",
        .run = audit_verify_run,
    },
    {
        .name = "cancel",
        .operands = "PROMOTION",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Cancel a promotion that is not being deployed yet",
        .examples = "envflow cancel 01JD3V9ZK8 --as octocat --reason \"wrong release\"\n",
        .options = cancel_options,
        .run = cancel_run,
    },
    {
        .name = "config check",
        .operands = "",
        .summary = "Say whether the configuration is right, and what it means",
        .text = "Reports every mistake with line and column, and exits with 2 when there is one. "
                "Nothing is started and no envflow needs to run.",
        .examples = "envflow config check\n"
                    "envflow config check --config staging.yaml --no-secrets\n",
        .options = check_options,
        .run = config_check_run,
    },
    {
        .name = "config document",
        .operands = "",
        .summary = "Print the reference of every configuration key, as Markdown",
        .examples = "envflow config document > docs/config.md\n",
        .run = config_document_run,
        .hidden = true,
    },
    {
        .name = "config schema",
        .operands = "",
        .summary = "Print the configuration's JSON Schema, for editors",
        .examples = "envflow config schema > envflow.schema.json\n",
        .run = config_schema_run,
    },
    {
        .name = "config show",
        .operands = "",
        .summary = "Print the configuration in effect, defaults included, as YAML",
        .text = "Secrets are shown as references, never as what they are.",
        .examples = "envflow config show\n",
        .run = config_show_run,
    },
    {
        .name = "deliveries list",
        .operands = "",
        .summary = "List what GitHub sent, newest first, and what became of it",
        .text = "Piped: sequence, received_at, event.action, repository, sha, verdict, reason and "
                "guid, parted by tabs.",
        .examples = "envflow deliveries list\n"
                    "envflow deliveries list --verdict quarantined\n"
                    "envflow deliveries list --repository acme/shop --event push --limit 5\n",
        .options = deliveries_options,
        .run = deliveries_list_run,
    },
    {
        .name = "deliveries replay",
        .operands = "GUID|SEQUENCE",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Have a stored delivery handled again",
        .text = "The delivery is taken from envflow's journal, not from GitHub, and is not held "
                "for a duplicate of itself.",
        .examples = "envflow deliveries replay 4711\n",
        .run = deliveries_replay_run,
    },
    {
        .name = "deliveries show",
        .operands = "GUID|SEQUENCE",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Show one delivery: verdict, reason, and what it caused",
        .text = "GUID is what GitHub shows under Recent Deliveries and sends as "
                "X-GitHub-Delivery.",
        .examples = "envflow deliveries show 72d3162e-cc78-11e3-81ab-4c9367dc0958\n"
                    "envflow deliveries show 4711 --json\n",
        .run = deliveries_show_run,
    },
    {
        .name = "deploy",
        .operands = "OWNER/NAME ENVIRONMENT",
        .operands_min = 2,
        .operands_max = 2,
        .summary = "Deploy a branch or release by hand, where the flow lets one",
        .text = "Without --release: the head of --branch, which is main where it is not given.",
        .examples = "envflow deploy acme/shop future --branch release/v1.2.0 --as octocat --wait\n",
        .options = deploy_options,
        .run = deploy_run,
    },
    {
        .name = "deployments list",
        .operands = "",
        .summary = "List deployments, newest first",
        .text = "Piped: id, state, repository, environment, sha, created_at, duration and title, "
                "parted by tabs.",
        .examples = "envflow deployments list --environment dev-int\n"
                    "envflow deployments list --state failed --limit 1\n",
        .options = deployments_options,
        .run = deployments_list_run,
    },
    {
        .name = "deployments show",
        .operands = "ID",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Show one deployment, its reason, and what its command printed",
        .examples = "envflow deployments show 01JD3V9ZK8Q4M2X7N5T6W0RBCF\n"
                    "envflow deployments show 01JD3V9ZK8Q4M2X7N5T6W0RBCF --output > deploy.log\n",
        .options = deployment_options,
        .run = deployments_show_run,
    },
    {
        .name = "freeze",
        .operands = "[ENVIRONMENT]",
        .operands_max = 1,
        .summary = "Pull the stop switch: nothing is deployed until somebody thaws",
        .text = "Without an environment, --flow or --repository: everything stops. Rollbacks pass "
                "unless --rollbacks "
                "says otherwise; pushes wait and are not lost.",
        .examples = "envflow freeze prod --reason \"INC-7\" --as octocat\n"
                    "envflow freeze --reason \"data centre move\" --rollbacks --as octocat\n",
        .options = freeze_options,
        .run = freeze_run,
    },
    {
        .name = "help",
        .operands = "[COMMAND]",
        .operands_max = 2,
        .summary = "Explain envflow, or one command",
        .examples = "envflow help deliveries show\n",
        .run = help_run,
    },
    {
        .name = "init",
        .operands = "",
        .summary = "Write a commented configuration, a webhook secret and an example script",
        .text = "Files that exist are kept; --force writes over the configuration alone.",
        .examples = "envflow init\n"
                    "envflow init --config /etc/envflow/envflow.yaml\n",
        .options = init_options,
        .run = init_run,
    },
    {
        .name = "pin",
        .operands = "OWNER/NAME ENVIRONMENT",
        .operands_min = 2,
        .operands_max = 2,
        .summary = "Keep an environment at what it holds: no push, nothing by hand",
        .examples = "envflow pin acme/shop dev-int --reason \"demo at noon\" --as octocat\n",
        .options = pin_options,
        .run = pin_run,
    },
    {
        .name = "probe",
        .operands = "URL",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Check one HTTP answer (envflow starts this itself)",
        .examples = "envflow probe --status 200 https://shop.example/healthz\n",
        .options = probe_options,
        .run = probe_run,
        .hidden = true,
    },
    {
        .name = "promote",
        .operands = "OWNER/NAME ENVIRONMENT",
        .operands_min = 2,
        .operands_max = 2,
        .summary = "Ask for a release to go to the next environment",
        .text = "Without --release: what the source holds now. Without --from: the only "
                "environment that leads "
                "there. The exit status with --wait is 0 when it is there, 5 when its gate did not "
                "open.",
        .examples = "envflow promote acme/shop staging --as octocat\n"
                    "envflow promote acme/shop prod --release release/v1.2.0 --wait --timeout 8h\n",
        .options = promote_options,
        .run = promote_run,
    },
    {
        .name = "promotions list",
        .operands = "",
        .summary = "List promotions, newest first",
        .text = "Piped: id, state, repository, from, to, release, who asked, created_at and the "
                "sentence, parted by "
                "tabs.",
        .examples = "envflow promotions list --state open\n"
                    "envflow promotions list --repository acme/shop --environment prod\n",
        .options = promotions_options,
        .run = promotions_list_run,
    },
    {
        .name = "promotions show",
        .operands = "PROMOTION",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Show one promotion with its votes and checks",
        .examples = "envflow promotions show 01JD3V9ZK8\n",
        .run = promotions_show_run,
    },
    {
        .name = "prove",
        .operands = "",
        .summary = "Decide what the configured flows guarantee, or how one gets around",
        .text = "Needs no running envflow. The exit status is 5 when a claim is broken.",
        .examples = "envflow prove\n"
                    "envflow prove --config staging.yaml\n",
        .run = prove_run,
    },
    {
        .name = "reject",
        .operands = "PROMOTION",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Reject a promotion, which ends it",
        .examples =
            "envflow reject 01JD3V9ZK8 --as octocat --comment \"the migration is missing\"\n",
        .options = say_options,
        .run = reject_run,
    },
    {
        .name = "releases",
        .operands = "[OWNER/NAME]",
        .operands_max = 1,
        .summary = "List releases: names that stand for one commit, for ever",
        .examples = "envflow releases acme/shop\n",
        .options = releases_options,
        .run = releases_run,
    },
    {
        .name = "rollback",
        .operands = "OWNER/NAME ENVIRONMENT",
        .operands_min = 2,
        .operands_max = 2,
        .summary = "Bring an earlier verified release back",
        .text = "Without --release: the last verified one before what is there. It asks for the "
                "same approvals as "
                "a promotion, and pins the environment until somebody promotes again.",
        .examples = "envflow rollback acme/shop prod --reason \"INC-7: checkout fails\" --as "
                    "octocat --wait\n",
        .options = rollback_options,
        .run = rollback_run,
    },
    {
        .name = "send",
        .operands = "EVENT [FILE]",
        .operands_min = 1,
        .operands_max = 2,
        .summary = "Sign a payload and send it as GitHub would",
        .text = "FILE holds the payload, byte for byte; - reads standard input. Without a file, "
                "push and ping are made up. The answer decides the exit status.",
        .examples = "envflow send push --repository acme/shop --branch main --title \"Fix the "
                    "till\"\n"
                    "envflow send push recorded.json --guid 72d3162e-cc78-11e3-81ab-4c9367dc0958\n"
                    "envflow send ping --url http://127.0.0.1:8080/webhooks/github "
                    "--secret-file webhook-secret\n",
        .options = send_options,
        .run = send_run,
    },
    {
        .name = "status",
        .operands = "",
        .summary = "Show the board: every environment, what it holds, and what failed",
        .text = "The exit status is 0 also when envflow is not ready: it says so in its first "
                "lines.",
        .examples = "envflow status\n"
                    "envflow status --server unix:/run/envflow/admin.sock\n"
                    "envflow status --json | jq .lanes\n",
        .run = status_run,
    },
    {
        .name = "thaw",
        .operands = "[ENVIRONMENT]",
        .operands_max = 1,
        .summary = "Lift a stop switch, by the scope it was pulled for",
        .examples = "envflow thaw prod --as octocat\n",
        .options = thaw_options,
        .run = thaw_run,
    },
    {
        .name = "token create",
        .operands = "NAME PERSON",
        .operands_min = 2,
        .operands_max = 2,
        .summary = "Make a token that acts for a person",
        .text = "PERSON is a GitHub login with its numeric id, as octocat#583231; the login alone "
                "once the id is "
                "known. The token is printed once and kept only as a hash.",
        .examples = "envflow token create ci octocat#583231 --scope read,promote --expires 90d\n",
        .options = token_options,
        .run = token_create_run,
    },
    {
        .name = "token list",
        .operands = "",
        .summary = "List tokens: whose they are and what they may do",
        .examples = "envflow token list\n",
        .run = token_list_run,
    },
    {
        .name = "token revoke",
        .operands = "TOKEN|NAME",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Make a token worthless",
        .examples = "envflow token revoke ci --as octocat\n",
        .options = as_options,
        .run = token_revoke_run,
    },
    {
        .name = "unpin",
        .operands = "OWNER/NAME ENVIRONMENT",
        .operands_min = 2,
        .operands_max = 2,
        .summary = "Let an environment move again",
        .examples = "envflow unpin acme/shop dev-int --as octocat\n",
        .options = as_options,
        .run = unpin_run,
    },
    {
        .name = "version",
        .operands = "",
        .summary = "Print the version",
        .examples = "envflow version\n",
        .run = version_run,
    },
    {
        .name = "why",
        .operands = "PROMOTION | OWNER/NAME ENVIRONMENT",
        .operands_min = 1,
        .operands_max = 2,
        .summary = "Say what something waits for, and what would open it",
        .examples = "envflow why 01JD3V9ZK8\n"
                    "envflow why acme/shop prod\n"
                    "envflow why acme/shop prod --json\n",
        .run = why_run,
    },
    {
        .name = "withdraw",
        .operands = "PROMOTION",
        .operands_min = 1,
        .operands_max = 1,
        .summary = "Take your vote on a promotion back",
        .examples = "envflow withdraw 01JD3V9ZK8 --as octocat\n",
        .options = say_options,
        .run = withdraw_run,
    },
};

const struct cli_command *cli_commands(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(commands);
    return commands;
}
