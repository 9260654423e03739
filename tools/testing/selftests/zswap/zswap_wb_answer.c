// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/zswap/writeback: the answer to a command, dry runs, and
 * commands by age bucket; and what becomes of the files there that are read and
 * written in pieces.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

/* seconds at INTERRUPT_RATE, of which a batch is no more than what is due in 80 ms */
#define INTERRUPT_PAGES		2000
#define INTERRUPT_RATE		"1M"
#define INTERRUPT_BATCH		(1024 * 1024 / 12 / zwb_page_size)

/* of which the file has some, and a line has some */
#define PIECE_BYTES		7

/* longer than it takes to copy the pages */
#define BATCH_LATENCY_US	500000
#define BATCH_PAGES		64

/*
 * The answer tells of its own command, and tells the same as the counters: of a
 * command that its limit has ended nothing that is too young, of one that has
 * come to the end all of it.
 *
 * Turns red when a value is swapped with another, when the answer counts from
 * boot, when coldest_left is not that of the entries left, or when young ones
 * are counted behind a limit that was reached, or not counted where there is
 * none.
 */
static void answer_is_what_the_counters_say(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *old, *young;
	const char *kept;
	struct zwb_answer answer;

	if (!zwb_need_answers())
		return;
	kept = zwb_cgroup(NULL, "kept");
	if (!kept || !zwb_cgroup_set(kept, "memory.zswap.writeback", "0"))
		return;
	/* protected pages must not be incompressible: zswap would refuse them */
	if (!zwb_load(kept, ZWB_ANY_NODE, 300, ZWB_TEXT))
		return;
	old = zwb_load(NULL, ZWB_ANY_NODE, 900, ZWB_TEXT);
	if (!old)
		return;
	zwb_wait_age(old, 3);
	young = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_NOISE);
	if (!young)
		return;

	zwb_snap(&before);
	zwb_zero(zwb_ask(&answer, "age=3 max=3M"));
	zwb_since(&delta, &before);
	if (!zwb_still_younger(young, 3))
		return;
	zwb_equal(delta.commands, 1);
	zwb_equal(answer.written, 3 * 1024 * 1024 / zwb_page_size);
	zwb_equal(answer.written, delta.total.written);
	zwb_equal(answer.scanned, delta.total.scanned);
	zwb_equal(answer.released_bytes, delta.total.released_bytes);
	zwb_zero(answer.skipped_young);
	zwb_equal(answer.skipped_young, delta.total.skipped_young);
	/* counted by who gets to the end of the lists */
	zwb_zero(answer.skipped_protected);
	zwb_equal(answer.skipped_protected, delta.total.skipped_protected);
	zwb_zero(answer.failed);
	zwb_between(answer.coldest_left, 3, 60);

	/* what the limit has left is all that is left */
	zwb_snap(&before);
	zwb_zero(zwb_ask(&answer, "age=3"));
	zwb_since(&delta, &before);
	if (!zwb_still_younger(young, 3))
		return;
	zwb_equal(answer.written, 900 - 3 * 1024 * 1024 / zwb_page_size);
	zwb_equal(answer.skipped_young, 500);
	zwb_equal(answer.skipped_young, delta.total.skipped_young);
	zwb_equal(answer.skipped_protected, 300);
	zwb_equal(answer.skipped_protected, delta.total.skipped_protected);
	zwb_equal(answer.coldest_left, -1);
	zwb_equal(zwb_ask(&answer, "age=1d"), -EAGAIN);
	zwb_zero(answer.written);
	zwb_equal(answer.scanned, 800);
}

/*
 * A refused command has an answer as well, and leaves no trace.
 *
 * Turns red when the answer is that of the command before, or when a refused
 * command counts.
 */
