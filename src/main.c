/* envflow: the program. The commands that are no client of the admin API stand here. */
#include "base/attr.h"
#include "cli/cli.h"
#include "exec/command.h"
#include "serve.h"

static int keep_run(const struct cli_args *args)
{
    (void)args;
    return keeper_main();
}

static const struct cli_command own[] = {
    {
        .name = "keep",
        .operands = "",
        .summary = "Keep one command (envflow starts this itself)",
        .run = keep_run,
        .hidden = true,
    },
    {
        .name = "serve",
        .operands = "",
        .summary = "Receive webhooks and deploy",
        .text = "Runs in the foreground and logs on standard error until TERM or INT, which let "
                "requests in progress end; a deployment that runs goes on, and the next start "
                "takes it up.",
        .examples = "envflow serve\n"
                    "envflow serve --config /etc/envflow/envflow.yaml\n",
        .run = serve_run,
    },
};

int main(int argc, char **argv)
{
    return cli_main(argc, argv, own, ARRAY_LEN(own));
}
