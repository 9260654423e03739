// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recordings: what is written is read back, and what makes no sense is refused with the line
 * where it stands.  And the daemon with commands that are written to a file: a tree that is
 * made the root directory is no recorded one.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ui/options.h"
#include "decide/record.h"
#include "tap.h"
#include "tree.h"

static void sample_make(struct sample *sample, num uptime_ms, const char *path)
{
	*sample = (struct sample){
		.uptime_ms = uptime_ms,
		.boot_id = xstrdup("boot"),
		.page_size = 4096,
		.nr_edges = 3,
		.edge = { 0, 60, 300 },
		.nr = 2,
		.cgroup = xcalloc(2, sizeof(*sample->cgroup)),
	};
	sample->cgroup[0] = (struct sample_cgroup){
		.path = xstrdup("/"),
		.id = 1,
		.writeback = 0,
		.resident = 5000000000,
		.refaulted = -ENOENT,
		.stalled_memory = 7,
		.stalled_io = -EACCES,
		.pages = { 1, 2, 3 },
	};
	sample->cgroup[1] = (struct sample_cgroup){
		.path = xstrdup(path),
		.id = INT64_MAX,
		.writeback = -ENOENT,
		.refaulted = 9,
		.pages = { 0, 0, 1LL << 40 },
	};
	sample_link(sample);
}

static bool same_cgroup(const struct sample_cgroup *a, const struct sample_cgroup *b)
{
	bool same = !strcmp(a->path, b->path) && a->id == b->id && a->parent == b->parent &&
		    a->off == b->off && a->resident == b->resident &&
		    a->stalled_memory == b->stalled_memory &&
		    !memcmp(a->pages, b->pages, sizeof(a->pages));

	/* What is not known is not known; why does not matter. */
	return same && (a->refaulted == b->refaulted || (a->refaulted < 0 && b->refaulted < 0)) &&
	       (a->writeback == b->writeback || (a->writeback < 0 && b->writeback < 0)) &&
	       (a->stalled_io == b->stalled_io || (a->stalled_io < 0 && b->stalled_io < 0));
}

static bool same_sample(const struct sample *a, const struct sample *b)
{
	if (a->uptime_ms != b->uptime_ms || strcmp(a->boot_id, b->boot_id) ||
	    a->page_size != b->page_size || a->nr_edges != b->nr_edges ||
	    memcmp(a->edge, b->edge, sizeof(a->edge)) || a->nr != b->nr)
		return false;
	for (int i = 0; i < a->nr; i++) {
		if (!same_cgroup(&a->cgroup[i], &b->cgroup[i]))
			return false;
	}
	return true;
}

static const struct result result = {
	.status = -EAGAIN,
	.count.scanned = 10,
	.count.written = 1,
	.count.released_bytes = 2,
	.count.skipped_young = 3,
	.count.skipped_busy = 4,
	.count.skipped_protected = 5,
	.count.skipped_gone = 6,
	.count.failed = -EACCES,
	.coldest_left = 8,
	.elapsed_us = 9,
};

static bool same_result(const struct result *got)
{
	return got && got->status == -EAGAIN && got->count.scanned == 10 && got->count.written == 1 &&
	       got->count.released_bytes == 2 && got->count.skipped_young == 3 && got->count.skipped_busy == 4 &&
	       got->count.skipped_protected == 5 && got->count.skipped_gone == 6 && got->count.failed < 0 &&
	       got->coldest_left == 8 && got->elapsed_us == 9;
}

/* Two ticks; the second one was interrupted. */
static void record(const char *path, const struct sample *first, const struct sample *second)
{
	struct recorder *recorder;
	struct state state;

	state_begin(&state);
	state.wear.left = 4711;
	CHECK(!recorder_open(path, &state, &recorder), "a recording begins");
	CHECK(!recorder_sample(recorder, first) && !recorder_result(recorder, 20, &result) &&
	      !recorder_result(recorder, 21, &result) && !recorder_sample(recorder, second) &&
	      !recorder_interrupted(recorder) && !recorder_close(recorder), "and is written");
	state_free(&state);
}

