#include "tree_int.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/limits.h"

#define DESCENDANTS_MAX    4096 /* in one pass; the next pass finds the rest */
#define CHILDREN_BYTES_MAX (256 * KIB)

/* Breadth first: the list is also the queue of what is still to be looked into. */
struct family {
    pid_t pids[DESCENDANTS_MAX];
    size_t count;
};

/* Adds the children of one thread. */
static void add_children(struct family *family, pid_t pid, const char *thread)
{
    AUTO(buf) struct buf text = BUF_INIT(CHILDREN_BYTES_MAX);
    struct err unread;
    char path[320];

    snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pid, thread);
    if (!file_read(path, &text, &unread))
        return; /* it ended meanwhile */
    char *at = text.data;
    while (at != NULL && *at != '\0' && family->count < DESCENDANTS_MAX) {
        char *end = NULL;
        long child = strtol(at, &end, 10);
        if (end == at)
            break;
        family->pids[family->count++] = (pid_t)child;
        at = end;
    }
}

static void add_descendants(struct family *family, pid_t pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (threads == NULL)
        return;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone */
    for (const struct dirent *entry = readdir(threads); entry != NULL; entry = readdir(threads)) {
        if (entry->d_name[0] != '.')
            add_children(family, pid, entry->d_name);
    }
    closedir(threads);
}

size_t tree_signal(pid_t root, int signal_number)
{
    static struct family family; /* a keeper has one thread */

    family.count = 0;
    add_descendants(&family, root);
    for (size_t i = 0; i < family.count; i++)
        add_descendants(&family, family.pids[i]);
    for (size_t i = 0; i < family.count; i++)
        kill(family.pids[i], signal_number);
    return family.count;
}
