/* envflow: the program. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return CLI_DONE;
}
