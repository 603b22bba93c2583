#include "serve.h"

int serve_run(const struct cli_args *args)
{
    (void)args;
    return cli_fail(CLI_FAILED, "this build has no server");
}
