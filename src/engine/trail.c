#include "trail_int.h"

#include <stdio.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "store/audit.h"

static const char *text_or_none(const char *text)
{
    return text != NULL ? text : "";
}

bool trail_add(struct lanes *lanes, const struct trail_note *note, struct err *err)
{
    static const struct store_actor itself = {.via = "envflow"};
    const struct store_actor *actor = note->actor != NULL ? note->actor : &itself;
    struct audit_record record = {.time_ms = lanes->now_ms, .actor_id = actor->id};

    snprintf(record.event, sizeof(record.event), "%s", note->event);
    snprintf(record.actor, sizeof(record.actor), "%s", actor->login);
    snprintf(record.via, sizeof(record.via), "%s", actor->via);
    snprintf(record.repository, sizeof(record.repository), "%s", text_or_none(note->repository));
    snprintf(record.environment, sizeof(record.environment), "%s", text_or_none(note->environment));
    snprintf(record.subject, sizeof(record.subject), "%s", text_or_none(note->subject));
    snprintf(record.reason, sizeof(record.reason), "%s", reason_name(note->reason->code));
    snprintf(record.text, sizeof(record.text), "%s", note->reason->text);
    snprintf(record.details, sizeof(record.details), "%s", text_or_none(note->details));
    return store_audit_add(lanes->store, &record, err);
}

bool trail_add_promotion(struct lanes *lanes, const char *event, const struct store_actor *actor,
                         const struct store_promotion *promotion, const struct reason *reason,
                         struct err *err)
{
    AUTO(buf) struct buf details = BUF_INIT(AUDIT_DETAILS_MAX - 1);
    struct jsonw w = JSONW_INIT(&details);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "kind", promotion_kind_name(promotion->kind));
    jsonw_text(&w, "state", promotion_state_name(promotion->status.state));
    jsonw_text(&w, "from", promotion->from);
    jsonw_text(&w, "release", promotion->release);
    jsonw_text(&w, "sha", promotion->sha.hex);
    jsonw_text(&w, "policy", promotion->policy);
    jsonw_text(&w, "deployment", promotion->deployment.text);
    jsonw_close_object(&w);
    struct trail_note note = {
        .event = event,
        .actor = actor,
        .repository = promotion->repository,
        .environment = promotion->to,
        .subject = promotion->id.text,
        .reason = reason,
        .details = buf_text(&details),
    };
    return trail_add(lanes, &note, err);
}

bool trail_add_deployment(struct lanes *lanes, const char *event,
                          const struct store_deployment *deployment, struct err *err)
{
    AUTO(buf) struct buf details = BUF_INIT(AUDIT_DETAILS_MAX - 1);
    struct jsonw w = JSONW_INIT(&details);

    jsonw_open_object(&w, NULL);
    jsonw_text(&w, "state", deployment_state_name(deployment->state));
    jsonw_text(&w, "sha", deployment->sha.hex);
    jsonw_text(&w, "release", deployment->release);
    jsonw_int(&w, "attempt", deployment->attempt);
    jsonw_text(&w, "promotion", deployment->promotion.text);
    jsonw_text(&w, "delivery", deployment->delivery_guid);
    jsonw_close_object(&w);
    struct trail_note note = {
        .event = event,
        .repository = deployment->repository,
        .environment = deployment->environment,
        .subject = deployment->id.text,
        .reason = &deployment->reason,
        .details = buf_text(&details),
    };
    return trail_add(lanes, &note, err);
}
