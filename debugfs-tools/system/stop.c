// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals that end a command of the kernel early.
 */
#include <fcntl.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "system/transaction.h"

volatile sig_atomic_t stop_asked;

static void stop(int signal)
{
	(void)signal;
	stop_asked = 1;
	alarm(1);
}

static const int stop_signals[] = { SIGALRM, SIGTERM, SIGINT };
static sigset_t caught, fetched;	/* those that end a command; those that are blocked */

void stop_catch(void)
{
	const struct sigaction action = { .sa_handler = stop };
	struct sigaction old;

	for (size_t i = 0; i < ARRAY_SIZE(stop_signals); i++) {
		sigaction(stop_signals[i], NULL, &old);
		if (old.sa_handler == SIG_IGN && stop_signals[i] != SIGALRM)
			continue;
		sigaction(stop_signals[i], &action, NULL);
		sigaddset(&caught, stop_signals[i]);
	}
}

void stop_release(void)
{
	alarm(0);
	for (size_t i = 0; i < ARRAY_SIZE(stop_signals); i++) {
		if (sigismember(&caught, stop_signals[i]))
			signal(stop_signals[i], SIG_DFL);
	}
}

void stop_begin(void)
{
	stop_catch();
	fetched = caught;
	sigaddset(&fetched, SIGHUP);
	sigaddset(&fetched, SIGIO);
	sigprocmask(SIG_BLOCK, &fetched, NULL);
}

void stop_open(void)
{
	sigprocmask(SIG_UNBLOCK, &caught, NULL);
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
