/* All processes below one, by /proc: what a keeper, as their subreaper, has to end. */
#ifndef EXEC_TREE_INT_H
#define EXEC_TREE_INT_H

#include <stddef.h>
#include <sys/types.h>

/* Sends the signal to every descendant of root, not to root itself; returns how many there were. A
 * process born meanwhile may be missed: repeat until it returns 0. */
size_t tree_signal(pid_t root, int signal_number);

#endif
