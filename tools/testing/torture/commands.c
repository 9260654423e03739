// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands of random scope, by every file that takes them, and what must be true
 * of every answer whatever else goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "torture.h"

/* with faults of decompression */
#define FINAL_COMMANDS	6

/**
 * struct command - a command
 * @text: what is written
 * @path: the file that it is written to
 * @answers: which gives an answer
 * @dry: with dry_run=1
 * @cgroup: it names a cgroup
 * @bucket: it names buckets
 * @node_file: by a node's file
 * @node: it names the third node
 * @wrong: it is malformed
 * @faults: it is issued with faults armed
 * @back: for pages that are to come back
 * @incompressible: for those that do not get smaller
 * @max: pages that it may write, 0 for no limit
 */
struct command {
	char text[TEXT_SIZE];
	char path[PATH_SIZE];
	bool answers, dry, cgroup, bucket, node_file, node, wrong, faults, back, incompressible;
	long max;
};

static const char * const wrong_commands[] = {
	"", "age=", "age=1 age=2", "cgroup=1", "max=1", "max=0", "node=63 age=0", "age=-1",
	"descend=1 age=0", "age=99999999999999999999", "max=99999999999999999999999",
	"bucket=99 age=0", "type=none", "age=0 nodes=1", "node=1-0 age=0", "max=4096 \001",
	"rate=1M", "age=0 rate=4095",
};

static void add_key(char *text, const char *key, unsigned long value, const char *suffix)
{
	size_t length = strlen(text);

	snprintf(text + length, TEXT_SIZE - length, "%s%s=%lu%s", length ? " " : "", key, value,
		 suffix);
}

/* A command for the other direction: the keys that both have, as far as they are given. */
static void make_readback(struct command *command, unsigned long how, unsigned long pages,
			  unsigned long kilo)
{
	command->back = true;
	command->answers = command->node_file = command->dry = command->bucket = false;
	command->max = 0;
	command->text[0] = '\0';
	snprintf(command->path, sizeof(command->path), SYSFS "/proactive_readback");
	if (how < 12)
		add_key(command->text, "max", pages * PAGE / 1024, "K");
	if (how >= 8)
		add_key(command->text, "max_compressed", kilo, "K");
}

/* All draws come first: what is decided does not depend on what the kernel does. */
static void make_command(struct command *command, struct rng *rng)
{
	unsigned long how = rng_below(rng, 16), where = rng_below(rng, 8);
	unsigned long cgroup = rng_below(rng, NR_CGROUPS), node = rng_below(rng, 3);
	unsigned long pages = 1 + rng_below(rng, 3000), kilo = 1 + rng_below(rng, 4000);
	unsigned long age = rng_below(rng, 5), low = rng_below(rng, 4), span = rng_below(rng, 5);
	unsigned long wrong = rng_below(rng, ARRAY_SIZE(wrong_commands));
	bool with_node = rng_one_in(rng, 4), with_cgroup = rng_one_in(rng, 3);
	bool stay = rng_one_in(rng, 3), incompressible = rng_one_in(rng, 5);
	bool dry = rng_one_in(rng, 4), is_wrong = rng_one_in(rng, 40);
	unsigned long rate = rng_one_in(rng, 6) ? 1 + rng_below(rng, 64) : 0;
	bool back = rng_one_in(rng, 4);
	uint64_t id;

	memset(command, 0, sizeof(*command));
	command->faults = rng_one_in(rng, 3);
	command->answers = where >= 4;
	command->node_file = !command->answers && where == 3;
	if (command->answers)
		snprintf(command->path, sizeof(command->path), DEBUGFS "/writeback");
	else if (command->node_file)
		snprintf(command->path, sizeof(command->path),
			 SYSFS "/node%lu/proactive_writeback", node);
	else
		snprintf(command->path, sizeof(command->path), SYSFS "/proactive_writeback");
	if (is_wrong) {
		command->wrong = true;
		snprintf(command->text, TEXT_SIZE, "%s", wrong_commands[wrong]);
		return;
	}

	command->bucket = command->answers && how >= 13;
	if (command->bucket && span) {
		snprintf(command->text, TEXT_SIZE, "bucket=%lu-%lu", low, low + span);
	} else if (command->bucket) {
		add_key(command->text, "bucket", low, "");
	} else if (how != 0) {
		add_key(command->text, "age", how < 6 ? 0 : age, how % 2 ? "s" : "");
	}
	if (how == 0 || how == 3 || how == 7 || how == 14) {
		add_key(command->text, "max", pages * PAGE / 1024, "K");
		command->max = pages;
	}
	if (how == 1 || how == 7 || how == 10)
		add_key(command->text, "max_compressed", kilo, "K");
	if (back)
		make_readback(command, how, pages, kilo);
	if (rate)
		add_key(command->text, "rate", rate, "M");
	if (incompressible && !back) {
		command->incompressible = true;
		snprintf(command->text + strlen(command->text),
			 TEXT_SIZE - strlen(command->text), " type=incompressible");
	}
	if (with_node && !command->node_file) {
		command->node = node != 1;
		add_key(command->text, "node", node, node ? "" : ",2");
	}
	id = shared->cgroup[cgroup];
	if (with_cgroup && id) {
		command->cgroup = true;
		add_key(command->text, "cgroup", id, "");
		if (stay)
			add_key(command->text, "descend", 0, "");
	}
	if (dry && command->answers) {
		command->dry = true;
		add_key(command->text, "dry_run", 1, "");
	}
}