static void answer_to_a_refused_command(void)
{
	struct zwb_snap before, delta;
	struct zwb_answer answer;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_TEXT))
		return;
	zwb_snap(&before);
	zwb_equal(zwb_ask(&answer, "agee=1"), -EINVAL);
	zwb_zero(answer.scanned);
	zwb_zero(answer.released_bytes);
	zwb_equal(answer.coldest_left, -1);
	zwb_equal(zwb_ask(&answer, "bucket=1 age=1"), -EINVAL);
	zwb_equal(zwb_ask(&answer, "bucket=13"), -EINVAL);
	zwb_equal(zwb_ask(&answer, "bucket=1-"), -EINVAL);
	zwb_equal(zwb_ask(&answer, "bucket=-1"), -EINVAL);
	zwb_equal(zwb_ask(&answer, "dry_run=1"), -EINVAL);
	zwb_equal(zwb_ask(&answer, "age=18446744073709551616"), -ERANGE);
	zwb_equal(zwb_ask(&answer, "age=1 cgroup=18446744073709551615"), -ENOENT);
	zwb_since(&delta, &before);
	zwb_check_unchanged(&delta);
}

static void ignore_signal(int signal)
{
	(void)signal;
}

/* A process that gives a command and reads its answer, which comes out of a pipe; or -1. */
static pid_t start_asking(const char *command, int *result)
{
	struct sigaction action = { .sa_handler = ignore_signal };
	struct zwb_answer answer;
	int pipe_fd[2];
	pid_t pid;

	if (pipe(pipe_fd)) {
		zwb_fail("pipe: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (!pid) {
		sigaction(SIGUSR1, &action, NULL);
		zwb_ask(&answer, "%s", command);
		_exit(write(pipe_fd[1], &answer, sizeof(answer)) != sizeof(answer) || zwb_failed());
	}
	close(pipe_fd[1]);
	*result = pipe_fd[0];
	if (pid < 0)
		zwb_fail("fork: %s", strerror(errno));
	return pid;
}

/* What it was told; the signal comes while it writes. */
static bool interrupt_asking(struct zwb_answer *answer, const char *command)
{
	long long before = zwb_vmstat_key("zswpwb"), signalled;
	int status = -1, result = -1;
	bool good;
	pid_t pid;

	pid = start_asking(command, &result);
	if (pid > 0)
		zwb_wait_for_writeback(before);
	signalled = zwb_now();
	if (pid > 0)
		kill(pid, SIGUSR1);
	good = pid > 0 && read(result, answer, sizeof(*answer)) == sizeof(*answer);
	if (result >= 0)
		close(result);
	if (pid > 0)
		waitpid(pid, &status, 0);
	zwb_wait_for_what_is_left(signalled);
	return zwb_equal(good, true) && zwb_zero(status);
}

/*
 * A command that a signal has ended has an answer as well: what it had done until then.
 *
 * Turns red when the answer is that of a command that was refused, is left from its
 * beginning, or when something is made up for what the command has not come to.
 */
static void answer_to_an_interrupted_command(void)
{
	struct zwb_snap before, delta;
	struct zwb_answer answer;
	struct zwb_load *load;

	if (!zwb_need_answers())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, INTERRUPT_PAGES, ZWB_TEXT);
	zwb_snap(&before);
	if (!load || !interrupt_asking(&answer, "age=0 rate=" INTERRUPT_RATE))
		return;
	zwb_equal(answer.status, -EINTR);
	zwb_between(answer.written, 1, INTERRUPT_PAGES - 1);
	zwb_between(answer.released_bytes, answer.written, answer.written * zwb_page_size - 1);
	zwb_zero(answer.failed);
	/* nobody else was there */
	zwb_equal(answer.scanned, answer.written);
	zwb_equal(answer.coldest_left, -1);
	zwb_between(answer.elapsed_us, 1, 60 * 1000 * 1000);
	/* what was on its way is counted, but not in the answer */
	zwb_since(&delta, &before);
	zwb_equal(delta.commands, 1);
	zwb_between(delta.total.written - answer.written, 0, INTERRUPT_BATCH);
	zwb_equal(delta.total.scanned - answer.scanned, delta.total.written - answer.written);
	zwb_equal(delta.stored, -delta.total.written);
	/* and the rest can be written */
	zwb_zero(zwb_ask(&answer, "age=0"));
	zwb_zero(zwb_stored());
}

