/*
 * YAML text as a tree of nodes that know their line and column.
 *
 * The part of YAML that a configuration needs, and no more: no anchors, aliases, tags, merge
 * keys or second documents, no types guessed from the look of a word. Depth, number of nodes
 * and size of a map are bounded, so the tree is never much larger than its text.
 *
 * Ownership: nodes and text belong to the arena.
 */
#ifndef CFG_TREE_INT_H
#define CFG_TREE_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "arena_int.h"
#include "cfg/cfg.h"

#define TREE_DEPTH_MAX     16
#define TREE_NODES_MAX     50000
#define TREE_MAP_COUNT_MAX 4096

enum node_kind {
    NODE_TEXT,
    NODE_LIST,
    NODE_MAP,
    NODE_BAD, /* was reported; say no more about it */
};

struct node {
    enum node_kind kind;
    int line, column;       /* from 1; 0 for what no file holds */
    bool is_plain;          /* text without quotes, which may stand for true, false or nothing */
    const char *text;       /* NODE_TEXT: without a NUL inside */
    const struct node *key; /* of a value in a map; NODE_TEXT */
    struct node *first;     /* children of a list, values of a map, in the order of the file */
    struct node *next;      /* sibling */
    size_t count;           /* children */
};

/* The root node, or NULL when there is none: an empty file, or nothing that can be parsed.
 * Mistakes are added to problems. */
const struct node *tree_parse(struct arena *arena, const char *text, size_t len,
                              struct cfg_problems *problems);

/* The tree of a default of the table; its nodes have no place. */
const struct node *tree_parse_default(struct arena *arena, const char *text);

/* True for a key whose value was left out, and for null. */
bool node_is_nothing(const struct node *node);

/* "a list", "text", … for "expected X, found Y". Never the value: it may be a secret in the wrong
 * place. */
const char *node_describe(const struct node *node);

/* The value of a key; NULL when the map has none. */
const struct node *node_find(const struct node *map, const char *key);

#endif
