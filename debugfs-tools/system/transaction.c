// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands to the kernel: the text, the file that takes it, the result, and what ends one early.
 */
#include <fcntl.h>
#include <sys/inotify.h>

#include "system/amount.h"
#include "system/system.h"
#include "system/transaction.h"

#define DEBUGFS_FILE	SYS_DEBUGFS "/writeback"
#define SYSFS_FILE	SYS_ZSWAP "/proactive_writeback"
#define READBACK_FILE	SYS_ZSWAP "/proactive_readback"
#define ANSWER_MAX	4096	/* bytes; eleven lines today */

/* ---- signals ---- */

volatile sig_atomic_t stop_asked;

static void stop(int signal)
{
	(void)signal;
	stop_asked = 1;
	alarm(1);
}

/* The alarm comes last: once nobody can set it, and it is off */
static const int stop_signals[] = { SIGTERM, SIGINT, SIGALRM };
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
	for (size_t i = 0; i < ARRAY_SIZE(stop_signals); i++) {
		if (stop_signals[i] == SIGALRM)
			alarm(0);
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

/* ---- commands ---- */

bool transaction_says_what(const struct command *command)
{
	if (command->max >= 0 || command->max_compressed >= 0)
		return true;
	if (command->readback)
		return command->nodes || command->cgroup || command->rate >= 0;
	return command->age >= 0 || command->bucket.min >= 0 || command->incompressible;
}

bool transaction_needs_debugfs(const struct command *command)
{
	return command->bucket.min >= 0 || command->dry_run;
}

char *transaction_text(const struct command *command)
{
	const struct bucket_range *bucket = &command->bucket;
	char *text = xstrdup("");

	if (command->age >= 0)
		xappend(&text, " age=%lld", command->age);
	if (command->max >= 0)
		xappend(&text, " max=%lld", command->max);
	if (command->max_compressed >= 0)
		xappend(&text, " max_compressed=%lld", command->max_compressed);
	for_each_node(node, command->nodes) {
		bool first = !(command->nodes & ((1ULL << node) - 1));

		xappend(&text, first ? " node=%d" : ",%d", node);
	}
	if (command->cgroup)
		xappend(&text, " cgroup=%" PRIu64 "%s", command->cgroup,
			command->no_descend ? " descend=0" : "");
	if (command->incompressible)
		xappend(&text, " type=incompressible");
	if (bucket->min >= 0 && bucket->max != bucket->min)
		xappend(&text, " bucket=%d-%d", bucket->min, bucket->max);
	else if (bucket->min >= 0)
		xappend(&text, " bucket=%d", bucket->min);
	if (command->rate >= 0)
		xappend(&text, " rate=%lld", command->rate);
	if (command->dry_run)
		xappend(&text, " dry_run=1");
	/* Without the blank before the first key */
	memmove(text, text + !!*text, strlen(text));
	return text;
}

/* The kernel takes all of it, or none.  Returns 0 or a negative errno. */
static int give(int fd, const char *text)
{
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int transaction_exchange(int fd, const char *text, struct result *result)
{
	char answer[ANSWER_MAX];
	int status = give(fd, text), error;
	ssize_t length;

	/* The kernel goes there by itself; a file of a test does not */
	lseek(fd, 0, SEEK_SET);
	length = TEMP_FAILURE_RETRY(read(fd, answer, sizeof(answer) - 1));
	answer[length < 0 ? 0 : length] = '\0';
	*result = (struct result){ .coldest_left = -1 };
	error = parse_result(answer, result) ? -EBADMSG : result->status;
	/* An error that came before the kernel had a command to answer for needs no answer. */
	result->status = status ?: error;
	return result->status;
}

static void read_counters(const struct source *source, uint64_t nodes, struct counters *sum)
{
	if (!nodes) {
		system_counters(source, SYS_ZSWAP, sum);
		return;
	}
	*sum = (struct counters){ .commands = 0 };
	for_each_node(node, nodes) {
		autofree char *path = xasprintf(SYS_ZSWAP "/node%d", node);
		struct counters part;

		/* A node that has no memory has done nothing. */
		if (source_exists(source, path))
			continue;
		system_counters(source, path, &part);
		counters_add(stats_counters, NR_STATS, sum, &part);
	}
}

int transaction_count(const struct source *source, int fd, uint64_t nodes, const char *text,
		      struct result *result)
{
	struct counters before, after;
	num began;
	int status;

	read_counters(source, nodes, &before);
	began = clock_us();
	status = give(fd, text);
	*result = (struct result){
		.status = status,
		.coldest_left = -ENODATA,
		.elapsed_us = clock_us() - began,
	};
	read_counters(source, nodes, &after);
	for (int i = 0; i < NR_STATS; i++) {
		const struct counter *counter = &stats_counters[i];

		*counter_at(&result->count, counter) =
			amount_since(counter_value(&after, counter),
				     counter_value(&before, counter));
	}
	return status;
}

int transaction_run(const struct source *source, const struct command *command,
		    struct transaction *transaction)
{
	autofree char *text = transaction_text(command);
	int fd = -ENOENT, error;
	sigset_t blocked;

	*transaction = (struct transaction){ .result.coldest_left = -1 };
	if (!command->readback)
		fd = source_open_file(source, DEBUGFS_FILE, O_RDWR);
	if (fd < 0) {
		bool absent = fd == -ENOENT || fd == -EPERM || fd == -EACCES;

		if (!absent || transaction_needs_debugfs(command))
			return fd;
		transaction->counted = true;
		fd = source_open_file(source, command->readback ? READBACK_FILE : SYSFS_FILE,
				      O_WRONLY);
	}
	if (fd < 0)
		return fd;

	sigprocmask(SIG_UNBLOCK, &caught, &blocked);
	if (transaction->counted)
		error = transaction_count(source, fd, command->nodes, text, &transaction->result);
	else
		error = transaction_exchange(fd, text, &transaction->result);
	alarm(0);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	transaction->asked = error != -EBADMSG;
	close(fd);
	return error;
}

void transaction_add(struct result *sum, const struct result *result)
{
	counters_add(stats_counters, NR_STATS, &sum->count, &result->count);
	sum->elapsed_us = amount_add(sum->elapsed_us, result->elapsed_us);
	sum->status = result->status;
	sum->coldest_left = result->coldest_left;
}

/* What the kernel says of a command. */
static char *reason_asked(const struct source *source, const struct command *command, int error)
{
	autofree char *text = transaction_text(command);
	int node = system_missing_node(source, command->nodes);

	switch (error) {
	case -ENOENT:
		return xstrdup("cgroup not found: removed, or outside of this cgroup namespace");
	case -EPERM:
		return xstrdup("not permitted: disabled by memory.zswap.writeback of the cgroup or one above");
	case -ENODEV:
		return xstrdup("zswap has never been enabled");
	case -EOPNOTSUPP:
		return xstrdup("not supported: memory cgroups are off, or on cgroup v1");
	case -ERANGE:
		return xstrdup("a number is too large for the kernel");
	case -EINVAL:
		if (node >= 0)
			return xasprintf("node %d not found, or without memory", node);
		if (command->bucket.min >= 0)
			return xstrdup("age bucket not found");
		return xasprintf("the kernel says invalid: '%s'", text);
	default:
		return xasprintf("refused by the kernel: %s", strerror(-error));
	}
}

char *transaction_reason(const struct source *source, const struct command *command,
			 const struct transaction *transaction, int error)
{
	bool debugfs = transaction_needs_debugfs(command);
	bool absent = error == -ENOENT || error == -EACCES || error == -EPERM;
	const char *file = command->readback ? READBACK_FILE :
			   debugfs || !transaction->counted ? DEBUGFS_FILE : SYSFS_FILE;

	if (transaction->asked)
		return reason_asked(source, command, error);
	if (error == -EBADMSG)
		return xstrdup(DEBUGFS_FILE ": invalid answer of the kernel");
	if (error == -ENOENT && command->readback && !system_supported(source))
		return xstrdup("this kernel cannot read back: " READBACK_FILE " not found");
	return xasprintf("%s: %s", debugfs && absent ? "buckets and dry runs need debugfs" : file,
			 system_reason_for(source, file, error));
}
