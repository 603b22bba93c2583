/* A store in memory for tests, and lists of what its listings gave. */
#ifndef TESTS_STORE_RIG_H
#define TESTS_STORE_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/git_sha.h"
#include "base/id.h"

/* Calls that must succeed, and calls that must fail so. They report into rig_err. */
#define DO(call)                         rig_did((call), #call, __FILE__, __LINE__)
#define REFUSED(error_code, words, call) rig_refused((call), error_code, words, __FILE__, __LINE__)

#define SAME_TEXT(a, b, field) assert_string_equal((a).field, (b).field)
#define SAME_INT(a, b, field)  assert_int_equal((a).field, (b).field)

struct store;

extern struct err rig_err;
void rig_did(bool done, const char *call, const char *file, int line);
void rig_refused(bool done, enum err_code code, const char *words, const char *file, int line);

int store_rig_set_up(void **state); /* *state: a struct store in memory */
int store_rig_tear_down(void **state);

/* The n-th id: ids sort as their numbers do. */
struct id rig_id(unsigned number);
/* A commit id made of one digit. */
struct git_sha rig_sha(char digit);

/* Words in the order in which a listing gave them, each followed by a space. */
struct rig_words {
    char text[1024];
    size_t limit; /* stop after as many; 0: never */
    size_t count;
};
bool rig_word(struct rig_words *words, const char *word); /* what a listing's function returns */

#endif
