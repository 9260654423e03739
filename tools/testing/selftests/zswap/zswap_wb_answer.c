// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/zswap/writeback: the answer to a command, dry runs, and
 * commands by age bucket.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define ANSWER_FILE	ZWB_DEBUGFS "/writeback"

/* the keys of an answer, in their order; a change breaks whoever reads them */
static const char * const keys[] = {
	"status", "scanned", "written", "released_bytes", "skipped_young", "skipped_busy",
	"skipped_protected", "skipped_gone", "failed", "coldest_left", "elapsed_us",
};

enum {
	STATUS, SCANNED, WRITTEN, RELEASED_BYTES, SKIPPED_YOUNG, SKIPPED_BUSY, SKIPPED_PROTECTED,
	SKIPPED_GONE, FAILED, COLDEST_LEFT, ELAPSED_US, NR_KEYS,
};

struct answer {
	long long value[NR_KEYS];
};

static bool need_answers(void)
{
	if (!access(ANSWER_FILE, F_OK))
		return true;
	zwb_skip("needs CONFIG_ZSWAP_WB_DEBUGFS");
	return false;
}

/* Reads what the file says from its present position, each key once and in order. */
static bool read_answer(int fd, struct answer *answer)
{
	char text[1024], *line = text, *next;
	ssize_t length;
	size_t i;

	length = read(fd, text, sizeof(text) - 1);
	if (length <= 0) {
		zwb_fail("reading the answer gave %zd", length);
		return false;
	}
	text[length] = '\0';
	for (i = 0; i < NR_KEYS; i++, line = next + 1) {
		size_t key = strlen(keys[i]);

		next = strchr(line, '\n');
		if (!next || strncmp(line, keys[i], key) || line[key] != ' ') {
			zwb_fail("line %zu of the answer is not '%s N': %s", i, keys[i], line);
			return false;
		}
		answer->value[i] = strtoll(line + key, NULL, 10);
	}
	if (*line) {
		zwb_fail("the answer has more than it should: %s", line);
		return false;
	}
	return true;
}

/* Gives a command and reads its answer through the same open file. */
static int ask(struct answer *answer, const char *command)
{
	ssize_t written;
	int fd, err;

	memset(answer, 0, sizeof(*answer));
	fd = open(ANSWER_FILE, O_RDWR);
	if (fd < 0) {
		zwb_fail("open %s: %s", ANSWER_FILE, strerror(errno));
		return -errno;
	}
	written = write(fd, command, strlen(command));
	err = written < 0 ? -errno : 0;
	if (!read_answer(fd, answer))
		zwb_fail("no answer to '%s'", command);
	close(fd);
	zwb_equal(answer->value[STATUS], err);
	zwb_equal(answer->value[SCANNED],
		  answer->value[WRITTEN] + answer->value[SKIPPED_YOUNG] +
		  answer->value[SKIPPED_BUSY] + answer->value[SKIPPED_PROTECTED] +
		  answer->value[SKIPPED_GONE] + answer->value[FAILED]);
	return err;
}

/*
 * The answer tells of its own command, and tells the same as the counters.
 *
 * Turns red when a value is swapped with another, when the answer counts from
 * boot, or when coldest_left is not that of the entries left.
 */
static void answer_is_what_the_counters_say(void)
{
	struct zwb_snap before, delta;
	struct zwb_load *old, *young;
	const char *kept;
	struct answer answer;

	if (!need_answers())
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
	zwb_zero(ask(&answer, "age=3 max=3M"));
	zwb_since(&delta, &before);
	if (!zwb_still_younger(young, 3))
		return;
	zwb_equal(delta.commands, 1);
	zwb_equal(answer.value[WRITTEN], 3 * 1024 * 1024 / zwb_page_size);
	zwb_equal(answer.value[WRITTEN], delta.total.written);
	zwb_equal(answer.value[SCANNED], delta.total.scanned);
	zwb_equal(answer.value[RELEASED_BYTES], delta.total.released_bytes);
	zwb_equal(answer.value[SKIPPED_YOUNG], 500);
	zwb_equal(answer.value[SKIPPED_YOUNG], delta.total.skipped_young);
	zwb_equal(answer.value[SKIPPED_PROTECTED], 300);
	zwb_equal(answer.value[SKIPPED_PROTECTED], delta.total.skipped_protected);
	zwb_zero(answer.value[FAILED]);
	zwb_between(answer.value[COLDEST_LEFT], 3, 60);

	/* what the limit has left is all that is left */
	zwb_zero(ask(&answer, "age=3"));
	zwb_equal(answer.value[WRITTEN], 900 - 3 * 1024 * 1024 / zwb_page_size);
	zwb_equal(answer.value[COLDEST_LEFT], -1);
	zwb_equal(ask(&answer, "age=1d"), -EAGAIN);
	zwb_zero(answer.value[WRITTEN]);
	zwb_equal(answer.value[SCANNED], 800);
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
	struct answer answer;
	size_t i;

	if (!need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_TEXT))
		return;
	zwb_snap(&before);
	zwb_equal(ask(&answer, "agee=1"), -EINVAL);
	for (i = SCANNED; i <= FAILED; i++)
		zwb_zero(answer.value[i]);
	zwb_equal(answer.value[COLDEST_LEFT], -1);
	zwb_equal(ask(&answer, "bucket=1 age=1"), -EINVAL);
	zwb_equal(ask(&answer, "bucket=13"), -EINVAL);
	zwb_equal(ask(&answer, "dry_run=1"), -EINVAL);
	zwb_equal(ask(&answer, "age=18446744073709551616"), -ERANGE);
	zwb_equal(ask(&answer, "age=1 cgroup=18446744073709551615"), -ENOENT);
	zwb_since(&delta, &before);
	zwb_check_unchanged(&delta);
}

