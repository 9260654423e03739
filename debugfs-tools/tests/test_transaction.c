// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is said to the kernel, and what is made of its answer.  A pair of sockets stands for
 * debugfs' file: one end has the answer ready, and refuses or delays what is written to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "tap.h"
#include "system/transaction.h"

#define ANSWER(status)								\
	"status " status "\nscanned 21\nwritten 6\nreleased_bytes 9000\n"		\
	"skipped_young 5\nskipped_busy 4\nskipped_protected 3\nskipped_gone 2\n"	\
	"failed 1\ncoldest_left 77\nelapsed_us 1234\n"

static void check_text(const struct command *command, const char *wanted)
{
	char *text = transaction_text(command);

	CHECK(!strcmp(text, wanted), "'%s' is '%s'", text, wanted);
	free(text);
}

static void test_text(void)
{
	struct command command;

	command = (struct command)COMMAND_NONE;
	CHECK(!transaction_says_what(&command), "nothing is asked for yet");
	check_text(&command, "");
	command.age = 0;
	CHECK(transaction_says_what(&command), "an age of 0 is one");
	check_text(&command, "age=0");
	command.age = 3600;
	command.max = 64LL << 20;
	command.max_compressed = 1;
	command.nodes = 1;
	command.cgroup = UINT64_MAX;
	check_text(&command,
		   "age=3600 max=67108864 max_compressed=1 node=0 cgroup=18446744073709551615");
	command.no_descend = true;
	command.incompressible = true;
	command.nodes = 0x8000000000000000 | 0x1d;
	CHECK(!transaction_needs_debugfs(&command), "sysfs takes all of this");
	command.dry_run = true;
	CHECK(transaction_needs_debugfs(&command), "but no dry run");
	check_text(&command,
		   "age=3600 max=67108864 max_compressed=1 node=0,2,3,4,63 cgroup=18446744073709551615 descend=0 type=incompressible dry_run=1");

	command = (struct command)COMMAND_NONE;
	command.age = 1;
	command.nodes = 0xd;
	check_text(&command, "age=1 node=0,2,3");

	command = (struct command)COMMAND_NONE;
	command.nodes = UINT64_MAX;
	command.no_descend = true;
	CHECK(!transaction_says_what(&command), "where is not what");
	command.bucket.min = 3;
	command.bucket.max = 3;
	CHECK(transaction_says_what(&command) && transaction_needs_debugfs(&command),
	      "a bucket is");
	check_text(&command,
		   "node=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63 bucket=3");
	command.nodes = 1ULL << 63 | 1;
	check_text(&command, "node=0,63 bucket=3");
	command.nodes = 0;
	command.bucket.max = 15;
	check_text(&command, "bucket=3-15");
	command = (struct command)COMMAND_NONE;
	command.incompressible = true;
	CHECK(transaction_says_what(&command), "so is a type");
	check_text(&command, "type=incompressible");
}

static void check_result(const struct result *result)
{
	CHECK(result->count.scanned == 21 && result->count.written == 6 && result->count.released_bytes == 9000 &&
	      result->count.skipped_young == 5 && result->count.skipped_busy == 4 &&
	      result->count.skipped_protected == 3 && result->count.skipped_gone == 2 &&
	      result->count.failed == 1 && result->coldest_left == 77 && result->elapsed_us == 1234,
	      "each number is where it belongs");
}

/* Our end of a pair, with an answer to be read; *@other is the other one. */
static int open_pair(const char *answer, int *other)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	if (write(pair[1], answer, strlen(answer)) != (ssize_t)strlen(answer))
		abort();
	shutdown(pair[1], SHUT_WR);
	*other = pair[1];
	return pair[0];
}

/* Until not one byte more is taken. */
static void fill(int fd)
{
	static const char nothing[4096];
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, nothing, sizeof(nothing)) > 0 || write(fd, nothing, 1) > 0)
		;
	fcntl(fd, F_SETFL, flags);
}

