// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands to the kernel: the text, the file that takes it, and the result.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/amount.h"
#include "system/system.h"
#include "system/transaction.h"

#define DEBUGFS_FILE	SYS_DEBUGFS "/writeback"
#define SYSFS_FILE	SYS_ZSWAP "/proactive_writeback"
#define READBACK_FILE	SYS_ZSWAP "/proactive_readback"
#define ANSWER_MAX	4096	/* bytes; eleven lines today */

bool transaction_says_what(const struct command *command)
{
	if (command->max >= 0 || command->max_compressed >= 0)
		return true;
	if (command->verb == COMMAND_READBACK)
		return command->nodes || command->cgroup || command->rate >= 0;
	return command->age >= 0 || command->bucket.min >= 0 || command->incompressible;
}

bool transaction_needs_debugfs(const struct command *command)
{
	return command->bucket.min >= 0 || command->dry_run;
}

/* "0,2-3", as the kernel prints masks of nodes itself. */
static void print_nodes(FILE *out, uint64_t nodes)
{
	const char *comma = "";

	for (int first = 0; first < 64; first++) {
		int last = first;

		if (!(nodes >> first & 1))
			continue;
		while (last < 63 && nodes >> (last + 1) & 1)
			last++;
		fprintf(out, "%s%d", comma, first);
		if (last > first)
			fprintf(out, "-%d", last);
		comma = ",";
		first = last;
	}
}

static void print_bucket(FILE *out, const struct bucket_range *bucket)
{
	fprintf(out, " bucket=%d", bucket->min);
	if (bucket->max < 0)
		fprintf(out, "-");
	else if (bucket->max != bucket->min)
		fprintf(out, "-%d", bucket->max);
}

static void print_command(FILE *out, const struct command *command)
{
	if (command->age >= 0)
		fprintf(out, " age=%lld", command->age);
	if (command->max >= 0)
		fprintf(out, " max=%lld", command->max);
	if (command->max_compressed >= 0)
		fprintf(out, " max_compressed=%lld", command->max_compressed);
	if (command->nodes) {
		fprintf(out, " node=");
		print_nodes(out, command->nodes);
	}
	if (command->cgroup) {
		fprintf(out, " cgroup=%" PRIu64, command->cgroup);
		if (command->no_descend)
			fprintf(out, " descend=0");
	}
	if (command->incompressible)
		fprintf(out, " type=incompressible");
	if (command->bucket.min >= 0)
		print_bucket(out, &command->bucket);
	if (command->rate >= 0)
		fprintf(out, " rate=%lld", command->rate);
	if (command->dry_run)
		fprintf(out, " dry_run=1");
}

char *transaction_text(const struct command *command)
{
	char *text = NULL, *copy;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (out) {
		print_command(out, command);
		fclose(out);
	}
	/* Without the blank before the first key; xstrdup() says so if there is no memory. */
	copy = xstrdup(text && *text ? text + 1 : "");
	free(text);
	return copy;
}

/*
 * Read the answer from its beginning.  The kernel goes there by itself after a write; a
 * file of a test does not.  Returns its length or a negative errno.
 */
