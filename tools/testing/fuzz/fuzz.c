// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz: random system calls on the files of proactive zswap writeback.
 *
 *	fuzz [--runs N] [--seed N] [--break WHAT]
 *
 * A run is one call on one file: a write, a read, a seek, an open or one of those that
 * these files know nothing of.  Before it, oracle.c and the rules of the virtual file
 * system tell which results are right; most of the time there is only one.  Where the
 * kernel has KCOV, a run that reached a new edge in mm/zswap_wb is kept, and others are
 * made from it.  Meanwhile two processes in two cgroups have pages in zswap, whose data
 * is compared from time to time, and all counters are added up.
 *
 * --break falsifies what the kernel said now and then, to see that the checks notice; it
 * names the check: see the table in report.c.  The status is 1 after a wrong answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* between two looks at all counters, and at least between two looks at the data */
#define BLOCK_RUNS	512
#define POOL_RUNS	4096
/* and four times as many from here on, when most is known */
#define POOL_OFTEN	65536
#define PROGRESS_S	15

static unsigned long total = 1000000;
static long start;

/* for the summary */
static unsigned long of_op[NR_OPS], on_kind[NR_KINDS];
static long long us_on_kind[NR_KINDS], us_checks;

/* Return: false if it was not done because there shall be @quiet */
static bool run(const struct input *in, bool quiet)
{
	reached = 0;
	switch (in->op) {
	case OP_WRITE:
	case OP_PWRITE:
		return run_write(in, quiet);
	case OP_WRITEV:
		return run_writev(in, quiet);
	case OP_READ:
	case OP_PREAD:
	case OP_READV:
		run_read(in);
		return true;
	case OP_LSEEK:
		run_lseek(in);
		return true;
	case OP_OPEN:
		run_open(in);
		return true;
	default:
		run_other(in);
		return true;
	}
}

static void setup(void)
{
	find_nodes();
	cgroups_make();
	pool_start();
	put(DEBUGFS "/age_edges", "default");
	edges = default_edges;
	files_find();
	buffers_make();
	cover_open();
	counters_start();
}

static void progress(void)
{
	long t = now() - start;

	printf("# %lu of %lu runs, %u inputs kept, %lu PCs, %lu edges, ", runs, total,
	       inputs_kept(), nr_pcs, nr_edges);
	printf("%lld pages written, %lu compared, %lu wrong answers, %ld:%02ld\n",
	       counted_in_all(C_WRITTEN), pages_checked, wrong_answers, t / 60, t % 60);
	fflush(stdout);
}

static void summary(long long commands, long long written)
{
	int i;

	printf("fuzz: %lu runs, %u inputs kept, %lu PCs, %lu wrong answers\n", runs,
	       inputs_kept(), nr_pcs, wrong_answers);
	printf("seed %llu\n", (unsigned long long)seed);
	printf("seconds %ld\n", now() - start);
	printf("coverage %s\n", cover_there() ? "kcov" : "none");
	printf("edges %lu\n", nr_edges);
	printf("commands %lld\n", commands);
	printf("pages_written %lld\n", written);
	printf("pages_compared %lu\n", pages_checked);
	printf("pages_lost %lu\n", pages_lost);
	for (i = 0; i < NR_OPS; i++)
		printf("runs_%s %lu\n", op_names[i], of_op[i]);
	for (i = 0; i < NR_KINDS; i++)
		printf("runs_on_%s %lu %lld ms\n", kind_names[i], on_kind[i], us_on_kind[i] / 1000);
	printf("runs_checks %lld ms\n", us_checks / 1000);
	if (cover_there())
		cover_print();
}

static unsigned long number_of(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 0);

	if (!*text || *end)
		die("%s is not a number", text);
	return number;
}

/* Return: false if there is something that is no option */
static bool options(int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--runs"))
			total = number_of(argv[i + 1]);
		else if (!strcmp(argv[i], "--seed"))
			seed = number_of(argv[i + 1]);
		else if (strcmp(argv[i], "--break"))
			return false;
		else if (!break_set(argv[i + 1]))
			die("--break does not know %s", argv[i + 1]);
	}
	return i >= argc;
}

/* After each block of runs: all has to add up. */
static void check_all(void)
{
	static unsigned long last_pool;

	counters_check();
	if (runs - last_pool >= POOL_RUNS * (runs < POOL_OFTEN ? 1 : 4) || runs == total) {
		last_pool = runs;
		tables_check();
		pool_check_both(runs == total ? 1 : 2);
		counters_start();
	}
}

/* Return: false if there was nothing to do with what was made up */
static bool one_run(bool quiet)
{
	struct input in;
	long long us;

	if (!input_make(&in) && !one_in(4))
		return false;
	us = now_us();
	if (!run(&in, quiet))
		return false;
	runs++;
	of_op[in.op]++;
	on_kind[files[in.file].kind]++;
	us_on_kind[files[in.file].kind] += now_us() - us;
	if (reached && cover_new(reached))
		input_keep(&in);
	return true;
}

int main(int argc, char **argv)
{
	long long commands, written, us;
	bool quiet = false;
	long last;

	start = now();
	last = start;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!options(argc, argv)) {
		break_names();
		return 2;
	}
	rnd_start();
	setup();
	commands = counted_in_all(C_COMMANDS);
	written = counted_in_all(C_WRITTEN);

	while (runs < total && !break_noticed()) {
		if (!one_run(quiet) || (runs % BLOCK_RUNS && runs < total))
			continue;
		us = now_us();
		check_all();
		us_checks += now_us() - us;
		/*
		 * In seven blocks of eight nothing may change at all; and a refusal costs
		 * a fraction of a command.
		 */
		quiet = runs / BLOCK_RUNS % 8;
		if (now() - last >= PROGRESS_S) {
			last = now();
			progress();
		}
	}
	progress();
	summary(counted_in_all(C_COMMANDS) - commands, counted_in_all(C_WRITTEN) - written);
	return wrong_answers ? 1 : 0;
}
