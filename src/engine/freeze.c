#include "freeze_int.h"

#include <string.h>
#include <strings.h>

#include "base/rfc3339.h"

/* What a switch has to stand for. */
struct search {
    const struct freeze_scope *scope;
    struct freeze_view *view;
};

static bool is_meant(const char *part, const char *name)
{
    return part[0] == '\0' || strcasecmp(part, name) == 0;
}

bool freeze_applies(const struct store_freeze *freeze, const char *flow, const char *repository,
                    const char *environment)
{
    return is_meant(freeze->flow, flow) && is_meant(freeze->repository, repository) &&
           is_meant(freeze->environment, environment);
}

static bool take_stop(const struct store_freeze *freeze, void *arg)
{
    const struct search *search = arg;
    const struct freeze_scope *scope = search->scope;

    if (!freeze_applies(freeze, scope->flow->name, scope->repository, scope->environment) ||
        (scope->is_rollback && !freeze->holds_rollbacks))
        return true;
    search->view->stop = *freeze;
    return false;
}

bool freeze_look(struct store *store, const struct freeze_scope *scope, int64_t now_ms,
                 struct freeze_view *ret_view, struct err *err)
{
    struct freeze_view view = {0};
    struct search search = {scope, &view};

    if (!store_freezes(store, take_stop, &search, err))
        return false;
    view.window =
        window_find_closed(scope->flow->windows, scope->flow->windows_count, scope->environment,
                           scope->is_rollback, now_ms, &view.window_until_ms);
    view.is_frozen = view.window != NULL || view.stop.id.text[0] != '\0';
    *ret_view = view;
    return true;
}

struct reason freeze_reason(const struct freeze_view *view, const char *environment)
{
    char until[RFC3339_SIZE];

    if (view->stop.id.text[0] != '\0')
        return reason_make(REASON_STOPPED, "%.60s is stopped by %s: %.200s", environment,
                           view->stop.by.login[0] != '\0' ? view->stop.by.login : "envflow",
                           view->stop.reason);
    if (view->window != NULL)
        return reason_make(REASON_FROZEN, "%.60s is frozen until %s by the window \"%.80s\"",
                           environment, rfc3339_format(view->window_until_ms, until),
                           view->window->name);
    return (struct reason){.code = REASON_NONE};
}
