// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hold STATE COMMAND...: the command, while the state is locked as a daemon does it.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "decide/state.h"

int main(int argc, char **argv)
{
	int status = -1;
	pid_t child;

	if (argc < 3 || state_lock(argv[1]) < 0) {
		say_error("hold takes a state that nobody else has, and a command");
		return EX_USAGE;
	}
	child = fork();
	if (!child) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_FAILED;
}
