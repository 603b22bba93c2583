/* payload_project() held against jansson's parse of the whole: same values at the wanted paths. */
#ifndef TESTS_PROJECTION_H
#define TESTS_PROJECTION_H

#include <stddef.h>

/* NULL when they agree, else a sentence. The projection may refuse what jansson takes only for a
 * bound, and may take what jansson refuses only outside of what was wanted. */
const char *projection_disagreement(const char *bytes, size_t len, const char *const *wants);

#endif
