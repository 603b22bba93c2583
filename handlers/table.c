#include <string.h>

#include "handlers.h"

/* In the alphabetical order of the event names; a test checks that. */
static const struct gh_handler *const table[] = {
    &handler_deployment,   &handler_deployment_review,   &handler_deployment_status,
    &handler_ping,         &handler_pull_request,        &handler_pull_request_review,
    &handler_push,         &handler_repository_dispatch, &handler_workflow_dispatch,
    &handler_workflow_job, &handler_workflow_run,
};

const struct gh_handler *handler_find(const char *event)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i]->event, event) == 0)
            return table[i];
    }
    return NULL;
}

const struct gh_handler *handler_at(size_t i)
{
    return i < ARRAY_LEN(table) ? table[i] : NULL;
}