/* Does zswap of this kernel store pages that do not get smaller? */
static bool has_incompressible(void)
{
	return !access(DEBUGFS "/stored_incompressible_pages", F_OK);
}

/* The node whose memory comes and goes: a machine may not even know it. */
static bool has_third_node(void)
{
	static int last = -1;
	FILE *file = last < 0 ? fopen(NODES "/possible", "r") : NULL;

	if (file) {
		if (fscanf(file, "%*d-%d", &last) != 1)
			last = 0;
		fclose(file);
	}
	return last >= 2;
}

/* Is that a result that this command may have, whatever else goes on? */
static bool result_is_possible(const struct command *command, int err)
{
	if (err == EINTR || (err == ENOMEM && command->faults))
		return true;
	/* a node's file may be taken away under the command's feet */
	if (command->node_file && (err == ENODEV || err == ENOENT))
		return true;
	if (command->wrong)
		return err == EINVAL || err == ERANGE;
	if (command->node && !has_third_node())
		return err == EINVAL;
	if (command->incompressible && !has_incompressible())
		return err == EOPNOTSUPP;
	switch (err) {
	case 0:
	case EAGAIN:
		return true;
	case ENOENT:
	case EPERM:
		return command->cgroup;
	case EINVAL:
		/* the edges may have changed to fewer */
		return command->bucket;
	}
	return false;
}

static long long answer(const char *text, const char *key)
{
	size_t length = strlen(key);
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && line[length] == ' ')
			return atoll(line + length + 1);
	}
	problem("an answer has no %s: %.200s", key, text);
	return -1;
}

static void check_answer(const struct command *command, int err, const char *text)
{
	long long scanned = answer(text, "scanned"), pages = answer(text, "written");
	long long status = answer(text, "status");
	long long sum = pages + answer(text, "skipped_young") + answer(text, "skipped_busy") +
			answer(text, "skipped_protected") + answer(text, "skipped_gone") +
			answer(text, "failed");

	if (status != -err)
		problem("%s: returned %d, answered %lld", command->text, -err, status);
	if (scanned != sum)
		problem("%s: scanned %lld, its parts add up to %lld", command->text, scanned, sum);
	if (command->max && pages > command->max)
		problem("%s: wrote %lld pages", command->text, pages);
	if (!err && !pages && !command->dry)
		problem("%s: success without a page written", command->text);
	if (err == EAGAIN && pages)
		problem("%s: EAGAIN with %lld pages written", command->text, pages);
}

static int issue(int task, const struct command *command)
{
	ssize_t length = strlen(command->text), done, got;
	static char text[1024];
	int fd, err;

	fd = open(command->path, (command->answers ? O_RDWR : O_WRONLY) | O_CLOEXEC);
	/* the file of a node that is not there */
	if (fd < 0)
		return -1;
	begin(task, "%s > %s", command->text, command->path);
	if (command->faults)
		faults_arm(true);
	done = write(fd, command->text, length);
	err = done < 0 ? errno : 0;
	if (command->faults)
		faults_arm(false);
	end(task);
	if (!err && done != length && length)
		problem("%s: %zd of %zd bytes", command->text, done, length);
	if (command->answers && !command->wrong && result_is_possible(command, err) &&
	    (!err || err == EAGAIN)) {
		got = read(fd, text, sizeof(text) - 1);
		if (got < 0 && errno != EINTR) {
			problem("%s: no answer: %s", command->text, strerror(errno));
		} else if (got >= 0) {
			text[got] = '\0';
			check_answer(command, err, text);
		}
	}
	close(fd);
	return err;
}

static void on_signal(int signal)
{
	(void)signal;
}

/* A task that issues commands; half of them would have a system call restarted. */
void commander(int task, long arg)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = arg % 2 ? SA_RESTART : 0 };
	long step = 0;

	sigaction(SIGUSR1, &action, NULL);
	/* what fails may only be the command's, so nothing of this task is ever faulted in */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	shared->tasks[task].command = true;
	while (running()) {
		struct rng rng = rng_step(task, step);
		struct command command;
		int err;

		shared->tasks[task].step = step++;
		make_command(&command, &rng);
		err = issue(task, &command);
		if (err >= 0) {
			add(&shared->commands, 1);
			add(&shared->results[err < 256 ? err : 255], 1);
			if (command.cgroup && err == ENOENT)
				count(K_STALE_ID);
			if (command.back && !err)
				count(K_READBACK);
			/* the empty text is no write at all */
			if (!result_is_possible(&command, err) && command.text[0])
				problem("%s > %s: %s", command.text, command.path,
					strerrorname_np(err) ?: "?");
		}
		if (rng_one_in(&rng, 3))
			rest(rng_below(&rng, 200));
	}
	faults_arm(false);
}

static int final_command(const char *text)
{
	int err = put(SYSFS "/proactive_writeback", "%s", text);

	add(&shared->commands, 1);
	add(&shared->results[-err], 1);
	/* all may be on the disk already */
	if (err && err != -EAGAIN)
		problem("%s, in the end: %s", text, strerror(-err));
	return err;
}

/*
 * All that can be written is, so that the last comparison reads from disk.  Before,
 * while no other task reads, some entries can't be decompressed.
 */
void command_final(void)
{
	int i;

	if (faults_decompress(true)) {
		for (i = 0; i < FINAL_COMMANDS; i++)
			final_command(i % 2 ? "age=0 max=1M" : "max_compressed=500K");
		if (!faults_decompress(false))
			problem("decompression goes on to fail");
	}
	final_command("age=0");
}
