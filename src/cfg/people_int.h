/* People, as rules and types see them. */
#ifndef CFG_PEOPLE_INT_H
#define CFG_PEOPLE_INT_H

#include "base/buf.h"
#include "flow/graph.h"

/* "octocat#583231", or "octocat" while no id is tied to the login. */
void put_person(struct buf *out, const struct flow_person *person);

#endif