/* A process that reads an open file, or gives a command to it. */
static pid_t start_using(int fd, const char *command)
{
	pid_t pid = zwb_fork();
	char byte;

	if (pid)
		return pid;
	_exit(command ? write(fd, command, strlen(command)) < 0 : read(fd, &byte, 1) < 0);
}

/* It is there, and does it go when it is killed? */
static bool kill_ends(pid_t pid)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	pid_t gone;

	if (pid < 0 || !zwb_zero(waitpid(pid, NULL, WNOHANG)))
		return false;
	kill(pid, SIGKILL);
	do {
		zwb_pause();
		gone = waitpid(pid, NULL, WNOHANG);
	} while (!gone && zwb_now() < deadline);
	return gone == pid;
}

/*
 * Who reads an open file, or gives it a command, while another process has a long command
 * there, waits, and can be killed.
 *
 * Turns red when they wait where no signal ends it.
 */
static void who_waits_at_an_open_file_can_be_killed(void)
{
	long long before = zwb_vmstat_key("zswpwb"), signalled;
	pid_t giver, reader, second;
	int fd;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, INTERRUPT_PAGES, ZWB_TEXT))
		return;
	fd = open(ZWB_ANSWER_FILE, O_RDWR);
	giver = start_using(fd, "age=0 rate=64K");
	if (giver > 0 && zwb_wait_for_writeback(before)) {
		reader = start_using(fd, NULL);
		second = start_using(fd, "age=0");
		zwb_sleep_until(zwb_now() + ZWB_NS_PER_SEC / 5);
		zwb_equal(kill_ends(reader), true);
		zwb_equal(kill_ends(second), true);
	}
	signalled = zwb_now();
	zwb_equal(kill_ends(giver), true);
	zwb_wait_for_what_is_left(signalled);
	close(fd);
}

/*
 * Before the first command there is no answer; after a second one, there is the
 * second's, from its beginning. Nobody but root gets at the file.
 *
 * Turns red when answers are shared between open files, or run into each other,
 * or when that of a failure can only be read after seeking.
 */
static void answers_belong_to_an_open_file(void)
{
	struct zwb_answer answer;
	struct stat stat_buf;
	int fd, other;
	char byte;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT))
		return;
	zwb_zero(stat(ZWB_ANSWER_FILE, &stat_buf));
	zwb_equal(stat_buf.st_mode & 07777, 0600);

	fd = open(ZWB_ANSWER_FILE, O_RDWR);
	other = open(ZWB_ANSWER_FILE, O_RDWR);
	zwb_zero(read(fd, &byte, 1));
	zwb_equal(write(fd, "max=64K\n", 8), 8);
	if (zwb_read_answer(fd, &answer))
		zwb_equal(answer.written, 65536 / zwb_page_size);
	zwb_zero(read(fd, &byte, 1));
	zwb_zero(read(other, &byte, 1));
	zwb_equal(write(fd, "max=128K\n", 9), 9);
	if (zwb_read_answer(fd, &answer))
		zwb_equal(answer.written, 131072 / zwb_page_size);
	/* that of a command which fails begins there as well */
	zwb_equal(write(fd, "age=1d\n", 7), -1);
	zwb_equal(errno, EAGAIN);
	if (zwb_read_answer(fd, &answer)) {
		zwb_equal(answer.status, -EAGAIN);
		zwb_zero(answer.written);
	}
	zwb_equal(write(fd, "age=\n", 5), -1);
	if (zwb_read_answer(fd, &answer))
		zwb_equal(answer.status, -EINVAL);
	close(fd);
	close(other);
}

/*
 * A dry run says what the real run then does, twice in a row, and changes no
 * counter and no entry.
 *
 * Turns red when a dry run writes, counts, rotates, or does not know limits.
 */
