#include "flow/branch.h"

#include "base/attr.h"

/* What a rule sees. */
struct view {
    const struct branch_state *state;
    const struct branch_push *push;
    const struct branch_facts *facts;
};

static bool is_set(const struct git_sha *sha)
{
    return sha->hex[0] != '\0';
}

/* Stamps are in seconds, so pushes close together may have the same one. */
static bool is_stamped_earlier(const struct view *view)
{
    return view->push->pushed_at_ms != 0 && view->state->pushed_at_ms != 0 &&
           view->push->pushed_at_ms < view->state->pushed_at_ms;
}

/* Then a chain of older pushes proves nothing: the branch was reset to where it had been. */
static bool is_stamped_after(const struct view *view)
{
    return view->push->pushed_at_ms != 0 && view->state->pushed_at_ms != 0 &&
           view->push->pushed_at_ms > view->state->pushed_at_ms;
}

/* ---- conditions ---- */

static bool is_known(const struct view *view)
{
    return view->facts->is_known;
}

static bool continues_at_head(const struct view *view)
{
    return is_set(&view->state->head) && git_sha_equal(&view->push->before, &view->state->head);
}

/* It starts at the head only because the branch came back to where it had been: the pushes that
 * undid it are recorded. */
static bool was_undone(const struct view *view)
{
    return continues_at_head(view) && view->facts->leads_to_head && is_stamped_earlier(view);
}

/* A deletion leaves only its stamp. What came within the same second and started at a commit is
 * what was deleted; a new branch starts at none. */
static bool came_before_deletion(const struct view *view)
{
    return !is_set(&view->state->head) && is_set(&view->push->before) &&
           view->push->pushed_at_ms != 0 && view->push->pushed_at_ms == view->state->pushed_at_ms;
}

static bool begins_anew(const struct view *view)
{
    return !is_set(&view->state->head) && !is_stamped_earlier(view);
}

static bool ends_at_head(const struct view *view)
{
    return is_set(&view->state->head) && git_sha_equal(&view->push->after, &view->state->head);
}

static bool leads_to_head(const struct view *view)
{
    return view->facts->leads_to_head && !is_stamped_after(view);
}

static bool fills_gap(const struct view *view)
{
    return is_set(&view->state->gap_start) && !is_stamped_after(view) &&
           git_sha_equal(&view->push->before, &view->state->gap_start);
}

static bool always(const struct view *view)
{
    (void)view;
    return true;
}

/* ---- consequences for the branch ---- */

static struct branch_state keep(const struct view *view)
{
    return *view->state;
}

static struct branch_state move(const struct view *view)
{
    struct branch_state next = *view->state;

    next.head = view->push->after;
    if (view->push->pushed_at_ms != 0)
        next.pushed_at_ms = view->push->pushed_at_ms;
    return next;
}

/* The same commit, but the branch was seen there later: what was pushed in between is undone. */
static struct branch_state stay(const struct view *view)
{
    return is_stamped_after(view) ? move(view) : keep(view);
}

/* The pushes between the old head and this one are still missing. The gap begins where it began:
 * what fills it comes from its start. */
static struct branch_state jump(const struct view *view)
{
    struct branch_state next = move(view);

    if (is_set(&view->state->head) && !is_set(&next.gap_start))
        next.gap_start = view->state->head;
    next.gap_end = view->push->before;
    if (!is_set(&next.gap_start) || !is_set(&next.gap_end)) {
        next.gap_start.hex[0] = '\0';
        next.gap_end.hex[0] = '\0';
    }
    return next;
}

static struct branch_state narrow(const struct view *view)
{
    struct branch_state next = *view->state;

    next.gap_start = view->push->after;
    if (!is_set(&next.gap_start) || git_sha_equal(&next.gap_start, &next.gap_end)) {
        next.gap_start.hex[0] = '\0';
        next.gap_end.hex[0] = '\0';
    }
    return next;
}

/* First match wins. */
static const struct {
    bool (*holds)(const struct view *view);
    enum branch_order order;
    struct branch_state (*next)(const struct view *view);
} rules[] = {
    /* clang-format off */
    {is_known,             BRANCH_KNOWN,     keep},
    {was_undone,           BRANCH_OLDER,     keep},
    {continues_at_head,    BRANCH_NEWER,     move},
    {came_before_deletion, BRANCH_OLDER,     keep},
    {begins_anew,          BRANCH_NEWER,     move},
    {ends_at_head,         BRANCH_UNCHANGED, stay},
    {fills_gap,            BRANCH_OLDER,     narrow},
    {leads_to_head,        BRANCH_OLDER,     keep},
    {is_stamped_earlier,   BRANCH_OLDER,     keep},
    {always,               BRANCH_NEWER,     jump},
    /* clang-format on */
};

static struct reason reason_of(enum branch_order order, const struct view *view)
{
    const char *after = is_set(&view->push->after) ? view->push->after.hex : "a deletion";
    const char *head = is_set(&view->state->head) ? view->state->head.hex : "nothing";

    static const enum reason_code codes[BRANCH_ORDER_COUNT] = {
        [BRANCH_OLDER] = REASON_PUSH_OLDER,
        [BRANCH_KNOWN] = REASON_PUSH_KNOWN,
        [BRANCH_UNCHANGED] = REASON_HEAD_UNCHANGED,
    };
    static const char *const sentences[BRANCH_ORDER_COUNT] = {
        [BRANCH_OLDER] = "the branch had moved on when this push came",
        [BRANCH_KNOWN] = "the same push came before",
        [BRANCH_UNCHANGED] = "the branch is at this commit already",
    };
    if (order == BRANCH_NEWER)
        return (struct reason){.code = REASON_NONE};
    return reason_make(codes[order], "%s: it brings %.10s, the branch is at %.10s",
                       sentences[order], after, head);
}

struct branch_result branch_step(const struct branch_state *state, const struct branch_push *push,
                                 const struct branch_facts *facts)
{
    struct view view = {.state = state, .push = push, .facts = facts};
    size_t i = 0;

    while (!rules[i].holds(&view))
        i++;
    struct branch_result result = {
        .order = rules[i].order,
        .next = rules[i].next(&view),
        .reason = reason_of(rules[i].order, &view),
    };
    if (result.order == BRANCH_NEWER && git_sha_equal(&result.next.head, &state->head)) {
        result.order = BRANCH_UNCHANGED;
        result.reason = reason_of(BRANCH_UNCHANGED, &view);
    }
    return result;
}
