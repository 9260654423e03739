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

static struct {
	sigset_t fetched;	/* those that are blocked */
	sigset_t in_command;	/* the mask for a command */
} signals;

void stop_begin(void)
{
	static const int ends[] = { SIGTERM, SIGINT };
	struct sigaction old;

	stop_catch(SIGALRM, &old);
	sigemptyset(&signals.fetched);
	sigaddset(&signals.fetched, SIGHUP);
	sigaddset(&signals.fetched, SIGIO);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (stop_catch(ends[i], &old))
			sigaddset(&signals.fetched, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &signals.fetched, &signals.in_command);
	sigaddset(&signals.in_command, SIGHUP);
	sigaddset(&signals.in_command, SIGIO);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigdelset(&signals.in_command, ends[i]);
}

void stop_open(void)
{
	sigprocmask(SIG_SETMASK, &signals.in_command, NULL);
}

void stop_close(void)
{
	alarm(0);
	sigprocmask(SIG_BLOCK, &signals.fetched, NULL);
}

int stop_fetch(num deadline)
{
	for (;;) {
		struct timespec timeout = clock_until(deadline);
		int signal = sigtimedwait(&signals.fetched, NULL, &timeout);

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