static void dry_run_tells_what_a_run_does(void)
{
	static const char * const commands[] = {
		"max=1M", "max_compressed=200000", "type=incompressible", "age=2", "bucket=0-12",
	};
	struct zwb_answer dry, again, real;
	struct zwb_load *old, *young;
	struct zwb_snap before, delta;
	char command[64];
	size_t i;

	if (!zwb_need_answers())
		return;
	old = zwb_load(NULL, ZWB_ANY_NODE, 1500, ZWB_TEXT);
	if (!old || !zwb_load(NULL, ZWB_ANY_NODE, 400, ZWB_NOISE))
		return;
	zwb_wait_age(old, 2);
	young = zwb_load(NULL, ZWB_ANY_NODE, 600, ZWB_TEXT);
	if (!young)
		return;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (zwb_is_refused(commands[i]))
			continue;
		snprintf(command, sizeof(command), "%s dry_run=1", commands[i]);
		zwb_snap(&before);
		zwb_zero(zwb_ask(&dry, "%s", command));
		zwb_zero(zwb_ask(&again, "%s", command));
		zwb_since(&delta, &before);
		zwb_check_unchanged(&delta);
		zwb_equal(again.written, dry.written);
		zwb_equal(again.released_bytes, dry.released_bytes);
		zwb_between(dry.written, 1, 2500);

		zwb_zero(zwb_ask(&real, "%s", commands[i]));
		zwb_equal(real.written, dry.written);
		zwb_equal(real.released_bytes, dry.released_bytes);
		/* what turns old between the three of them makes a difference */
		if (!strcmp(commands[i], "age=2") && !zwb_still_younger(young, 2))
			return;
	}
	zwb_zero(zwb_stored());
	/* nothing left to write is an answer, too */
	zwb_zero(zwb_ask(&dry, "age=0 dry_run=1"));
	zwb_zero(dry.written);
	zwb_equal(zwb_ask(&real, "age=0"), -EAGAIN);
}

/*
 * bucket= takes the ages of its buckets: nothing here is older than 30 s.
 *
 * Turns red when bounds are off, or when buckets beyond those asked for count
 * as scanned.
 */
static void bucket_takes_its_ages(void)
{
	struct zwb_answer answer;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 700, ZWB_TEXT))
		return;
	zwb_equal(zwb_ask(&answer, "bucket=1-12"), -EAGAIN);
	zwb_equal(answer.skipped_young, 700);
	zwb_equal(zwb_ask(&answer, "bucket=12"), -EAGAIN);
	zwb_zero(zwb_ask(&answer, "bucket=0"));
	zwb_equal(answer.written, 700);
	zwb_equal(answer.scanned, 700);
}

/* Turns red when a small letter is not the same as a large one. */
static void small_letters_are_sizes(void)
{
	struct zwb_answer small, large;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 700, ZWB_TEXT))
		return;
	zwb_zero(zwb_ask(&small, "max=1m"));
	zwb_equal(small.written, (1 << 20) / zwb_page_size);
	zwb_zero(zwb_ask(&small, "max=64k"));
	zwb_equal(small.written, (1 << 16) / zwb_page_size);
	/* what a limit of bytes takes depends on the pages: of the same ones */
	zwb_zero(zwb_ask(&small, "max_compressed=10k dry_run=1"));
	zwb_zero(zwb_ask(&large, "max_compressed=10K dry_run=1"));
	zwb_answer_same(&small, &large);
	zwb_between(small.released_bytes, 10 << 10, (10 << 10) + zwb_page_size - 1);
	zwb_zero(zwb_ask(&small, "max=1g max_compressed=1t"));
	zwb_zero(zwb_stored());
}

/* --- in pieces --- */

/* Reads a file a few bytes at a time, each from where it is told to; its length, or -1. */
static ssize_t read_at_offsets(int fd, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;

	do {
		got = pread(fd, text + length, PIECE_BYTES, length);
		if (got < 0 || length + got + PIECE_BYTES > size) {
			zwb_fail("pread at %zu: %s", length, strerror(errno));
			return -1;
		}
		length += got;
	} while (got);
	return length;
}

