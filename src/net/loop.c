#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <event2/event.h>

struct deferred {
    loop_fn *fn;
    void *arg;
    struct deferred *next;
};

struct loop {
    struct event_base *base;
    struct wakeup *stopper;
    struct event *runner; /* activated when something is deferred */
    struct deferred *first, **last;
};

struct timer {
    struct event *event;
    loop_fn *fn;
    void *arg;
};

struct watch {
    struct event *event;
    int own_fd; /* a signal's; else -1 */
    loop_fn *fn;
    void *arg;
};

struct wakeup {
    struct event *event;
    int fd;
    atomic_bool pending; /* a signal is in the descriptor: further ones need no system call */
    loop_fn *fn;
    void *arg;
};

/* Small and fixed: without memory for these there is no process to speak of. */
static void *allocate(size_t size)
{
    void *memory = calloc(1, size);

    assert(memory != NULL);
    return memory;
}

/* ---- the loop ---- */

/* What is deferred while this runs waits for the next turn. */
static void run_deferred(evutil_socket_t fd, short what, void *arg)
{
    struct loop *loop = arg;
    struct deferred *deferred = loop->first;

    (void)fd;
    (void)what;
    loop->first = NULL;
    loop->last = &loop->first;
    while (deferred != NULL) {
        struct deferred *next = deferred->next;
        deferred->fn(deferred->arg);
        free(deferred);
        deferred = next;
    }
}

static void stop_now(void *arg)
{
    struct loop *loop = arg;

    event_base_loopbreak(loop->base);
}

struct loop *loop_new(void)
{
    struct loop *loop = allocate(sizeof(*loop));
    struct event_config *config = event_config_new();

    assert(config != NULL);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    loop->base = event_base_new_with_config(config);
    event_config_free(config);
    assert(loop->base != NULL);

    /* No priorities: an activated event goes to the end of the queue of this turn, so deferred work
     * runs when the turn's callbacks are through, and is never starved by a busy loop. */
    loop->runner = event_new(loop->base, -1, 0, run_deferred, loop);
    assert(loop->runner != NULL);
    loop->last = &loop->first;
    loop->stopper = wakeup_new(loop, stop_now, loop);
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->first != NULL)
        run_deferred(-1, 0, loop);
    wakeup_free(loop->stopper);
    event_free(loop->runner);
    event_base_free(loop->base);
    free(loop);
}

void loop_run(struct loop *loop)
{
    int rc = event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);

    assert(rc == 0);
}

void loop_stop(struct loop *loop)
{
    wakeup_signal(loop->stopper);
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

void loop_defer(struct loop *loop, loop_fn *fn, void *arg)
{
    struct deferred *deferred = allocate(sizeof(*deferred));

    *deferred = (struct deferred){.fn = fn, .arg = arg};
    *loop->last = deferred;
    loop->last = &deferred->next;
    event_active(loop->runner, EV_TIMEOUT, 1);
}

/* ---- timers ---- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct timer *timer = arg;

    (void)fd;
    (void)what;
    timer->fn(timer->arg); /* may free the timer */
}

struct timer *timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
    struct timer *timer = allocate(sizeof(*timer));

    *timer = (struct timer){.fn = fn, .arg = arg};
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    assert(timer->event != NULL);
    return timer;
}

void timer_free(struct timer *timer)
{
    if (timer == NULL)
        return;
    event_free(timer->event);
    free(timer);
}

void timer_set(struct timer *timer, int64_t delay_ms)
{
    struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};

    event_add(timer->event, &delay);
}

void timer_stop(struct timer *timer)
{
    event_del(timer->event);
}

/* ---- descriptors and signals ---- */

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;

    (void)fd;
    (void)what;
    watch->fn(watch->arg); /* may free the watch */
}

static struct watch *watch_add(struct loop *loop, int fd, event_callback_fn on_event, loop_fn *fn,
                               void *arg)
{
    struct watch *watch = allocate(sizeof(*watch));

    *watch = (struct watch){.own_fd = -1, .fn = fn, .arg = arg};
    watch->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_event, watch);
    assert(watch->event != NULL);
    event_add(watch->event, NULL);
    return watch;
}

struct watch *watch_new(struct loop *loop, int fd, loop_fn *fn, void *arg)
{
    return watch_add(loop, fd, on_watch, fn, arg);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    struct watch *watch = arg;
    struct signalfd_siginfo info;

    (void)what;
    if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        watch->fn(watch->arg); /* may free the watch */
}

struct watch *loop_on_signal(struct loop *loop, int signal_number, loop_fn *fn, void *arg)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, signal_number);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    int fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    assert(fd >= 0);
    struct watch *watch = watch_add(loop, fd, on_signal, fn, arg);
    watch->own_fd = fd;
    return watch;
}

void watch_free(struct watch *watch)
{
    if (watch == NULL)
        return;
    event_free(watch->event);
    if (watch->own_fd >= 0)
        close(watch->own_fd);
    free(watch);
}

/* ---- other threads ---- */

static void on_wakeup(evutil_socket_t fd, short what, void *arg)
{
    struct wakeup *wakeup = arg;
    eventfd_t count = 0;

    (void)what;
    eventfd_read(fd, &count);
    /* Before the callback looks around: who signals from now on is heard again. */
    atomic_store(&wakeup->pending, false);
    wakeup->fn(wakeup->arg);
}

struct wakeup *wakeup_new(struct loop *loop, loop_fn *fn, void *arg)
{
    struct wakeup *wakeup = allocate(sizeof(*wakeup));

    wakeup->fn = fn;
    wakeup->arg = arg;
    wakeup->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(wakeup->fd >= 0);
    wakeup->event = event_new(loop->base, wakeup->fd, EV_READ | EV_PERSIST, on_wakeup, wakeup);
    assert(wakeup->event != NULL);
    event_add(wakeup->event, NULL);
    return wakeup;
}

void wakeup_free(struct wakeup *wakeup)
{
    if (wakeup == NULL)
        return;
    event_free(wakeup->event);
    close(wakeup->fd);
    free(wakeup);
}

void wakeup_signal(struct wakeup *wakeup)
{
    if (!atomic_exchange(&wakeup->pending, true))
        eventfd_write(wakeup->fd, 1);
}
