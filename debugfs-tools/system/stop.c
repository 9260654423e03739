// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals that end a command of the kernel early.
 */
#include <fcntl.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "system/stop.h"

volatile sig_atomic_t stop_asked;

static void stop(int signal)
{
	(void)signal;
	stop_asked = 1;
	alarm(1);
}

bool stop_catch(int signal, struct sigaction *old)
{
	struct sigaction action = { .sa_handler = stop };

	sigemptyset(&action.sa_mask);
	sigaction(signal, NULL, old);
	if (signal != SIGALRM && old->sa_handler == SIG_IGN)
		return false;
	sigaction(signal, &action, NULL);
	return true;
}

static sigset_t ends, fetched;	/* those that end a command; those that are blocked */

void stop_begin(void)
{
	static const int list[] = { SIGTERM, SIGINT };
	struct sigaction old;

	stop_catch(SIGALRM, &old);
	sigemptyset(&ends);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		if (stop_catch(list[i], &old))
			sigaddset(&ends, list[i]);
	}
	fetched = ends;
	sigaddset(&fetched, SIGHUP);
	sigaddset(&fetched, SIGIO);
	sigprocmask(SIG_BLOCK, &fetched, NULL);
}

void stop_open(void)
{
	sigprocmask(SIG_UNBLOCK, &ends, NULL);
}

void stop_close(void)
{
	alarm(0);
	sigprocmask(SIG_BLOCK, &fetched, NULL);
}

int stop_fetch(num deadline)
{
	for (;;) {
		struct timespec timeout = clock_until(deadline);
		int signal = sigtimedwait(&fetched, NULL, &timeout);

		if (signal > 0)
			return signal;
		if (clock_us() >= deadline)
			return 0;
	}
}

int stop_watch(void)
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd >= 0) {
		fcntl(fd, F_SETOWN, getpid());
		fcntl(fd, F_SETFL, O_ASYNC);
	}
	return fd;
}
