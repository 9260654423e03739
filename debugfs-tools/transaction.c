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

#include "amount.h"
#include "system.h"
#include "transaction.h"

#define DEBUGFS_FILE	SYS_DEBUGFS "/writeback"
#define SYSFS_FILE	SYS_ZSWAP "/proactive_writeback"
#define ANSWER_MAX	4096	/* bytes; eleven lines today */

void transaction_begin(struct command *command)
{
	*command = (struct command){
		.age = -1,
		.max = -1,
		.max_compressed = -1,
		.descend = true,
		.bucket_min = -1,
		.bucket_max = -1,
	};
}

bool transaction_says_what(const struct command *command)
{
	return command->age >= 0 || command->max >= 0 || command->max_compressed >= 0 ||
	       command->bucket_min >= 0 || command->incompressible;
}

bool transaction_needs_debugfs(const struct command *command)
{
	return command->bucket_min >= 0 || command->dry_run;
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

static void print_bucket(FILE *out, const struct command *command)
{
	fprintf(out, " bucket=%d", command->bucket_min);
	if (command->bucket_max < 0)
		fprintf(out, "-");
	else if (command->bucket_max != command->bucket_min)
		fprintf(out, "-%d", command->bucket_max);
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
		if (!command->descend)
			fprintf(out, " descend=0");
	}
	if (command->incompressible)
		fprintf(out, " type=incompressible");
	if (command->bucket_min >= 0)
		print_bucket(out, command);
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
	ssize_t written;
	int error, status = 0;

	*result = (struct result){ .coldest_left = -1 };
	written = write(fd, text, length);
	if (written < 0)
		status = -errno;
	else if ((size_t)written < length)
		status = -EIO;

	error = read_answer(fd, answer, sizeof(answer));
	if (error >= 0)
		error = parse_result(answer, result);
	/* An error that came before the kernel had a command to answer for needs no answer. */
	if (error && status) {
		*result = (struct result){ .status = status, .coldest_left = -1 };
		return status;
	}
	if (error)
		return -EBADMSG;
	if (!status)
		status = result->status;
	result->status = status;
	return status;
}

static num read_counter(const struct source *source, uint64_t nodes, const char *name)
{
	char *path = xasprintf(SYS_ZSWAP "/stats/%s", name);
	num value = 0;

	if (!nodes)
		value = source_number(source, path);
	free(path);
	for (int node = 0; node < 64 && value >= 0; node++) {
		num part;

		if (!(nodes >> node & 1))
			continue;
		path = xasprintf(SYS_ZSWAP "/node%d/stats/%s", node, name);
		part = source_number(source, path);
		free(path);
		/* A node that has no memory has done nothing. */
		if (part == -ENOENT)
			part = 0;
		value = amount_add(value, part);
	}
	return value;
}

static void read_counters(const struct source *source, uint64_t nodes, struct result *result)
{
	for (int i = 0; i < RESULT_COUNTERS; i++)
		*result_number(result, i) = read_counter(source, nodes, result_name[i]);
}

int transaction_count(const struct source *source, int fd, uint64_t nodes, const char *text,
		      struct result *result)
{
	struct result before, after;
	size_t length = strlen(text);
	ssize_t written;
	num began;

	read_counters(source, nodes, &before);
	began = clock_us();
	written = write(fd, text, length);
	*result = (struct result){
		.status = written < 0 ? -errno : (size_t)written < length ? -EIO : 0,
		.coldest_left = -ENODATA,
		.elapsed_us = clock_us() - began,
	};
	read_counters(source, nodes, &after);
	for (int i = 0; i < RESULT_COUNTERS; i++) {
		*result_number(result, i) = amount_since(result_value(&after, i),
						   result_value(&before, i));
	}
	return result->status;
}

static int run_debugfs(int fd, const char *text, struct transaction *transaction)
{
	int error = transaction_exchange(fd, text, &transaction->result);

	transaction->asked = error != -EBADMSG;
	return error;
}

int transaction_run(const struct source *source, const struct command *command,
		    struct transaction *transaction)
{
	char *text;
	int fd, error;

	*transaction = (struct transaction){ .result.coldest_left = -1 };
	fd = source_open_file(source, DEBUGFS_FILE, O_RDWR);
	if (fd < 0) {
		bool absent = fd == -ENOENT || fd == -EPERM || fd == -EACCES;

		if (!absent || transaction_needs_debugfs(command))
			return fd;
		transaction->counted = true;
		fd = source_open_file(source, SYSFS_FILE, O_WRONLY);
	}
	if (fd < 0)
		return fd;

	text = transaction_text(command);
	if (transaction->counted) {
		transaction->asked = true;
		error = transaction_count(source, fd, command->nodes, text, &transaction->result);
	} else {
		error = run_debugfs(fd, text, transaction);
	}
	free(text);
	close(fd);
	return error;
}

void transaction_add(struct result *sum, const struct result *result)
{
	for (int i = 0; i < RESULT_COUNTERS; i++)
		*result_number(sum, i) = amount_add(*result_number(sum, i), result_value(result, i));
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
		return xasprintf("there is no node %d with memory", node);
	if (command->bucket_min >= 0)
		return xstrdup("there is no such age bucket");
	text = transaction_text(command);
	reason = xasprintf("the kernel finds no sense in '%s'", text);
	free(text);
	return reason;
}

/* What the kernel says of a command. */
static char *reason_asked(const struct source *source, const struct command *command, int error)
{
	switch (error) {
	case -ENOENT:
		return xstrdup("the cgroup has gone, or lies outside this cgroup namespace");
	case -EPERM:
		return xstrdup("memory.zswap.writeback, its own or one above, disables that");
	case -ENODEV:
		return xstrdup("zswap has never been enabled");
	case -EOPNOTSUPP:
		return xstrdup("memory cgroups are off, or zswap has no lists for them");
	case -EINVAL:
		return reason_invalid(source, command);
	case -ERANGE:
		return xstrdup("a number is too large for the kernel");
	case -EAGAIN:
		return xstrdup("not one page was written");
	case -EINTR:
		return xstrdup("interrupted");
	default:
		return xasprintf("the kernel refuses: %s", strerror(-error));
	}
}

/* Why there was no file for it. */
static char *reason_unasked(const struct source *source, const struct command *command, int error)
{
	bool debugfs = transaction_needs_debugfs(command);
	const char *file = debugfs ? DEBUGFS_FILE : SYSFS_FILE;
	const char *what = debugfs ? "buckets and dry runs go by debugfs alone" : file;

	switch (error) {
	case -EROFS:
		if (source->recorded)
			return xstrdup("this is a recorded tree, where no command can be carried out, nor a dry run");
		return xstrdup("the file system is read-only, as in a container");
	case -EBADMSG:
		return xstrdup(DEBUGFS_FILE ": there is no sense in the kernel's answer");
	case -ENOENT:
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
