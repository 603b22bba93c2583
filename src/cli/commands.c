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

static const struct cli_command commands[] = {
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
        .name = "version",
        .operands = "",
        .summary = "Print the version",
        .examples = "envflow version\n",
        .run = version_run,
    },
};

const struct cli_command *cli_commands(size_t *ret_count)
{
    *ret_count = ARRAY_LEN(commands);
    return commands;
}
