/* A store in memory for tests, and lists of what its listings gave. */
#ifndef TESTS_STORE_RIG_H
#define TESTS_STORE_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/git_sha.h"
#include "base/id.h"

/* Calls that must succeed; shows the error where they do not. */
#define DO(call)                                                                                   \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        struct err *err = &err_;                                                                   \
        if (!(call))                                                                               \
            fail_msg("%s: %s", #call, err_.text);                                                  \
    } while (0)

/* Calls that must fail so. */
#define REFUSED(error_code, words, call)                                                           \
    do {                                                                                           \
        struct err err_ = {0};                                                                     \
        struct err *err = &err_;                                                                   \
        assert_false(call);                                                                        \
        assert_int_equal(err_.code, error_code);                                                   \
        if (strstr(err_.text, words) == NULL)                                                      \
            fail_msg("'%s' does not say '%s'", err_.text, words);                                  \
    } while (0)

#define SAME_TEXT(a, b, field) assert_string_equal((a).field, (b).field)
#define SAME_INT(a, b, field)  assert_int_equal((a).field, (b).field)

struct store;

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