/*
 * An answer has offsets as a file has: it can be read in pieces and from anywhere, and
 * there is nothing behind its end.
 *
 * Turns red when an answer is read from its beginning, or is gone, whatever the offset.
 */
static void answer_in_pieces(void)
{
	char whole[1024], pieces[1024];
	ssize_t length, got = 0, n;
	int fd;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT))
		return;
	fd = open(ZWB_ANSWER_FILE, O_RDWR);
	zwb_equal(write(fd, "max=64K", 7), 7);
	length = pread(fd, whole, sizeof(whole), 0);
	zwb_between(length, 2 * PIECE_BYTES, sizeof(whole) - 1);
	/* none of these moves the place that read(2) reads from */
	zwb_equal(read_at_offsets(fd, pieces, sizeof(pieces)), length);
	zwb_zero(memcmp(pieces, whole, length));
	zwb_zero(pread(fd, pieces, sizeof(pieces), length));
	zwb_zero(pread(fd, pieces, sizeof(pieces), length + 100));
	memset(pieces, 0, sizeof(pieces));
	do {
		n = read(fd, pieces + got, PIECE_BYTES);
		got += n > 0 ? n : 0;
	} while (n > 0 && got + PIECE_BYTES <= sizeof(pieces));
	zwb_equal(got, length);
	zwb_zero(memcmp(pieces, whole, length));
	zwb_equal(lseek(fd, PIECE_BYTES, SEEK_SET), PIECE_BYTES);
	zwb_equal(read(fd, pieces, sizeof(pieces)), length - PIECE_BYTES);
	zwb_zero(memcmp(pieces, whole + PIECE_BYTES, length - PIECE_BYTES));
	close(fd);
}

static void edges_are(const struct zwb_edges *want)
{
	struct zwb_edges edges;

	if (zwb_edges_read(&edges) && zwb_equal(edges.nr, want->nr))
		zwb_zero(memcmp(edges.edge, want->edge, want->nr * sizeof(want->edge[0])));
}

/*
 * A command is one write(2), and has no offset, as files in sysfs have none for what is
 * written: that of pwrite(2) is ignored. Its answer is read from the beginning. Edges are not
 * written with pwrite(2) at all.
 *
 * Turns red when a command is cut, refused or put behind another one because of its offset,
 * or when the answer begins where the command is said to end.
 */
static void command_has_no_offset(void)
{
	const long long pages = 65536 / zwb_page_size;
	struct zwb_snap before, delta;
	struct zwb_answer answer;
	struct zwb_edges edges;
	int fd;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT) ||
	    !zwb_edges_read(&edges))
		return;
	zwb_snap(&before);
	fd = open(ZWB_ANSWER_FILE, O_RDWR);
	zwb_equal(pwrite(fd, "max=64K", 7, 100), 7);
	if (zwb_read_answer(fd, &answer))
		zwb_equal(answer.written, pages);
	zwb_equal(pwrite(fd, "max=", 4, 3), -1);
	zwb_equal(errno, EINVAL);
	close(fd);
	fd = open(ZWB_SYSFS "/proactive_writeback", O_WRONLY);
	zwb_equal(pwrite(fd, "max=64K", 7, 100), 7);
	close(fd);
	zwb_since(&delta, &before);
	zwb_equal(delta.commands, 2);
	zwb_equal(delta.total.written, 2 * pages);
	/* a seq_file has no pwrite(2) at all */
	fd = open(ZWB_EDGES_FILE, O_WRONLY);
	zwb_equal(pwrite(fd, "0 7 77", 6, 0), -1);
	zwb_equal(errno, ESPIPE);
	close(fd);
	edges_are(&edges);
}

/*
 * Where a table is read in pieces it goes on where it was, also for who says at each read
 * from where. Nothing is stored meanwhile, so that it is the same each time it is made.
 *
 * Turns red when a piece is left out, or comes twice.
 */
