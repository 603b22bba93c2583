/* Every handler of this folder, and the one way in. */
#ifndef HANDLERS_H
#define HANDLERS_H

#include "github/handler.h"

/* NULL when no handler serves the event: it is acknowledged, counted, and its body not kept. */
const struct gh_handler *handler_find(const char *event);

/* The i-th handler in alphabetical order, NULL past the last. */
const struct gh_handler *handler_at(size_t i);

extern const struct gh_handler handler_deployment;
extern const struct gh_handler handler_deployment_review;
extern const struct gh_handler handler_deployment_status;
extern const struct gh_handler handler_ping;
extern const struct gh_handler handler_pull_request;
extern const struct gh_handler handler_pull_request_review;
extern const struct gh_handler handler_push;
extern const struct gh_handler handler_repository_dispatch;
extern const struct gh_handler handler_workflow_dispatch;
extern const struct gh_handler handler_workflow_job;
extern const struct gh_handler handler_workflow_run;

#endif
