#include "flow/explain.h"
#include "flow/prove.h"
void explain_promotion(const struct explain_facts *f, struct explain_list *l){(void)f; l->count=0;}
const char *explain_kind_name(enum explain_kind k){(void)k; return "x";}
bool prove_check_claim(const struct flow *f, const char *t, struct err *e){(void)f;(void)t;(void)e;return true;}
bool prove_flow(const struct flow *flow, prove_fn *fn, void *arg){(void)flow;(void)fn;(void)arg; return true;}
