#include "support/tmpdir.h"

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void tmpdir_make(struct tmpdir *dir)
{
    const char *root = getenv("TMPDIR");

    snprintf(dir->path, sizeof(dir->path), "%s/envflow-test.XXXXXX", root != NULL ? root : "/tmp");
    assert(mkdtemp(dir->path) != NULL);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    remove(path);
    return 0;
}

void tmpdir_remove(const struct tmpdir *dir)
{
    nftw(dir->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