/*
 * Before the first command there is no answer; after a second one, there is the
 * second's, from its beginning. Nobody but root gets at the file.
 *
 * Turns red when answers are shared between open files, or run into each other.
 */
static void answers_belong_to_an_open_file(void)
{
	struct answer answer;
	struct stat stat_buf;
	int fd, other;
	char byte;

	if (!need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_TEXT))
		return;
	zwb_zero(stat(ANSWER_FILE, &stat_buf));
	zwb_equal(stat_buf.st_mode & 07777, 0600);

	fd = open(ANSWER_FILE, O_RDWR);
	other = open(ANSWER_FILE, O_RDWR);
	zwb_zero(read(fd, &byte, 1));
	zwb_equal(write(fd, "max=64K\n", 8), 8);
	if (read_answer(fd, &answer))
		zwb_equal(answer.value[WRITTEN], 65536 / zwb_page_size);
	zwb_zero(read(fd, &byte, 1));
	zwb_zero(read(other, &byte, 1));
	zwb_equal(write(fd, "max=128K\n", 9), 9);
	if (read_answer(fd, &answer))
		zwb_equal(answer.value[WRITTEN], 131072 / zwb_page_size);
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
		"max=1M", "max_compressed=200000", "type=incompressible", "age=2", "bucket=0-",
	};
	struct answer dry, again, real;
	struct zwb_snap before, delta;
	struct zwb_load *old;
	char command[64];
	size_t i;

	if (!need_answers())
		return;
	old = zwb_load(NULL, ZWB_ANY_NODE, 1500, ZWB_TEXT);
	if (!old || !zwb_load(NULL, ZWB_ANY_NODE, 400, ZWB_NOISE))
		return;
	zwb_wait_age(old, 2);
	if (!zwb_load(NULL, ZWB_ANY_NODE, 600, ZWB_TEXT))
		return;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		snprintf(command, sizeof(command), "%s dry_run=1", commands[i]);
		zwb_snap(&before);
		zwb_zero(ask(&dry, command));
		zwb_zero(ask(&again, command));
		zwb_since(&delta, &before);
		zwb_check_unchanged(&delta);
		zwb_equal(again.value[WRITTEN], dry.value[WRITTEN]);
		zwb_equal(again.value[RELEASED_BYTES], dry.value[RELEASED_BYTES]);
		zwb_between(dry.value[WRITTEN], 1, 2500);

		zwb_zero(ask(&real, commands[i]));
		zwb_equal(real.value[WRITTEN], dry.value[WRITTEN]);
		zwb_equal(real.value[RELEASED_BYTES], dry.value[RELEASED_BYTES]);
	}
	zwb_zero(zwb_stored());
	/* nothing left to write is an answer, too */
	zwb_zero(ask(&dry, "age=0 dry_run=1"));
	zwb_zero(dry.value[WRITTEN]);
	zwb_equal(ask(&real, "age=0"), -EAGAIN);
}

/*
 * bucket= takes the ages of its buckets: nothing here is older than 30 s.
 *
 * Turns red when bounds are off, or when buckets beyond those asked for count
 * as scanned.
 */
static void bucket_takes_its_ages(void)
{
	struct answer answer;

	if (!need_answers() || !zwb_load(NULL, ZWB_ANY_NODE, 700, ZWB_TEXT))
		return;
	zwb_equal(ask(&answer, "bucket=1-"), -EAGAIN);
	zwb_equal(answer.value[SKIPPED_YOUNG], 700);
	zwb_equal(ask(&answer, "bucket=12"), -EAGAIN);
	zwb_zero(ask(&answer, "bucket=0"));
	zwb_equal(answer.value[WRITTEN], 700);
	zwb_equal(answer.value[SCANNED], 700);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(answer_is_what_the_counters_say),
	ZWB_TEST(answer_to_a_refused_command),
	ZWB_TEST(answers_belong_to_an_open_file),
	ZWB_TEST(dry_run_tells_what_a_run_does),
	ZWB_TEST(bucket_takes_its_ages),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