static void test_round(const char *path)
{
	struct recording *recording;
	struct sample first, second;
	struct record_tick tick;
	struct state state;
	char *message;

	sample_make(&first, 1000, "/a \"b\"\n\\\xc3\xa9");
	sample_make(&second, 61000, "/c");
	record(path, &first, &second);

	CHECK(!recording_open(path, &recording, &state, &message) && state.wear.left == 4711,
	      "it is read: the state");
	CHECK(recording_next(recording, &tick, &message) == 1 &&
	      same_sample(&tick.sample, &first), "the first sample");
	CHECK(tick.nr == 2 && same_result(record_find(&tick, 20)) &&
	      same_result(record_find(&tick, 21)) && !record_find(&tick, 22) && !tick.interrupted,
	      "its results");
	record_tick_free(&tick);
	CHECK(recording_next(recording, &tick, &message) == 1 &&
	      same_sample(&tick.sample, &second) && !tick.nr && tick.interrupted,
	      "the second sample, which was interrupted");
	record_tick_free(&tick);
	CHECK(!recording_next(recording, &tick, &message) && !message, "and the end");
	recording_close(recording);
	state_free(&state);
	sample_free(&first);
	sample_free(&second);
}

/* Read all of a file.  Returns how many ticks, or the error; *@message tells why. */
static int read_all(const char *path, char **message)
{
	struct recording *recording;
	struct record_tick tick;
	struct state state;
	int nr = 0, got;

	got = recording_open(path, &recording, &state, message);
	if (got)
		return got;
	while ((got = recording_next(recording, &tick, message)) == 1) {
		record_tick_free(&tick);
		nr++;
	}
	recording_close(recording);
	state_free(&state);
	return got ? got : nr;
}

#define HEAD	"{\"zswapctl\":\"recording\",\"version\":1}\n"
#define STATE	"{\"state\":{\"version\":1,\"boot_id\":null,\"uptime_ms\":0,\"wear_left\":null,\"wear_fraction\":0,\"cgroups\":[]}}\n"
#define CGROUP	"{\"path\":\"/\",\"id\":1,\"writeback\":1,\"resident\":1,\"refaulted\":1,\"stalled_memory\":1,\"stalled_io\":1,\"pages\":[1]}"
#define SAMPLE(page_size, edges, cgroups) \
	"{\"sample\":{\"boot_id\":\"b\",\"uptime_ms\":1,\"page_size\":" page_size \
	",\"edges\":[" edges "],\"cgroups\":[" cgroups "]}}\n"
#define BAD_SAMPLE ":3: a sample is missing, or makes no sense"
#define GOOD	SAMPLE("4096", "0", CGROUP)
#define RESULT	"{\"result\":{\"id\":1,\"status\":0,\"scanned\":1,\"written\":1,\"released_bytes\":1,\"skipped_young\":1,\"skipped_busy\":1,\"skipped_protected\":1,\"skipped_gone\":1,\"failed\":1,\"coldest_left\":1,\"elapsed_us\":1}}\n"

static void test_refused(const char *tree, const char *path)
{
	static const struct {
		const char *what, *text, *message; /* message: NULL if it is taken */
	} list[] = {
		{ "nothing", "", ":1: the file is empty" },
		{ "a blank line", "\n", ":1: the line is empty" },
		{ "no JSON", "x\n", ":1: '[' or '{' expected near 'x'" },
		{ "no object", "[]\n", ":1: this is no object" },
		{ "something else", "{\"version\":1}\n",
		  ":1: this is no recording of zswapctl daemon" },
		{ "no version", "{\"zswapctl\":\"recording\"}\n",
		  ":1: this is no recording of zswapctl daemon" },
		{ "a newer one", "{\"zswapctl\":\"recording\",\"version\":2}\n",
		  ":1: a newer zswapctl has recorded this" },
		{ "the first line only", HEAD, ":2: the file ends after the first line" },
		{ "no state", HEAD GOOD, ":2: the state is missing" },
		{ "a bad state", HEAD "{\"state\":{}}\n",
		  ":2: state: it is no state of zswapctl daemon" },
		{ "no sample", HEAD STATE, NULL },
		{ "a sample", HEAD STATE GOOD, NULL },
		{ "a sample and a result", HEAD STATE GOOD RESULT GOOD, NULL },
		{ "something new", HEAD STATE GOOD "{\"new\":1}\n" RESULT, NULL },
		{ "no newline at the end", HEAD STATE GOOD "{\"sample\":{}}",
		  ":4: the file ends in the middle of a line" },
		{ "a result first", HEAD STATE RESULT, BAD_SAMPLE },
		{ "an empty sample", HEAD STATE "{\"sample\":{}}\n",
		  BAD_SAMPLE },
		{ "no page size", HEAD STATE SAMPLE("0", "0", CGROUP),
		  BAD_SAMPLE },
		{ "a large page size", HEAD STATE SAMPLE("65537", "0", CGROUP),
		  BAD_SAMPLE },
		{ "edges that do not rise", HEAD STATE SAMPLE("4096", "60,60", ""),
		  BAD_SAMPLE },
		{ "a negative edge", HEAD STATE SAMPLE("4096", "-1", ""),
		  BAD_SAMPLE },
		{ "17 edges",
		  HEAD STATE SAMPLE("4096", "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", ""),
		  BAD_SAMPLE },
		{ "pages without an edge", HEAD STATE SAMPLE("4096", "", CGROUP),
		  BAD_SAMPLE },
		{ "edges without pages", HEAD STATE SAMPLE("4096", "0,1", CGROUP),
		  BAD_SAMPLE },
		{ "no cgroup", HEAD STATE SAMPLE("4096", "0", "1"),
		  BAD_SAMPLE },
		{ "a bad result", HEAD STATE GOOD "{\"result\":{\"id\":1}}\n",
		  ":4: there is no sense in this result" },
		{ "a number out of range",
		  HEAD STATE GOOD "{\"result\":{\"id\":9223372036854775808}}\n",
		  ":4: too big integer near '9223372036854775808'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		char *message = NULL, *wanted = xasprintf("%s%s", path, list[i].message ?
							  list[i].message : "");
		bool good;
		int got;

		tree_file(tree, "/r", list[i].text);
		got = read_all(path, &message);
		if (list[i].message)
			good = got == -EINVAL && message && !strcmp(message, wanted);
		else
			good = got >= 0 && !message;
		CHECK(good, "%s: %s", list[i].what,
		      list[i].message ? list[i].message + 1 : "taken");
		if (!good)
			printf("# %d %s\n", got, message ? message : "");
		free(message);
		free(wanted);
	}
}

