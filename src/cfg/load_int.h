/* What the types of values share while a file is being loaded. */
#ifndef CFG_LOAD_INT_H
#define CFG_LOAD_INT_H

#include "arena_int.h"
#include "cfg/cfg.h"
#include "table_int.h"
#include "tree_int.h"

/* Where in the file a field of the configuration was given. */
struct place {
    const void *field;
    int line, column;
    struct place *next;
};

struct loaded_zone;

/* Everything a configuration owns; cfg->memory points here. */
struct cfg_memory {
    struct cfg cfg;
    struct arena arena;
    struct place *places; /* newest first */
    struct loaded_zone *zones;
};

struct loader {
    struct cfg_memory *memory;
    struct cfg_problems *problems;
    const char *folder;               /* of the file; absolute */
    const char *path[TREE_DEPTH_MAX]; /* names of the keys around the value at hand */
    size_t path_count;
};

/* A problem at a node, with the path of keys in front: "limits.body: …". */
void loader_problem(struct loader *loader, const struct node *node, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* "expected X, found Y" */
void loader_expected(struct loader *loader, const struct node *node, const char *expected);

/* Step into a key or an entry, and out again. */
void loader_enter(struct loader *loader, const char *name);
void loader_leave(struct loader *loader);

/* Keep where the field was given; nodes of defaults are passed over. */
void loader_mark(struct loader *loader, const void *field, const struct node *node);

/* NULL when the file does not give this field. */
const struct place *memory_find_place(const struct cfg_memory *memory, const void *field);

/* The text of a node that has the syntax (NULL: any); NULL: reported. Borrowed from the arena. */
const char *loader_text(struct loader *loader, const struct node *node, const char *expected,
                        const struct cfg_syntax *syntax);

/* The number of the key's choice that the node names; -1: reported. */
int loader_word(struct loader *loader, const struct cfg_key *key, const struct node *node);

/* The path, absolute: a relative one starts at the folder of the file. */
const char *loader_resolve(struct loader *loader, const char *path);

/* Fill the struct from a map node; entries it does not have keep what is there. Nothing counts as
 * an empty map. */
void loader_fill(struct loader *loader, const struct cfg_table *table, const struct node *node,
                 void *base);

/* Give every key of the table its default. */
void loader_fill_defaults(struct loader *loader, const struct cfg_table *table, void *base);

/* Wipe what cfg_read_secrets read. */
void cfg_forget_secrets(struct cfg *cfg);

/* Rules that look at more than one key; and what is computed from others. */
void rules_apply(struct loader *loader);

#endif
