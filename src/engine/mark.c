#include "mark_int.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

/* The mapped file. Zero is the state of a new one. */
struct mark_page {
    uint64_t in_progress; /* sequence being handled; 0 for none */
    uint64_t crashed;     /* a fatal signal came while it was */
    uint64_t suspect;     /* the sequence that last ended a process */
    uint64_t crashes;
    uint64_t interruptions;
};

struct mark {
    volatile struct mark_page *page;
};

/* For the signal handler, which gets no argument. */
static volatile struct mark_page *handler_page;

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* SA_RESETHAND: returning runs into the same fault with the default action, which dumps core. */
static void on_fatal_signal(int number)
{
    if (handler_page != NULL && handler_page->in_progress != 0)
        handler_page->crashed = 1;
    if (number == SIGABRT)
        raise(number);
}

static void install_handlers(void)
{
    struct sigaction action = {.sa_handler = on_fatal_signal,
                               .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};

    for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++)
        sigaction(fatal_signals[i], &action, NULL);
}

/* Turn what the last process left into a count against its delivery. */
static void settle(volatile struct mark_page *page)
{
    if (page->in_progress == 0)
        return;
    if (page->suspect != page->in_progress) {
        page->suspect = page->in_progress;
        page->crashes = 0;
        page->interruptions = 0;
    }
    if (page->crashed)
        page->crashes++;
    else
        page->interruptions++;
    page->crashed = 0;
    page->in_progress = 0;
}

bool mark_open(const char *path, struct mark **ret_mark, struct err *err)
{
    AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(err, errno, "open %s", path);
    /* Room now, or writing to the page would end the process (SIGBUS) on a disk that is full. */
    int full = posix_fallocate(fd, 0, (off_t)sizeof(struct mark_page));
    if (full != 0)
        return err_errno(err, full, "make room for %s", path);
    void *memory = mmap(NULL, sizeof(struct mark_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return err_errno(err, errno, "map %s", path);

    struct mark *mark = calloc(1, sizeof(*mark));
    assert(mark != NULL);
    mark->page = memory;
    settle(mark->page);
    handler_page = mark->page;
    install_handlers();
    *ret_mark = mark;
    return true;
}

void mark_close(struct mark *mark)
{
    if (mark == NULL)
        return;
    handler_page = NULL;
    munmap((void *)(uintptr_t)mark->page, sizeof(struct mark_page));
    free(mark);
}

void mark_begin(struct mark *mark, uint64_t sequence)
{
    mark->page->in_progress = sequence;
}

void mark_end(struct mark *mark)
{
    mark->page->in_progress = 0;
}

bool mark_is_deadly(const struct mark *mark, uint64_t sequence)
{
    return mark->page->suspect == sequence && (mark->page->crashes >= MARK_CRASHES_MAX ||
                                               mark->page->interruptions >= MARK_INTERRUPTIONS_MAX);
}
