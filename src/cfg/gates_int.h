/* What the entries of promotions and the lists of checks do beyond filling a struct. */
#ifndef CFG_GATES_INT_H
#define CFG_GATES_INT_H

#include <stddef.h>

struct arena;
struct loader;
struct node;

/* "staging→prod" for "staging -> prod". */
const char *canonical_path(struct arena *arena, const char *name);

/* Takes the name of a struct flow_path apart. */
void finish_path(struct loader *loader, const struct node *node, size_t i, void *element);

/* A struct flow_check is an http or a command, and has a name. */
void finish_check(struct loader *loader, const struct node *node, size_t i, void *element);

#endif
