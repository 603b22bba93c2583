/* A folder of its own for a test, removed with all it holds. */
#ifndef TESTS_TMPDIR_H
#define TESTS_TMPDIR_H

struct tmpdir {
    char path[256];
};

void tmpdir_make(struct tmpdir *dir); /* aborts when it cannot */
void tmpdir_remove(const struct tmpdir *dir);

#endif
