/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals that end a command of the kernel early.
 *
 * The handler has no SA_RESTART, so that write(2) returns.  A signal that comes between the
 * last look at stop_asked and the write would be lost: the handler sets an alarm, which is
 * caught in the same way, goes on until alarm(0), and makes up for it a second later.
 */
#ifndef STOP_H
#define STOP_H

#include <signal.h>

#include "zswapctl.h"

extern volatile sig_atomic_t stop_asked;

/*
 * Let @signal set stop_asked; @old has what it did before.  Returns false, and leaves it as it
 * is, if it is ignored: who ignores SIGINT, as jobs in the background do, has a reason.
 * SIGALRM must be caught, too.
 */
bool stop_catch(int signal, struct sigaction *old);

/*
 * For the daemon: SIGTERM, SIGINT, SIGHUP and SIGIO are blocked, and fetched where it suits; but
 * between stop_open() and stop_close(), while the kernel is at a command, the first two end it.
 */
void stop_begin(void);
void stop_open(void);
void stop_close(void);
/*
 * A descriptor of inotify(7), from which nothing need be read: what happens to a file that it
 * watches is a SIGIO, which waits to be fetched.
 */
int stop_watch(void);
/* A signal that is pending or comes until @deadline, of clock_us(); 0 if none does. */
int stop_fetch(num deadline);

#endif