static int read_answer(int fd, char *answer, size_t size)
{
	size_t length = 0;

	lseek(fd, 0, SEEK_SET);
	while (length < size - 1) {
		ssize_t got = read(fd, answer + length, size - 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		length += got;
	}
	answer[length] = '\0';
	return length;
}

int transaction_exchange(int fd, const char *text, struct result *result)
{
	char answer[ANSWER_MAX];
	size_t length = strlen(text);
	ssize_t written = write(fd, text, length);
	int status = written < 0 ? -errno : (size_t)written < length ? -EIO : 0;
	int error = read_answer(fd, answer, sizeof(answer));

	*result = (struct result){ .coldest_left = -1 };
	if (error >= 0)
		error = parse_result(answer, result);
	/* An error that came before the kernel had a command to answer for needs no answer. */
	if (!status)
		status = error ? -EBADMSG : result->status;
	result->status = status;
	return status;
}

static num read_counter(const struct source *source, uint64_t nodes, const char *name)
{
	num value = 0;

	for (int node = nodes ? 0 : -1; node < 64 && value >= 0; node++) {
		char *path;
		num part;

		if (node >= 0 && !(nodes >> node & 1))
			continue;
		path = node < 0 ? xasprintf(SYS_ZSWAP "/stats/%s", name) :
		       xasprintf(SYS_ZSWAP "/node%d/stats/%s", node, name);
		part = source_number(source, path);
		free(path);
		if (node < 0)
			return part;
		/* A node that has no memory has done nothing. */
		value = amount_add(value, part == -ENOENT ? 0 : part);
	}
	return value;
}

static void read_counters(const struct source *source, uint64_t nodes, struct counters *count)
{
	for (int i = 0; i < NR_STATS; i++)
		*counter_at(count, &stats_counters[i]) =
			read_counter(source, nodes, stats_counters[i].name);
}

int transaction_count(const struct source *source, int fd, uint64_t nodes, const char *text,
		      struct result *result)
{
	struct counters before, after;
	size_t length = strlen(text);
	ssize_t written;
	num began;
	int status;

	read_counters(source, nodes, &before);
	began = clock_us();
	written = write(fd, text, length);
	status = written < 0 ? -errno : (size_t)written < length ? -EIO : 0;
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
	bool readback = command->verb == COMMAND_READBACK;
	char *text;
	int fd = -ENOENT, error;

	*transaction = (struct transaction){ .result.coldest_left = -1 };
	if (!readback)
		fd = source_open_file(source, DEBUGFS_FILE, O_RDWR);
	if (fd < 0) {
		bool absent = fd == -ENOENT || fd == -EPERM || fd == -EACCES;

		if (!absent || transaction_needs_debugfs(command))
			return fd;
		transaction->counted = true;
		fd = source_open_file(source, readback ? READBACK_FILE : SYSFS_FILE, O_WRONLY);
	}
	if (fd < 0)
		return fd;

	text = transaction_text(command);
	if (transaction->counted)
		error = transaction_count(source, fd, command->nodes, text, &transaction->result);
	else
		error = transaction_exchange(fd, text, &transaction->result);
	transaction->asked = error != -EBADMSG;
	free(text);
	close(fd);
	return error;
}

void transaction_add(struct result *sum, const struct result *result)
{
	for (int i = 0; i < NR_STATS; i++) {
		num *to = counter_at(&sum->count, &stats_counters[i]);

		*to = amount_add(*to, counter_value(&result->count, &stats_counters[i]));
	}
	sum->elapsed_us = amount_add(sum->elapsed_us, result->elapsed_us);
	sum->status = result->status;
	sum->coldest_left = result->coldest_left;
}

/* The first node that was asked for and has no memory that zswap could have a list for. */
static int missing_node(const struct source *source, uint64_t nodes)
{
	for (int node = 0; node < 64; node++) {
		char *path;
		int error;

		if (!(nodes >> node & 1))
			continue;
		path = xasprintf(SYS_ZSWAP "/node%d", node);
		error = source_exists(source, path);
		free(path);
		if (error)
			return node;
	}
	return -ENOENT;
}

static char *reason_invalid(const struct source *source, const struct command *command)
{
	char *text, *reason;
	int node = missing_node(source, command->nodes);

	if (node >= 0)
		return xasprintf("node %d not found, or without memory", node);
	if (command->bucket.min >= 0)
		return xstrdup("age bucket not found");
	text = transaction_text(command);
	reason = xasprintf("the kernel says invalid: '%s'", text);
	free(text);
	return reason;
}

/* What the kernel says of a command. */
static char *reason_asked(const struct source *source, const struct command *command, int error)
{
	switch (error) {
	case -ENOENT:
		return xstrdup("cgroup not found: removed, or outside of this cgroup namespace");
	case -EPERM:
		return xstrdup("not permitted: disabled by memory.zswap.writeback of the cgroup or one above");
	case -ENODEV:
		return xstrdup("zswap has never been enabled");
	case -EOPNOTSUPP:
		return xstrdup("not supported: memory cgroups are off, or on cgroup v1");
	case -EINVAL:
		return reason_invalid(source, command);
	case -ERANGE:
		return xstrdup("a number is too large for the kernel");
	case -EAGAIN:
		return xstrdup("not one page was written");
	case -EINTR:
		return xstrdup("interrupted");
	default:
		return xasprintf("refused by the kernel: %s", strerror(-error));
	}
}

/* Why there was no file for it. */
static char *reason_unasked(const struct source *source, const struct command *command, int error)
{
	bool debugfs = transaction_needs_debugfs(command);
	const char *file = command->verb == COMMAND_READBACK ? READBACK_FILE :
			   debugfs ? DEBUGFS_FILE : SYSFS_FILE;
	const char *what = debugfs ? "buckets and dry runs need debugfs" : file;

	switch (error) {
	case -EROFS:
		if (source->recorded)
			return xstrdup("read-only: this is a recorded tree, where no command can be carried out");
		return xstrdup("read-only file system, as in a container");
	case -EBADMSG:
		return xstrdup(DEBUGFS_FILE ": invalid answer of the kernel");
	case -ENOENT:
		if (command->verb == COMMAND_READBACK && !system_supported(source))
			return xstrdup("this kernel cannot read back: " READBACK_FILE " not found");
		/* fall through */
	case -EACCES:
	case -EPERM:
		return xasprintf("%s: %s", what, system_reason_for(source, file, error));
	default:
		return xasprintf("%s: %s", file, strerror(-error));
	}
}

char *transaction_reason(const struct source *source, const struct command *command,
			 const struct transaction *transaction, int error)
{
	if (transaction->asked)
		return reason_asked(source, command, error);
	return reason_unasked(source, command, error);
}