static void test_bytes(const char *tree, const char *path)
{
	static const char text[] = HEAD STATE GOOD RESULT GOOD;
	static const char hole[] = HEAD STATE "{\"sample\"\0:{}}\n";
	const size_t length = sizeof(text) - 1;
	static const char bytes[] = "\n\"{[,:-9\xff";
	char changed[sizeof(text)], *message = NULL;
	int cut = 0, runs = 0, deep = 100000, got;

	for (size_t i = 0; i < length; i++) {
		tree_bytes(tree, "/r", text, i);
		/* At the end of a line there may be an end. */
		cut += (read_all(path, &message) < 0) == (text[i - !!i] != '\n' ||
							  i < strlen(HEAD STATE));
		free(message);
		message = NULL;
	}
	CHECK(cut == (int)length, "cut off anywhere but behind a line: refused, %d of %zu times",
	      cut, length);
	for (size_t i = 0; i < length; i += 3) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			memcpy(changed, text, sizeof(text));
			changed[i] = bytes[b];
			tree_bytes(tree, "/r", changed, length);
			read_all(path, &message);
			free(message);
			message = NULL;
			runs++;
		}
	}
	CHECK(runs, "%d files with a wrong byte each", runs);
	tree_bytes(tree, "/r", hole, sizeof(hole) - 1);
	got = read_all(path, &message);
	CHECK(got == -EINVAL && message, "a NUL: %s", message ? message + strlen(path) : "");
	free(message);
	message = xcalloc(deep + 2, 1);
	memset(message, '[', deep);
	message[deep] = '\n';
	tree_file(tree, "/r", message);
	free(message);
	got = read_all(path, &message);
	CHECK(got == -EINVAL && message, "lists in lists: %s",
	      message ? message + strlen(path) : "");
	free(message);
	got = read_all(tree, &message);
	CHECK(got < 0 && message, "a directory: %s", message ? message + strlen(tree) : "");
	free(message);
}

static void test_full(void)
{
	struct recorder *recorder;
	struct state state;

	state_begin(&state);
	CHECK(recorder_open("/dev/full", &state, &recorder) == -ENOSPC && !recorder,
	      "a full disk is an error");
	CHECK(recorder_open("/nowhere/at/all", &state, &recorder) == -ENOENT,
	      "as is no directory");
}

/* ---- the daemon in a tree ---- */

#define KERNEL	"/sys/kernel/mm/zswap/proactive_writeback"

static long inode(const char *tree, const char *path)
{
	char *name = xasprintf("%s%s", tree, path);
	struct stat st;

	if (stat(name, &st))
		tree_fail("stat", name);
	free(name);
	return st.st_ino;
}