static void test_exchange(void)
{
	struct result result;
	char said[64] = "";
	int other, fd = open_pair(ANSWER("0"), &other);

	CHECK(!transaction_exchange(fd, "age=60 max=4096", &result), "a command that succeeds");
	check_result(&result);
	CHECK(read(other, said, sizeof(said) - 1) == 15 && !strcmp(said, "age=60 max=4096"),
	      "it was said as it is, in one write: '%s'", said);
	close(fd);
	close(other);

	fd = open_pair(ANSWER("-11"), &other);
	fill(fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(transaction_exchange(fd, "age=60", &result) == -EAGAIN, "one that writes nothing");
	check_result(&result);
	CHECK(result.status == -EAGAIN, "its status");
	close(fd);
	close(other);

	fd = open_pair("", &other);
	fill(fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(transaction_exchange(fd, "age=60", &result) == -EAGAIN, "an error without an answer");
	CHECK(result.status == -EAGAIN && !result.count.written && result.coldest_left == -1,
	      "nothing was done then");
	close(fd);
	close(other);

	fd = open_pair(ANSWER("0"), &other);
	fill(fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(transaction_exchange(fd, "age=60", &result) == -EAGAIN &&
	      result.status == -EAGAIN, "what the write returned counts");
	close(fd);
	close(other);

	fd = open_pair("status 0\nwritten many\n", &other);
	CHECK(transaction_exchange(fd, "age=60", &result) == -EBADMSG, "an answer without sense");
	close(fd);
	close(other);
}

/* Signals the thread that is in a write until it says that it is not any more. */
struct caller {
	pthread_t thread;
	atomic_bool back;
};

static void *interrupt(void *data)
{
	struct caller *caller = data;

	while (!caller->back) {
		usleep(10000);
		pthread_kill(caller->thread, SIGUSR1);
	}
	return NULL;
}

static void ignore(int signal)
{
	(void)signal;
}

static void test_interrupted(void)
{
	struct sigaction action = { .sa_handler = ignore };
	struct caller caller = { .thread = pthread_self() };
	struct result result;
	pthread_t thread;
	int other, fd = open_pair(ANSWER("-4"), &other);

	sigaction(SIGUSR1, &action, NULL);
	fill(fd);
	pthread_create(&thread, NULL, interrupt, &caller);
	CHECK(transaction_exchange(fd, "age=60", &result) == -EINTR, "a signal ends the write");
	caller.back = true;
	pthread_join(thread, NULL);
	check_result(&result);
	CHECK(result.status == -EINTR, "and the answer tells how far it was");
	close(fd);
	close(other);
}

/* A tree with counters.  The signal that tells of a write to the socket changes them. */
static char tree[] = "/tmp/zswapctl-test-XXXXXX";

static void put(const char *path, const char *text)
{
	char full[128];
	int fd;

	strcpy(full, tree);
	strcat(full, path);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void put_counters(const char *directory, const char *const text[8])
{
	static const char *const name[] = {
		"scanned", "written", "released_bytes", "skipped_young", "skipped_busy",
		"skipped_protected", "skipped_gone", "failed",
	};
	char path[128];

	for (int i = 0; i < 8; i++) {
		strcpy(path, directory);
		strcat(path, name[i]);
		put(path, text[i]);
	}
}

static const char *const before[] = { "100", "10", "1000", "20", "30", "40", "0", "0" };
static const char *const after[] = { "121", "16", "10000", "25", "34", "43", "2", "1" };

static void at_work(int signal)
{
	(void)signal;
	put_counters("/sys/kernel/mm/zswap/stats/", after);
	put_counters("/sys/kernel/mm/zswap/node1/stats/", after);
}

static void make_tree(void)
{
	static const char *const directory[] = {
		"/sys", "/sys/kernel", "/sys/kernel/mm", "/sys/kernel/mm/zswap",
		"/sys/kernel/mm/zswap/stats", "/sys/kernel/mm/zswap/node1",
		"/sys/kernel/mm/zswap/node1/stats", NULL
	};
	char path[128];

	if (!mkdtemp(tree))
		abort();
	for (int i = 0; directory[i]; i++) {
		strcpy(path, tree);
		strcat(path, directory[i]);
		mkdir(path, 0755);
	}
}

static void remove_tree(void)
{
	char command[128] = "rm -rf ";

	strcat(command, tree);
	if (system(command))
		abort();
}

static void check_counted(const struct source *source, uint64_t nodes, const char *what)
{
	struct result result;
	int other, fd = open_pair("", &other);

	put_counters("/sys/kernel/mm/zswap/stats/", before);
	put_counters("/sys/kernel/mm/zswap/node1/stats/", before);
	fcntl(other, F_SETOWN, getpid());
	fcntl(other, F_SETFL, O_ASYNC);
	CHECK(!transaction_count(source, fd, nodes, "age=60", &result), "%s", what);
	CHECK(result.coldest_left == -ENODATA && result.elapsed_us >= 0,
	      "the counters do not tell what is left");
	result.coldest_left = 77;
	result.elapsed_us = 1234;
	check_result(&result);
	close(fd);
	close(other);
}

static void test_counted(const struct source *source)
{
	struct sigaction action = { .sa_handler = at_work };
	struct result result;
	int other, fd;

	sigaction(SIGIO, &action, NULL);
	check_counted(source, 0, "what the counters grew by");
	/* Node 2 has no memory, and no counters */
	check_counted(source, 6, "those of the nodes that were asked for");
	fd = open_pair("", &other);
	fill(fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CHECK(transaction_count(source, fd, 0, "age=60", &result) == -EAGAIN &&
	      result.status == -EAGAIN && !result.count.written, "an error, and nothing was done");
	unlinkat(source->root, "sys/kernel/mm/zswap/stats/failed", 0);
	transaction_count(source, fd, 0, "age=60", &result);
	CHECK(result.count.failed == -ENOENT && !result.count.written, "a counter that is not there");
	close(fd);
	close(other);
}

/* A file that keeps what is written: the answer is read from its beginning. */
static void test_beginning(const struct source *source)
{
	struct result result;
	int fd = openat(source->root, "answer", O_RDWR | O_CREAT, 0600);

	CHECK(!transaction_exchange(fd, ANSWER("0"), &result), "a file, from its beginning");
	check_result(&result);
	close(fd);
}

static void check_reason(const struct source *source, const struct command *command, bool asked,
			 int error, const char *part)
{
	const struct transaction transaction = { .asked = asked };
	char *reason = transaction_reason(source, command, &transaction, error);

	CHECK(strstr(reason, part), "%d: '%s' has '%s'", error, reason, part);
	free(reason);
}

static void test_run(const struct source *source)
{
	struct transaction transaction;
	struct command command;

	command = (struct command)COMMAND_NONE;
	command.age = 60;
	CHECK(transaction_run(source, &command, &transaction) == -ENOENT && !transaction.asked,
	      "no file takes commands");
	put("/sys/kernel/mm/zswap/proactive_writeback", "");
	CHECK(transaction_run(source, &command, &transaction) == -EROFS && !transaction.asked,
	      "nothing is written to a recorded tree");
	check_reason(source, &command, false, -EROFS, "recorded");
	check_reason(source, &command, true, -ENOENT, "removed");
	check_reason(source, &command, true, -EPERM, "memory.zswap.writeback");
	check_reason(source, &command, true, -ENODEV, "never been enabled");
	check_reason(source, &command, true, -EOPNOTSUPP, "memory cgroups are off");
	check_reason(source, &command, true, -EINVAL, "'age=60'");
	command.nodes = 6;
	check_reason(source, &command, true, -EINVAL, "node 2 not found");
	command.nodes = 2;
	command.bucket.min = 15;
	check_reason(source, &command, true, -EINVAL, "age bucket not found");
	check_reason(source, &command, true, -ENOMEM, strerror(ENOMEM));
	check_reason(source, &command, false, -EACCES, "need debugfs");
	command.bucket.min = -1;
	check_reason(source, &command, false, -EPERM, "locked down");
	check_reason(source, &command, false, -EBADMSG, "invalid answer");
	check_reason(source, &command, false, -ELOOP, strerror(ELOOP));
}

static void test_add(void)
{
	struct result sum = { .coldest_left = -1, .count.released_bytes = INT64_MAX - 1 };
	const struct result one = {
		.status = -EAGAIN, .count.written = 3, .count.failed = -ENOENT, .count.released_bytes = 2,
		.coldest_left = 5, .elapsed_us = 7,
	};

	transaction_add(&sum, &one);
	transaction_add(&sum, &one);
	CHECK(sum.count.written == 6 && sum.elapsed_us == 14, "the numbers add up");
	CHECK(sum.count.failed == -ENOENT, "what is unknown once stays unknown");
	CHECK(sum.count.released_bytes == INT64_MAX, "what is too much stays as much as can be");
	CHECK(sum.status == -EAGAIN && sum.coldest_left == 5, "the rest is the last one's");
}

static void check_progress(num goal, num pages, num elapsed_ms, const char *wanted)
{
	char *line = job_progress(pages, elapsed_ms, goal);

	CHECK(!strcmp(line, wanted), "'%s' is '%s'", line, wanted);
	free(line);
}

static void test_progress(void)
{
	check_progress(0, 256, 1000, "1M, 1M/s");
	check_progress(0, -ENOENT, 0, "0B, 0B/s");
	check_progress(1024, 256, 500, "1M, 2M/s, 25 %");
	check_progress(40, 400, 1000, "1.6M, 1.6M/s, 100 %");
}

int main(void)
{
	struct source source;

	make_tree();
	if (source_open(&source, tree))
		abort();
	test_text();
	test_exchange();
	test_interrupted();
	test_beginning(&source);
	test_counted(&source);
	test_run(&source);
	test_add();
	test_progress();
	source_close(&source);
	remove_tree();
	return tap_done();
}
