/* What the user says must hold of a flow does hold; otherwise nothing starts. */
#include <string.h>

#include "flow/prove.h"
#include "rules_int.h"

struct asserting {
    struct loader *loader;
    const struct flow *flow;
};

static void on_finding(const struct prove_finding *finding, void *arg)
{
    const struct asserting *asserting = arg;
    const void *const places[] = {&asserting->flow->asserts, asserting->flow, NULL};

    if (!finding->holds && strcmp(finding->code, "assert") == 0)
        problem_at(asserting->loader, places, "assert \"%.128s\" does not hold: %.300s",
                   finding->claim, finding->counterexample);
}

static bool are_claims(struct loader *loader, const struct flow *flow)
{
    const void *const places[] = {&flow->asserts, flow, NULL};
    size_t before = loader->problems->count;
    struct err err;

    for (const char *const *text = flow->asserts; *text != NULL; text++) {
        if (!prove_check_claim(flow, *text, &err))
            problem_at(loader, places, "assert: %s", err.text);
    }
    return loader->problems->count == before;
}

void rules_asserts(struct loader *loader)
{
    const struct flow_graph *graph = &loader->memory->cfg.graph;

    /* Of a flow with mistakes nothing can be said. */
    if (loader->problems->count > 0)
        return;
    for (size_t i = 0; i < graph->flows_count; i++) {
        struct asserting asserting = {loader, &graph->flows[i]};
        if (graph->flows[i].asserts != NULL && are_claims(loader, &graph->flows[i]))
            (void)prove_flow(&graph->flows[i], on_finding, &asserting);
    }
}