static void live_cgroup(const char *tree, const char *name)
{
	static const char calm[] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
	static const char *const file[][2] = {
		{ "memory.stat",
		  "anon 104857600\nfile 0\nzswpwb_proactive 0\nzswpwb_refault 0\n" },
		{ "memory.pressure", calm },
		{ "io.pressure", calm },
		{ "memory.zswap.writeback", "1\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(file); i++) {
		char *path = xasprintf("/sys/fs/cgroup%s/%s", name, file[i][0]);

		tree_file(tree, path, file[i][1]);
		free(path);
	}
}

/* Two cgroups with cold pages, and a kernel that takes commands but writes nothing. */
static void live_tree(const char *tree)
{
	char *table;

	live_cgroup(tree, "");
	live_cgroup(tree, "/a");
	live_cgroup(tree, "/b");
	tree_file(tree, KERNEL, "");
	/* Standard files that are closed are looked for there */
	tree_file(tree, "/dev/null", "");
	tree_file(tree, "/sys/kernel/mm/zswap/stats/written", "0\n");
	tree_file(tree, "/proc/sys/kernel/random/boot_id", "boot\n");
	tree_file(tree, "/sys/kernel/debug/zswap/age_buckets",
		  "bucket min_age max_age pages bytes incompressible written refaulted dropped\n"
		  "0 0 86400 0 0 0 0 0 0\n1 86400 inf 10000 10000000 0 0 0 0\n");
	table = xasprintf("cgroup node bucket min_age max_age pages bytes incompressible path\n"
			  "%ld 0 1 86400 inf 5000 5000000 0 /a\n"
			  "%ld 0 1 86400 inf 5000 5000000 0 /b\n",
			  inode(tree, "/sys/fs/cgroup/a"), inode(tree, "/sys/fs/cgroup/b"));
	tree_file(tree, "/sys/kernel/debug/zswap/age_buckets_cgroup", table);
	free(table);
}

/* The child: what it says goes to /out and /err. */
static int live_run(const char *tree, const char *replay)
{
	const char *live[] = {
		"zswapctl", "daemon", "--once", "--state", "/state", "--record", "/record", NULL
	};
	const char *again[] = { "zswapctl", "daemon", "--replay", replay, NULL };

	if (chroot(tree) || chdir("/") ||
	    !freopen("/out", "we", stdout) || !freopen("/err", "we", stderr))
		return 100;
	return options_main(replay ? 4 : 7, (char **)(replay ? again : live));
}

static char *text_of(const char *tree, const char *path)
{
	char *name = xasprintf("%s%s", tree, path), *text = xcalloc(65536, 1);
	FILE *file = fopen(name, "re");

	if (file) {
		text[fread(text, 1, 65535, file)] = '\0';
		fclose(file);
	}
	free(name);
	return text;
}

static void wait_a_bit(void)
{
	usleep(10000);
}

/*
 * A kernel that is long at it: it keeps the first command waiting.  Once the state file has
 * changed, what is in it is noted in /state.then; commands go on when there is /go.
 */
static pid_t slow_kernel(const char *tree)
{
	char *name = xasprintf("%s%s", tree, KERNEL), *before = text_of(tree, "/state");
	char *go = xasprintf("%s/go", tree), buf[4096] = "";
	pid_t pid;
	int fd;

	unlink(name);
	if (mkfifo(name, 0600))
		tree_fail("mkfifo", name);
	fd = open(name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	while (write(fd, buf, sizeof(buf)) > 0)
		;
	fflush(stdout);
	pid = fork();
	if (pid) {
		close(fd);
		free(name);
		free(before);
		free(go);
		return pid;
	}
	for (int tries = 0; tries < 500; tries++) {
		char *now = text_of(tree, "/state");

		if (*now && strcmp(now, before)) {
			tree_file(tree, "/state.then", now);
			break;
		}
		free(now);
		wait_a_bit();
	}
	while (access(go, F_OK))
		wait_a_bit();
	for (;;) {
		if (read(fd, buf, sizeof(buf)) < 0)
			wait_a_bit();
	}
}

/* What happens while it is at the first command. */
enum meanwhile { NOTHING, RELOAD, LATE };

static void let_go(const char *tree, pid_t daemon, enum meanwhile meanwhile)
{
	char *then = xasprintf("%s/state.then", tree);

	for (int tries = 0; tries < 1000 && access(then, F_OK); tries++)
		wait_a_bit();
	if (meanwhile == RELOAD)
		kill(daemon, SIGHUP);
	if (meanwhile == LATE)
		usleep(1100000);
	tree_file(tree, "/go", "");
	free(then);
}

static void forget(const char *tree, const char *path)
{
	char *name = xasprintf("%s%s", tree, path);

	unlink(name);
	free(name);
}

static int run_in(const char *tree, num uptime, const char *replay,
		  const enum meanwhile *slow)
{
	char *text = xasprintf("%lld.00 0.00\n", uptime);
	int status;
	pid_t pid;

	tree_file(tree, "/proc/uptime", text);
	free(text);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		status = live_run(tree, replay);
		fflush(NULL);
		_exit(status);
	}
	if (slow)
		let_go(tree, pid, *slow);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static int live(const char *tree, num uptime, const char *replay)
{
	return run_in(tree, uptime, replay, NULL);
}

static int live_slow(const char *tree, num uptime, enum meanwhile meanwhile)
{
	pid_t kernel = slow_kernel(tree);
	int status = run_in(tree, uptime, NULL, &meanwhile);

	kill(kernel, SIGKILL);
	waitpid(kernel, NULL, 0);
	forget(tree, "/go");
	return status;
}

static int count(const char *text, const char *what)
{
	int nr = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		nr++;
	return nr;
}

static bool said(const char *tree, const char *path, const char *what, int times)
{
	char *text = text_of(tree, path);
	int nr = count(text, what);

	if (nr != times)
		printf("# %s: %d times %s\n%s", path, nr, what, text);
	free(text);
	return nr == times;
}

static bool replays(const char *tree)
{
	char *out = text_of(tree, "/out"), *again;
	bool same;

	same = !live(tree, 1, "/record");
	again = text_of(tree, "/out");
	same = same && *out && !strcmp(out, again);
	free(out);
	free(again);
	return same;
}

static bool may_chroot(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(chroot("/") ? 1 : 0);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void test_live(void)
{
	char *tree = tree_new();

	live_tree(tree);
	CHECK(!live(tree, 1000, NULL) && said(tree, "/out", "\"observe\"", 2), "live: observes");
	CHECK(replays(tree), "which is replayed");
	CHECK(!live(tree, 1060, NULL) && said(tree, "/out", "\"status\":0", 2), "then commands");
	CHECK(said(tree, "/out", "\"written\":0", 2), "which write nothing");
	CHECK(replays(tree), "which is replayed");
	CHECK(said(tree, "/state", "\"step\":1048576,", 2), "so that the step does not grow");
	/* 10G/day: 447392426 to begin with and 7456540 a minute */
	CHECK(said(tree, "/state", "\"wear_left\":454848966,", 1), "and nothing is spent");

	CHECK(!live_slow(tree, 1120, NOTHING), "while the kernel is at it");
	CHECK(said(tree, "/state.then", "\"wear_left\":460208354,", 1),
	      "the state has all of it as written");
	CHECK(said(tree, "/state", "\"wear_left\":462305506,", 1), "and the truth afterwards");
	CHECK(said(tree, "/out", "\"status\":0", 2), "with both commands");
	forget(tree, "/state.then");
	CHECK(!live_slow(tree, 1140, RELOAD) && said(tree, "/err", "read again", 1) &&
	      said(tree, "/out", "\"status\":0", 1) && said(tree, "/out", "\"status\":null", 1),
	      "another configuration: no more commands for now");
	CHECK(said(tree, "/record", "interrupted", 1) && replays(tree), "which is replayed");
	forget(tree, "/state.then");
	tree_file(tree, "/etc/zswapctl.conf", "interval = 1s\n");
	CHECK(!live_slow(tree, 1160, LATE) && said(tree, "/out", "\"status\":0", 1) &&
	      said(tree, "/out", "\"status\":null", 1), "nor when the next tick is due");
	CHECK(said(tree, "/record", "interrupted", 1) && replays(tree), "which is replayed");
	CHECK(said(tree, "/state", "\"step\":1048576,", 2), "neither step has grown");

	forget(tree, KERNEL);
	tree_file(tree, KERNEL, "");
	/* Standard files that are closed are looked for there */
	tree_file(tree, "/dev/null", "");
	tree_directory(tree, "/state.new");
	CHECK(!live(tree, 1180, NULL) && said(tree, "/out", "\"status\":null", 2),
	      "a state that cannot be saved: no command");
	CHECK(said(tree, "/err", "nothing is written to swap", 1), "which is said once");
	CHECK(said(tree, "/record", "interrupted", 1) && replays(tree), "and replayed");

	tree_file(tree, "/etc/zswapctl.conf", "wear = 24G/day\nbad\n");
	CHECK(live(tree, 1240, NULL) == EX_FAILED, "the configuration in its usual place");
	CHECK(!live(tree, 1240, "/record"), "is nothing to a replay");
	tree_remove(tree);
}

int main(void)
{
	char *tree = tree_new(), *path = xasprintf("%s/r", tree);

	test_round(path);
	test_refused(tree, path);
	test_bytes(tree, path);
	test_full();
	if (may_chroot())
		test_live();
	else
		printf("# only root can try the daemon with commands\n");
	free(path);
	tree_remove(tree);
	return tap_done();
}
