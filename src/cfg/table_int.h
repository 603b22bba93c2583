/*
 * The keys of envflow.yaml, as data: from these tables come loading, `config show`, the JSON
 * Schema, docs/config.md and the starter file. A new key is one row here (and its field).
 *
 * A table describes one map of the file and fills one struct. A key's value may be a map again:
 * a section, whose keys are known, or a map of entries, whose names the user chooses.
 */
#ifndef CFG_TABLE_INT_H
#define CFG_TABLE_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct arena;
struct cfg_key;
struct jsonw;
struct loader;
struct node;

/* What a kind of value can do. `base` is the struct that the key's table fills. */
struct cfg_type {
    const char *name;    /* in the manual: "duration" */
    const char *expects; /* in errors, behind "expected": "a duration such as 10s" */
    bool is_block;       /* its keys stand on lines of their own, indented */
    bool is_bare;        /* JSON writes its default without quotes */

    /* Report what is wrong, or store. */
    void (*load)(struct loader *loader, const struct cfg_key *key, const struct node *node,
                 void *base);
    /* False for what `config show` leaves out, because it is not there. */
    bool (*is_set)(const struct cfg_key *key, const void *base);
    /* The value as YAML: on this line, or for a block on the next ones, `indent` columns in. */
    void (*show)(const struct cfg_key *key, const void *base, unsigned indent, struct buf *out);
    /* The fields of the schema that say what is valid, into an object that is open. */
    void (*schema)(const struct cfg_key *key, struct jsonw *w);

    /* Numbers only: text to number and back. */
    bool (*parse)(const char *text, int64_t *ret_number, struct err *err);
    const char *(*format)(int64_t number, char *text);
};

struct cfg_table {
    const struct cfg_key *keys; /* in the order of the manual */
    size_t count;
};

/* Says what is wrong with a text, without a full stop. */
typedef bool cfg_check_fn(const char *text, struct err *err);

/* A rule for texts, twice: for us, and for editors. */
struct cfg_syntax {
    cfg_check_fn *check;
    const char *pattern; /* ECMA 262, never stricter than check */
};

/* A map of entries, or a list of maps: an array in the struct, and how many. Entries given by the
 * user come over those of the default, key by key. */
struct cfg_entries {
    size_t size;                     /* of one element */
    size_t name_offset;              /* of its name, const char * */
    size_t count_offset;             /* of the number of elements, beside the array */
    const struct cfg_syntax *syntax; /* of a name */
    const char *name;                /* in the manual: "<environment>"; NULL: a list */
    const char *short_key;           /* an entry that is no map is this key's value; or NULL */
    const char *starter;             /* name of the entry that the starter file shows; or NULL */

    /* The one spelling of a name that has several; or NULL. The syntax was checked. */
    const char *(*canonical)(struct arena *arena, const char *name);
    /* What is left to do and to check once an element is filled; or NULL. */
    void (*finish)(struct loader *loader, const struct node *node, size_t i, void *element);
};

struct cfg_key {
    const char *name;
    const struct cfg_type *type;
    size_t offset;              /* of the value in the struct */
    const char *standard;       /* the default, as a user would write it; NULL: none */
    const char *computed;       /* the default in words, where it depends on other keys; or NULL */
    const char *text;           /* the manual's sentence */
    const char *example;        /* a value; or NULL */
    const char *starter;        /* what the starter file says; NULL: not mentioned there */
    const char *missing;        /* the key is required: what to do when it is not there */
    int64_t min, max;           /* of a number, or of how many values */
    const char *const *choices; /* NULL-terminated, by number */
    const struct cfg_syntax *syntax;   /* of a text, or of each in a list */
    const struct cfg_table *table;     /* of a section, of an entry, of a secret */
    const struct cfg_entries *entries; /* of a map of entries */
    size_t count_offset;               /* of a list of secrets: where its length is */
};

extern const struct cfg_table cfg_root;

/* The parts of it that stand in table_flow.c. */
extern const char cfg_standard_flow[]; /* the flow that is built in, as a user would write it */
extern const struct cfg_table cfg_team;
extern const struct cfg_table cfg_check;
extern const struct cfg_table cfg_seats;
extern const struct cfg_table cfg_health;
extern const struct cfg_table cfg_promotion;
extern const struct cfg_table cfg_rollback;
extern const struct cfg_table cfg_freeze;
extern const struct cfg_entries cfg_teams;
extern const struct cfg_entries cfg_verifications;
extern const struct cfg_entries cfg_promotions;
extern const struct cfg_entries cfg_freezes;

#define KEY_TABLE(rows)                                                                            \
    {                                                                                              \
        .keys = (rows), .count = ARRAY_LEN(rows)                                                   \
    }

#define SECONDS INT64_C(1000)
#define MINUTES (60 * SECONDS)
#define HOURS   (60 * MINUTES)
#define DAYS    (24 * HOURS)

/* The type of each value; load.c knows what they share. */
extern const struct cfg_type type_bool;
extern const struct cfg_type type_count;
extern const struct cfg_type type_status;
extern const struct cfg_type type_size;
extern const struct cfg_type type_duration;
extern const struct cfg_type type_choice;
extern const struct cfg_type type_text;
extern const struct cfg_type type_path;
extern const struct cfg_type type_store;
extern const struct cfg_type type_flow;
extern const struct cfg_type type_texts;
extern const struct cfg_type type_addresses;
extern const struct cfg_type type_command;
extern const struct cfg_type type_secrets;
extern const struct cfg_type type_either; /* one of two words, kept as a bool: the second */
extern const struct cfg_type type_words;  /* any of several words, each kept as a bool */
extern const struct cfg_type type_people;
extern const struct cfg_type type_parties; /* with a table: teams may carry a minimum */
extern const struct cfg_type type_zone;
extern const struct cfg_type type_edge;  /* of a freeze window */
extern const struct cfg_type type_probe; /* a section that is there or not: one check */
extern const struct cfg_type type_items; /* a list of maps */
extern const struct cfg_type type_section;
extern const struct cfg_type type_entries;

/* NULL when the table has no such key. */
const struct cfg_key *table_find(const struct cfg_table *table, const char *name);

/* A pointer field of any type, by offset. */
const void *field_pointer(const void *base, size_t offset);
void field_set_pointer(void *base, size_t offset, const void *pointer);

extern const struct cfg_syntax syntax_address;
extern const struct cfg_syntax syntax_url_path;
extern const struct cfg_syntax syntax_file;
extern const struct cfg_syntax syntax_variable;
extern const struct cfg_syntax syntax_credential;
extern const struct cfg_syntax syntax_store;
extern const struct cfg_syntax syntax_repository;
extern const struct cfg_syntax syntax_flow;
extern const struct cfg_syntax syntax_environment;
extern const struct cfg_syntax syntax_branch;
extern const struct cfg_syntax syntax_path;
extern const struct cfg_syntax syntax_url;
extern const struct cfg_syntax syntax_person;
extern const struct cfg_syntax syntax_team;
extern const struct cfg_syntax syntax_party;
extern const struct cfg_syntax syntax_words; /* a sentence: anything but nothing */

#endif
