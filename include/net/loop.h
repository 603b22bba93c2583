/*
 * One thread's event loop, and what can wake it: descriptors, timers, other threads.
 *
 * A thin face over libevent, so that only net and http know that library. Everything
 * here belongs to the thread that runs the loop, except wakeup_signal() and loop_stop().
 *
 * Ownership: x_new gives, x_free takes back (NULL is fine). A callback may free any
 * object but the one that called it, unless its comment says otherwise.
 * Errors: creation of small fixed objects aborts on lack of memory; the system restarts us
 * and the journal replays.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdint.h>

struct event_base;
struct loop;
struct timer;
struct watch;
struct wakeup;

typedef void loop_fn(void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *loop);
void loop_run(struct loop *loop);  /* until loop_stop */
void loop_stop(struct loop *loop); /* from any thread; the running callback ends first */
struct event_base *loop_base(struct loop *loop); /* for http only; borrowed */

/* Runs fn once, after the callbacks of this turn: where a callback frees what it belongs to. */
void loop_defer(struct loop *loop, loop_fn *fn, void *arg);

/* A one-shot timer, set and set again at will. */
struct timer *timer_new(struct loop *loop, loop_fn *fn, void *arg);
void timer_free(struct timer *timer); /* also from its own callback */
void timer_set(struct timer *timer, int64_t delay_ms);
void timer_stop(struct timer *timer);

/* Calls fn whenever fd is readable (level-triggered). fd stays the caller's. */
struct watch *watch_new(struct loop *loop, int fd, loop_fn *fn, void *arg);
void watch_free(struct watch *watch); /* also from its own callback */

/* Calls fn soon after wakeup_signal(), once for any number of signals (an eventfd). */
struct wakeup *wakeup_new(struct loop *loop, loop_fn *fn, void *arg);
void wakeup_free(struct wakeup *wakeup);   /* no thread may signal any more */
void wakeup_signal(struct wakeup *wakeup); /* from any thread */

/* Calls fn when the process gets the signal, which is blocked from now on and stays so: call it
 * before other threads are made, for the main loop only. */
struct watch *loop_on_signal(struct loop *loop, int signal_number, loop_fn *fn, void *arg);

#endif