static void table_in_pieces(void)
{
	static const char * const files[] = {
		ZWB_EDGES_FILE, ZWB_TABLE_FILE, ZWB_CGROUP_TABLE_FILE,
	};
	static char pieces[65536];
	size_t i, length, again;
	char *whole, *later;
	ssize_t got;
	int fd;

	/* one bucket: no page changes to another one */
	if (!zwb_need_answers() || !zwb_edges_write("0 3600") ||
	    !zwb_load(zwb_cgroup(NULL, "some"), ZWB_ANY_NODE, 300, ZWB_TEXT))
		return;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		whole = zwb_read_file(files[i], 65536, &length);
		fd = open(files[i], O_RDONLY);
		got = read_at_offsets(fd, pieces, sizeof(pieces));
		later = zwb_read_file(files[i], PIECE_BYTES, &again);
		if (whole && later && zwb_equal(got, length) && zwb_equal(again, length) &&
		    (memcmp(pieces, whole, length) || memcmp(later, whole, length)))
			zwb_fail("%s is another one in pieces", files[i]);
		/* back from behind its end */
		if (whole && zwb_equal(pread(fd, pieces, 1, length / 2), 1))
			zwb_equal(pieces[0], whole[length / 2]);
		close(fd);
		free(later);
		free(whole);
	}
	zwb_edges_restore();
}

/*
 * A write(2) of nothing is no command, and no list of edges, and is said to be none.
 *
 * Turns red when it is taken for a command, or changes edges.
 */
static void nothing_is_no_command(void)
{
	struct zwb_snap before, delta;
	struct zwb_answer answer;
	struct zwb_edges edges;
	int fd;

	if (!zwb_need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT) ||
	    !zwb_edges_write("0 7 77") || !zwb_edges_read(&edges))
		return;
	zwb_snap(&before);
	zwb_equal(zwb_ask(&answer, "%s", ""), -EINVAL);
	zwb_equal(zwb_edges_try(""), -EINVAL);
	edges_are(&edges);
	/* an answer that is there is not lost: it is that of this one */
	fd = open(ZWB_ANSWER_FILE, O_RDWR);
	zwb_equal(write(fd, "age=1d", 6), -1);
	zwb_equal(errno, EAGAIN);
	zwb_equal(write(fd, "", 0), -1);
	zwb_equal(errno, EINVAL);
	if (zwb_read_answer(fd, &answer))
		zwb_equal(answer.status, -EINVAL);
	close(fd);
	zwb_since(&delta, &before);
	zwb_equal(delta.commands, 1);
	zwb_zero(delta.total.written);
	zwb_edges_restore();
}

/*
 * Of a disk that takes its time the last two batches are still to be landed when all has
 * been sent.
 *
 * Turns red when the answer leaves out one of them.
 */
static void answer_has_all_batches(void)
{
	static const struct zwb_disk_spec slow = {
		.pages = 16384,
		.latency_us = BATCH_LATENCY_US,
	};
	struct zwb_answer answer;

	if (!zwb_need_answers() || !zwb_disk_on(&slow) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, BATCH_PAGES, ZWB_TEXT))
		return;
	zwb_zero(zwb_ask(&answer, "age=0"));
	zwb_equal(answer.written, BATCH_PAGES);
	zwb_equal(answer.scanned, BATCH_PAGES);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(answer_is_what_the_counters_say),
	ZWB_TEST(answer_to_a_refused_command),
	ZWB_TEST(answer_to_an_interrupted_command),
	ZWB_TEST(who_waits_at_an_open_file_can_be_killed),
	ZWB_TEST(answers_belong_to_an_open_file),
	ZWB_TEST(dry_run_tells_what_a_run_does),
	ZWB_TEST(bucket_takes_its_ages),
	ZWB_TEST(small_letters_are_sizes),
	ZWB_TEST(answer_in_pieces),
	ZWB_TEST(command_has_no_offset),
	ZWB_TEST(table_in_pieces),
	ZWB_TEST(nothing_is_no_command),
	ZWB_TEST(answer_has_all_batches),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
