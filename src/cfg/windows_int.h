/* Freeze windows and their zones; all that cfg asks of flow/window.h and base/zone.h. */
#ifndef CFG_WINDOWS_INT_H
#define CFG_WINDOWS_INT_H

#include <stddef.h>

struct cfg_memory;
struct loader;
struct node;

/* Both ends of a struct flow_window, and what lies between them. */
void finish_freeze(struct loader *loader, const struct node *node, size_t i, void *element);

/* Free the zones that were loaded. */
void windows_done(struct cfg_memory *memory);

#endif
