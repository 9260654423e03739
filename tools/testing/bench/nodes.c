// SPDX-License-Identifier: GPL-2.0-or-later
/* Scenarios on two CPUs at once, by the real clock. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figures.h"
#include "pool.h"
#include "scenario.h"

#define NODES		2
/* Some tenths of a second. */
#define SPIN_TURNS	100000000UL

/* A share of the pages on each node, stored by a CPU of that node. */
static void store_on(struct pool pools[NODES], const unsigned long share[NODES])
{
	int node;

	for (node = 0; node < NODES; node++) {
		if (!share[node])
			continue;
		stay_on_cpu(node);
		pool_map(&pools[node], 1, share[node], node);
		pool_store(&pools[node], 0, share[node]);
	}
	stay_on_cpu(0);
	must_store(share[0] + share[1]);
}

static unsigned long check_nodes(struct pool pools[NODES], const unsigned long share[NODES])
{
	unsigned long wrong = 0;
	int node;

	for (node = 0; node < NODES; node++) {
		if (!share[node])
			continue;
		wrong += pool_check(&pools[node], 0, share[node]);
		pool_unmap(&pools[node]);
	}
	return wrong;
}

static long written_on(int node)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/mm/zswap/node%d/stats/written", node);
	return read_number(path);
}

/* What @work takes, done at once by a process on each of the first @cpus CPUs. */
static uint64_t on_cpus(int cpus, void (*work)(int cpu))
{
	uint64_t took = now_ns();
	int cpu, status;

	fflush(stdout);
	for (cpu = 0; cpu < cpus; cpu++) {
		if (fork())
			continue;
		stay_on_cpu(cpu);
		work(cpu);
		_exit(0);
	}
	while (wait(&status) > 0) {
		if (status)
			die("one of the processes on %d CPUs has failed", cpus);
	}
	return now_ns() - took;
}

/* Counts, on each CPU to the same number. */
static void spin(int cpu)
{
	volatile unsigned long turns;

	(void)cpu;
	for (turns = 0; turns < SPIN_TURNS; turns++)
		;
}

/* A command for the node of a CPU. */
static void write_node(int node)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/mm/zswap/node%d/proactive_writeback", node);
	write_text(path, "age=0");
}

void scenario_nodes(const struct options *o)
{
	const unsigned long shares[][NODES] = {
		{ o->pages, 0 },
		{ o->pages / 2, o->pages / 2 },
	};
	struct pool pools[NODES];
	unsigned long round, which;
	long before[NODES];
	uint64_t took;

	for (round = 1; round <= o->rounds; round++) {
		progress("round %lu of %lu", round, o->rounds);
		printf("result scenario=spin label=%s one_ns=%llu both_ns=%llu\n", o->label,
		       (unsigned long long)on_cpus(1, spin),
		       (unsigned long long)on_cpus(NODES, spin));
		for (which = 0; which < 2; which++) {
			store_on(pools, shares[which]);
			before[0] = written_on(0);
			before[1] = written_on(1);
			took = on_cpus(which + 1, write_node);
			printf("result scenario=nodes label=%s nodes=%lu pages=%lu ns=%llu node0=%ld node1=%ld ",
			       o->label, which + 1, o->pages, (unsigned long long)took,
			       written_on(0) - before[0], written_on(1) - before[1]);
			printf("lost=%lu\n", check_nodes(pools, shares[which]));
			fflush(stdout);
		}
	}
}

static void command_child(int ready)
{
	int fd = open(COMMAND, O_WRONLY);
	ssize_t len;

	/* The handler does nothing: the signal is for the write. */
	if (fd < 0 || write(ready, "", 1) != 1)
		_exit(100);
	len = write(fd, "age=0", 5);
	_exit(len == 5 ? 0 : errno);
}

static void on_signal(int nr)
{
	(void)nr;
}

void scenario_signal(const struct options *o)
{
	const unsigned long share[NODES] = { o->pages / 2, o->pages / 2 };
	long before[COUNTERS], after[COUNTERS];
	struct sigaction action = { .sa_handler = on_signal };
	struct pool pools[NODES];
	uint64_t took;
	int ready[2], status;
	pid_t child;
	char byte;
	long in;

	store_on(pools, share);
	count_all(before);
	/* Without SA_RESTART, and inherited by the child. */
	sigaction(SIGINT, &action, NULL);
	if (pipe(ready))
		die("pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		die("fork: %s", strerror(errno));
	if (!child)
		command_child(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die("the child did not start");
	/* Long enough for both nodes to have begun. */
	while (read_number("/sys/kernel/mm/zswap/stats/written") < before[WRITTEN] + (long)o->pages / 10)
		if (waitpid(child, &status, WNOHANG) == child)
			die("the command was over before a signal came: %x", status);
	took = now_ns();
	kill(child, SIGINT);
	if (waitpid(child, &status, 0) != child)
		die("waitpid: %s", strerror(errno));
	took = now_ns() - took;
	usleep(100000);
	count_all(after);
	in = after[PAGES_IN];
	printf("result scenario=signal label=%s pages=%lu status=%d ns=%llu written=%ld out=%ld stored=%ld ",
	       o->label, o->pages, WIFEXITED(status) ? WEXITSTATUS(status) : -1, (unsigned long long)took,
	       after[WRITTEN] - before[WRITTEN], after[PAGES_OUT] - before[PAGES_OUT], read_stored());
	printf("lost=%lu ", check_nodes(pools, share));
	printf("read_back=%ld\n", read_key("/proc/vmstat", "pswpin") - in);
	fflush(stdout);
}
