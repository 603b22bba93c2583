#include <string.h>

#include "handlers.h"

const struct gh_handler *handler_find(const char *event)
{
    (void)event;
    return NULL;
}
