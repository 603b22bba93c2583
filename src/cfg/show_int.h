/* Writing YAML and what else the generated texts have in common. */
#ifndef CFG_SHOW_INT_H
#define CFG_SHOW_INT_H

#include "base/buf.h"
#include "base/jsonw.h"
#include "table_int.h"

/* One text as a YAML scalar that reads back as the same text, in quotes where it must be. */
void show_text(struct buf *out, const char *text);

/* "[ a, b ]"; NULL-terminated. */
void show_texts(struct buf *out, const char *const *texts);

void show_indent(struct buf *out, unsigned indent);

/* Every key of the table that is set, a line or a block each. */
void show_table(const struct cfg_table *table, const void *base, unsigned indent, struct buf *out);

/* True when something of the table is there to show, and nothing that it requires is missing. */
bool table_is_set(const struct cfg_table *table, const void *base);

/* Longest text that describe_type makes, with the NUL. */
#define DESCRIPTION_SIZE 256

/* "duration, 1s to 1m": the type with its range or its choices. */
const char *describe_type(const struct cfg_key *key, char text[DESCRIPTION_SIZE]);

/* The schema of a table, into an object that is open: type, required, and its keys. */
void schema_table(struct jsonw *w, const struct cfg_table *table);

/* The two halves: what a map is, and its keys and no others. */
void schema_map_type(struct jsonw *w, bool may_be_empty);
void schema_keys(struct jsonw *w, const struct cfg_table *table);

/* One property with its description, default and example. */
void schema_key(struct jsonw *w, const char *name, const struct cfg_key *key);

/* "enum" of the key's choices */
void schema_words(const struct cfg_key *key, struct jsonw *w);

/* "type" of a text of this syntax (NULL: any): text, and what editors do not take for text. */
void schema_text_type(struct jsonw *w, const struct cfg_syntax *syntax);

/* "pattern" */
void schema_syntax(struct jsonw *w, const struct cfg_syntax *syntax);

#endif
