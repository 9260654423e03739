// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hold [-l SECONDS] STATE COMMAND...: the command, while the state is locked as by a daemon that is to
 * look until then.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decide/state.h"

int main(int argc, char **argv)
{
	num due = 0;
	int status = -1, lock = -1;
	pid_t child;

	if (argc > 2 && !strcmp(argv[1], "-l")) {
		due = atoll(argv[2]) * 1000;
		argv += 2;
		argc -= 2;
	}
	if (argc > 2)
		lock = state_lock(argv[1]);
	if (lock < 0) {
		say_error("hold takes a state that nobody else has, and a command");
		return EX_USAGE;
	}
	if (due)
		state_look_due(lock, due);
	child = fork();
	if (!child) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_FAILED;
}
