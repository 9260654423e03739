// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals that end a command of the kernel early.
 */
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
