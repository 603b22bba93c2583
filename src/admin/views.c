#include "admin_int.h"

void admin_write_delivery(struct jsonw *w, const char *key, const struct store_delivery *delivery,
                          uint64_t first_kept)
{
    bool body_kept = delivery->sequence >= first_kept &&
                     delivery->reason.code != REASON_EVENT_UNUSED &&
                     delivery->reason.code != REASON_JOURNAL_DAMAGED;

    jsonw_open_object(w, key);
    jsonw_int(w, "sequence", (int64_t)delivery->sequence);
    jsonw_text(w, "guid", delivery->guid);
    jsonw_text(w, "event", delivery->event);
    jsonw_text(w, "action", delivery->action);
    jsonw_text(w, "repository", delivery->repository);
    jsonw_text(w, "sender", delivery->sender);
    jsonw_text(w, "ref", delivery->ref);
    jsonw_text(w, "sha", delivery->sha.hex);
    jsonw_time(w, "received_at", delivery->received_ms);
    jsonw_time(w, "handled_at", delivery->handled_ms);
    jsonw_int(w, "body_bytes", (int64_t)delivery->body_bytes);
    jsonw_bool(w, "body_kept", body_kept);
    jsonw_text(w, "verdict", verdict_name(delivery->verdict));
    jsonw_text(w, "reason", reason_name(delivery->reason.code));
    jsonw_text(w, "sentence", delivery->reason.text);
    jsonw_text(w, "deployment", delivery->deployment.text);
    jsonw_int(w, "first_sequence", (int64_t)delivery->first_sequence);
    jsonw_int(w, "replays", delivery->replays);
    jsonw_text(w, "hook_id", delivery->hook_id);
    jsonw_text(w, "target_type", delivery->target_type);
    jsonw_text(w, "target_id", delivery->target_id);
    jsonw_close_object(w);
}

static void write_deployment_fields(struct jsonw *w, const struct store_deployment *deployment)
{
    jsonw_text(w, "id", deployment->id.text);
    jsonw_text(w, "repository", deployment->repository);
    jsonw_text(w, "environment", deployment->environment);
    jsonw_text(w, "sha", deployment->sha.hex);
    jsonw_text(w, "ref", deployment->ref);
    jsonw_text(w, "title", deployment->title);
    jsonw_text(w, "release", deployment->release);
    jsonw_text(w, "promotion", deployment->promotion.text);
    jsonw_text(w, "state", deployment_state_name(deployment->state));
    jsonw_text(w, "reason", reason_name(deployment->reason.code));
    jsonw_text(w, "sentence", deployment->reason.text);
    jsonw_int(w, "attempt", deployment->attempt);
    jsonw_text(w, "repeats", deployment->repeats.text);
    jsonw_text(w, "superseded_by", deployment->superseded_by.text);
    jsonw_text(w, "delivery", deployment->delivery_guid);
    jsonw_time(w, "created_at", deployment->created_ms);
    jsonw_time(w, "started_at", deployment->started_ms);
    jsonw_time(w, "ended_at", deployment->ended_ms);
    jsonw_int(w, "exit_code", deployment->exit_code);
}

void admin_write_deployment(struct jsonw *w, const char *key,
                            const struct store_deployment *deployment)
{
    jsonw_open_object(w, key);
    write_deployment_fields(w, deployment);
    jsonw_close_object(w);
}

void admin_write_deployment_with_output(struct jsonw *w, const struct store_deployment *deployment,
                                        const struct buf *output)
{
    jsonw_open_object(w, NULL);
    write_deployment_fields(w, deployment);
    jsonw_text_n(w, "output", buf_text(output), output->len);
    jsonw_close_object(w);
}
