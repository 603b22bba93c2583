/*
 * Where does the first request of some bytes end, and what is its body? Asked of our parser and
 * of two others. Whatever ours takes, they must frame in the same way: then no proxy that frames
 * as they do can be made to see other requests than we do.
 */
#ifndef TESTS_FRAMING_H
#define TESTS_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

enum framing_verdict { FRAMING_MORE, FRAMING_WHOLE, FRAMING_REFUSED };

struct framing {
    enum framing_verdict verdict;
    size_t used;        /* bytes of the first request; WHOLE only */
    size_t body_len;    /* decoded */
    unsigned body_hash; /* of the decoded bytes, in order */
    int fault;          /* ours only */
};

/* Ours. step bytes are added at a time; 0 gives all at once. */
struct framing framing_ours(const char *bytes, size_t len, size_t step);

/* NULL: they agree. Otherwise what they disagree about, in a sentence. Oracles that were not
 * there at build time have no say. */
const char *framing_disagreement(const char *bytes, size_t len);

bool framing_is_taken_by_all(const char *bytes, size_t len);

size_t framing_oracles_count(void);

#endif
