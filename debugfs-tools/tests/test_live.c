// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon with commands that are written to a file: a tree that is its root is a running system
 * to it, with another clock.
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

#include "commands/commands.h"
#include "tap.h"
#include "tree.h"

/* So much may come back that all that is cold is written at once. */
#define CONF	"when = always\ntarget-refault = 100%/min\n"
#define KERNEL	"/sys/kernel/mm/zswap/proactive_writeback"
#define READBACK "/sys/kernel/mm/zswap/proactive_readback"
#define TABLE	"/sys/kernel/debug/zswap/age_buckets_cgroup"
#define EVENTS	SYS_CGROUP "/b/cgroup.events"

static long inode(const char *tree, const char *path)
{
	char *name = xasprintf("%s%s", tree, path);
	struct stat st;

	if (stat(name, &st))
		tree_fail("stat", name);
	free(name);
	return st.st_ino;
}

#define STAT(refaulted)	\
	"anon 109951162777600\nfile 0\nzswpwb_proactive 0\nzswpwb_refault " refaulted "\n"

static void live_cgroup(const char *tree, const char *name)
{
	static const char calm[] = "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
	static const char *const file[][2] = {
		{ "memory.stat", STAT("0") },
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

	tree_file(tree, SYS_CGROUP "/cgroup.controllers", "cpu memory\n");
	live_cgroup(tree, "");
	live_cgroup(tree, "/a");
	live_cgroup(tree, "/b");
	tree_file(tree, KERNEL, "");
	tree_file(tree, "/etc/zswapctl.conf", CONF);
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
	tree_file(tree, TABLE, table);
	free(table);
}

static void forget(const char *tree, const char *path)
{
	char *name = xasprintf("%s%s", tree, path);

	unlink(name);
	free(name);
}

/* More of /a, so that it is written in four parts. */
static void live_more(const char *tree)
{
	char *table = xasprintf("cgroup node bucket min_age max_age pages bytes incompressible path\n"
				"%ld 0 1 86400 inf 50000 5000000 0 /a\n",
				inode(tree, "/sys/fs/cgroup/a"));

	tree_file(tree, TABLE, table);
	free(table);
	forget(tree, "/state.then");
	forget(tree, KERNEL);
	tree_file(tree, "/sys/kernel/mm/zswap/stats/written", "0\n");
}

static const char *ticks = "1", *dry;

/* The child: what it says goes to /out and /err. */
static int live_run(const char *tree)
{
	const char *live[] = { "zswapctl", "daemon", "--ticks", ticks, "--state", "/state", dry,
			       NULL };
	const struct subcommand *const list[] = { &daemon_subcommand, NULL };

	if (chroot(tree) || chdir("/") ||
	    !freopen("/out", "we", stdout) || !freopen("/err", "we", stderr))
		return 100;
	return options_main(ARRAY_SIZE(live) - (dry ? 1 : 2), (char **)live, list);
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

/* The file with whose first command it is long at it. */
static const char *slow = KERNEL;

/*
 * A kernel that is long at it: it keeps the first command waiting.  Once the state file has
 * changed, what is in it is noted in /state.then; commands go on when there is /go.
 */
static pid_t slow_kernel(const char *tree)
{
	char *name = xasprintf("%s%s", tree, slow), *before = text_of(tree, "/state");
	char *go = xasprintf("%s/go", tree), buf[4096] = "";
	int fd, out;
	pid_t pid;

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
	/* A part of the first one; then there is nothing left */
	tree_file(tree, "/sys/kernel/mm/zswap/stats/written", "16384\n");
	tree_file(tree, "/sys/kernel/mm/zswap/stats/readback", "65536\n");
	free(name);
	name = xasprintf("%s/commands", tree);
	out = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (;;) {
		ssize_t length = read(fd, buf, sizeof(buf) - 1), zeros = 0;

		while (zeros < length && !buf[zeros])
			zeros++;
		if (length < 0) {
			wait_a_bit();
			continue;
		}
		buf[length] = '\n';
		if (write(out, buf + zeros, length - zeros + 1) < 0)
			tree_fail("write", name);
	}
}

/* What happens while it is at the first command. */
enum meanwhile { NOTHING, RELOAD, LATE, THAW };

/* The state is written right before the command: then that keeps the daemon waiting. */
static void await_sleep(pid_t pid)
{
	char *name = xasprintf("/proc/%d/stat", (int)pid);

	for (int tries = 0, asleep = 0; tries < 1000 && asleep < 5; tries++) {
		char *stat = text_of("", name), *end = strrchr(stat, ')');

		asleep = end && end[1] && end[2] == 'S' ? asleep + 1 : 0;
		free(stat);
		wait_a_bit();
	}
	free(name);
}

/* As the kernel does it: at no time is there less than a whole text. */
static void thaw(const char *tree)
{
	char *name = xasprintf("%s" EVENTS, tree);
	int fd = open(name, O_WRONLY | O_CLOEXEC);

	if (pwrite(fd, "frozen 0", 8, 0) != 8 || close(fd))
		tree_fail("write", name);
	free(name);
}

static void let_go(const char *tree, pid_t daemon, enum meanwhile meanwhile)
{
	char *then = xasprintf("%s/state.then", tree);

	for (int tries = 0; tries < 1000 && access(then, F_OK); tries++)
		wait_a_bit();
	await_sleep(daemon);
	if (meanwhile == RELOAD)
		kill(daemon, SIGHUP);
	if (meanwhile == LATE)
		usleep(1100000);
	if (meanwhile == THAW)
		thaw(tree);
	tree_file(tree, "/go", "");
	free(then);
}

/* The daemon in a process of its own. */
static pid_t live_start(const char *tree)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		status = live_run(tree);
		fflush(NULL);
		_exit(status);
	}
	return pid;
}

/* @slow: what happens while the kernel is at the first command; NULL: it is not long at it. */
static int run_in(const char *tree, const enum meanwhile *slow)
{
	pid_t pid = live_start(tree);
	int status;

	if (slow)
		let_go(tree, pid, *slow);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static int live(const char *tree)
{
	return run_in(tree, NULL);
}

static int live_slow(const char *tree, enum meanwhile meanwhile)
{
	pid_t kernel = slow_kernel(tree);
	int status = run_in(tree, &meanwhile);

	/* It may still be reading */
	for (int tries = 0; tries < 20; tries++)
		wait_a_bit();
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
	CHECK(!live(tree) && said(tree, "/out", "\"observe\"", 2), "live: observes");
	CHECK(!live(tree) && said(tree, "/out", "\"status\":0", 2), "then commands");
	CHECK(said(tree, "/out", "\"max\":20480000", 2), "for all there is");
	CHECK(said(tree, "/out", "\"written\":0", 2), "which write nothing");

	CHECK(!live_slow(tree, NOTHING) && said(tree, "/out", "\"status\":0", 2),
	      "while the kernel is at it: both commands");
	forget(tree, "/state.then");
	CHECK(!live_slow(tree, RELOAD) && said(tree, "/err", "read again", 1) &&
	      said(tree, "/out", "\"status\":0", 1) && said(tree, "/out", "\"status\":null", 1),
	      "another configuration: no more commands for now");
	forget(tree, "/state.then");
	tree_file(tree, "/etc/zswapctl.conf", CONF "interval = 1s\n");
	CHECK(!live_slow(tree, LATE) && said(tree, "/out", "\"status\":0", 1) &&
	      said(tree, "/out", "\"status\":null", 1), "nor when the next tick is due");

	forget(tree, KERNEL);
	tree_file(tree, KERNEL, "");
	tree_directory(tree, "/state.new");
	CHECK(live(tree) == EX_FAILED && said(tree, "/out", "\"status\":null", 2) &&
	      said(tree, "/out", "state not saved", 2), "a state that cannot be saved: no command");
	CHECK(said(tree, "/err", "state.new: ", 1) &&
	      said(tree, "/err", "nothing is written to swap", 1), "which is said once");

	tree_file(tree, "/etc/zswapctl.conf", "wear = 24G/day\nbad\n");
	CHECK(live(tree) == EX_USAGE, "the configuration in its usual place");
	tree_remove(tree);
}

/* A large command is given in parts: what cannot wait does not wait for all of it. */
static void test_parts(void)
{
	char *tree = tree_new();

	live_tree(tree);
	CHECK(!live(tree), "many pages");
	live_more(tree);
	CHECK(!live_slow(tree, NOTHING) && said(tree, "/out", "\"max\":204800000", 1) &&
	      said(tree, "/commands", "max=67108864", 2), "the next part until there is nothing left");
	CHECK(said(tree, "/out", "\"written\":16384", 1), "one result");
	live_more(tree);
	CHECK(!live_slow(tree, RELOAD) && said(tree, "/commands", "max=67108864", 1),
	      "no other part when there is another configuration");
	tree_remove(tree);
}

/* The state of a daemon that has written the cgroup @named whole. */
static void write_whole(const char *tree, const char *named)
{
	char *path = xasprintf("\"path\":\"%s\"", named), *whole;
	char *text = text_of(tree, "/state"), *at = strstr(text, path);

	at = at ? strstr(at, "\"age\":") : NULL;
	if (!at)
		tree_fail("write_whole", text);
	whole = xasprintf("%.*s\"thawed_to_read\":true,%s", (int)(at - text), text, at);
	tree_file(tree, "/state", whole);
	free(whole);
	free(text);
	free(path);
}

/* So it is with /b, which is frozen. */
static void freeze(const char *tree)
{
	write_whole(tree, "/b");
	tree_file(tree, EVENTS, "frozen 1\npopulated 1\n");
	tree_file(tree, READBACK, "");
	tree_file(tree, "/out", "");
	forget(tree, "/state.then");
}

/* What is thawed is read back at once, not when the minute is over: it is wanted now. */
static void test_thaw(void)
{
	char *tree = tree_new(), *text, *read, *write;
	num began = clock_us();
	int status;
	pid_t pid;

	live_tree(tree);
	tree_file(tree, "/etc/zswapctl.conf", CONF "freeze-after = 1h\n");
	tree_file(tree, EVENTS, "frozen 1\npopulated 1\n");
	CHECK(!live(tree), "frozen");
	freeze(tree);
	ticks = "2";
	pid = live_start(tree);
	await_sleep(pid);
	CHECK(said(tree, "/out", "\"tick\":1", 2) && said(tree, "/out", "thawed", 0), "it waits");
	thaw(tree);
	waitpid(pid, &status, 0);
	CHECK(!status && clock_us() - began < 30000000, "a thaw is not waited for");
	CHECK(said(tree, "/out", "\"reason\":\"thawed\"", 1) && said(tree, READBACK, "cgroup=", 1),
	      "it is read back");

	freeze(tree);
	began = clock_us();
	CHECK(!live_slow(tree, THAW) && clock_us() - began < 30000000 &&
	      said(tree, "/out", "\"tick\":2", 2) && said(tree, READBACK, "cgroup=", 1),
	      "thawed before anybody waits for it: at once");
	ticks = "1";
	forget(tree, KERNEL);
	tree_file(tree, KERNEL, "");
	freeze(tree);
	thaw(tree);
	CHECK(!live(tree), "thawed before the tick");
	text = text_of(tree, "/out");
	write = strstr(text, "\"action\":\"write\"");
	read = strstr(text, "\"action\":\"readback\"");
	CHECK(read && write && read < write, "it is read back before anything is written");
	free(text);
	tree_remove(tree);
}

/* Of several that have thawed none waits for another one's end. */
static void test_turns(void)
{
	static const char *const turn[] = { "/a", "/b", "/a" };
	char *tree = tree_new(), *text, *at;
	num began = clock_us();

	live_tree(tree);
	tree_file(tree, "/sys/kernel/mm/zswap/stats/readback", "0\n");
	CHECK(!live(tree), "two");
	write_whole(tree, "/a");
	write_whole(tree, "/b");
	ticks = "2";
	slow = READBACK;
	CHECK(!live_slow(tree, NOTHING) && clock_us() - began < 30000000 &&
	      said(tree, "/commands", "max=268435456", 3), "a readback is given in parts");
	CHECK(said(tree, "/out", "\"readback\":65536", 1), "it says how many pages came back");
	text = at = text_of(tree, "/commands");
	for (size_t i = 0; i < ARRAY_SIZE(turn) && at; i++) {
		char *path = xasprintf(SYS_CGROUP "%s", turn[i]);
		char *command = xasprintf("cgroup=%ld ", inode(tree, path));

		at = strstr(at, command);
		at = at ? at + 1 : NULL;
		free(command);
		free(path);
	}
	CHECK(at, "by turns");
	free(text);
	CHECK(said(tree, "/out", "\"reason\":\"thawed\"", 3) && said(tree, "/out", "\"status\":-4", 1),
	      "each is told of");
	forget(tree, "/state.then");
	forget(tree, READBACK);
	tree_file(tree, "/sys/kernel/mm/zswap/stats/readback", "0\n");
	write_whole(tree, "/a");
	ticks = "1";
	CHECK(!live_slow(tree, NOTHING) && said(tree, "/commands", "max=268435456", 2),
	      "one alone goes on");
	write_whole(tree, "/a");
	forget(tree, "/state.then");
	forget(tree, READBACK);
	tree_file(tree, "/sys/kernel/mm/zswap/stats/readback", "0\n");
	CHECK(!live_slow(tree, RELOAD) && said(tree, "/commands", "max=268435456", 1) &&
	      said(tree, "/out", "\"status\":-4", 1) && said(tree, "/state", "thawed_to_read", 1),
	      "until there is something else to be seen to");
	slow = KERNEL;

	forget(tree, READBACK);
	tree_directory(tree, READBACK);
	/* What fails is left alone for times that go by the youngest age */
	tree_file(tree, "/etc/zswapctl.conf", CONF "interval = 2s\nmin-age = 1s\n");
	ticks = "3";
	CHECK(!live(tree) && said(tree, "/out", "\"action\":\"readback\"", 3) &&
	      said(tree, "/err", "proactive_readback", 1), "what fails again is said once");
	ticks = "1";
	/* In a second a busy machine may not come to a command */
	tree_file(tree, "/etc/zswapctl.conf", CONF);
	forget(tree, KERNEL);
	tree_directory(tree, KERNEL);
	for (int i = 0; i < 2; i++)
		CHECK(live(tree) == EX_FAILED && said(tree, "/err", "proactive_writeback", 1),
		      "what ends it is said each time");
	tree_remove(tree);
}

/* While something is still to be read back, nothing is written: not in the same tick, either. */
static void test_reads_first(void)
{
	char *tree = tree_new(), *text, *at, *then, *table, *more;

	live_tree(tree);
	live_cgroup(tree, "/c");
	table = text_of(tree, TABLE);
	more = xasprintf("%s%ld 0 1 86400 inf 5000 5000000 0 /c\n", table,
			 inode(tree, "/sys/fs/cgroup/c"));
	tree_file(tree, TABLE, more);
	tree_file(tree, "/sys/kernel/mm/zswap/stats/readback", "0\n");
	CHECK(!live(tree), "three");
	write_whole(tree, "/a");
	write_whole(tree, "/b");
	ticks = "2";
	slow = READBACK;
	CHECK(!live_slow(tree, NOTHING) && said(tree, "/commands", "max=268435456", 3),
	      "two are read back, one of them in two parts");
	text = text_of(tree, "/out");
	at = strstr(text, "\"tick\":1,\"now_ms\"");
	at = at ? strstr(at, "\"cgroup\":\"/c\"") : NULL;
	then = at ? strstr(at, "\"tick\":2") : NULL;
	at = at ? strstr(at, "\"reason\":\"left out\"") : NULL;
	CHECK(at && then && at < then, "the third is not written in that tick");
	at = then ? strstr(then, "\"cgroup\":\"/c\"") : NULL;
	at = at ? strstr(at, "\"status\":") : NULL;
	CHECK(at && !strncmp(at, "\"status\":0", 10), "but in the next one");
	free(text);
	free(table);
	free(more);
	ticks = "1";
	slow = KERNEL;
	tree_remove(tree);
}

/* All is decided and said; nothing is given to the kernel, and nothing remembered. */
static void test_dry(void)
{
	char *tree = tree_new(), *state;

	live_tree(tree);
	ticks = "2";
	dry = "--dry-run";
	tree_file(tree, "/etc/zswapctl.conf", CONF "interval = 1s\n");
	CHECK(!live(tree) && said(tree, "/out", "\"action\":\"write\"", 2), "a dry run decides");
	CHECK(said(tree, "/out", "\"status\":null", 2) && said(tree, KERNEL, "age=", 0),
	      "and gives no command");
	state = xasprintf("%s/state", tree);
	CHECK(access(state, F_OK), "nor is it saved");
	free(state);
	state = xasprintf("%s/state.lock", tree);
	CHECK(access(state, F_OK), "or locked");
	free(state);
	dry = NULL;
	ticks = "1";
	tree_remove(tree);
}

/* A new interval counts from the last tick on: the old one is not waited for. */
static void test_interval(void)
{
	char *tree = tree_new();
	int status = 0, tries;
	pid_t pid;

	live_tree(tree);
	tree_file(tree, "/etc/zswapctl.conf", CONF "interval = 1h\n");
	ticks = "2";
	pid = live_start(tree);
	await_sleep(pid);
	tree_file(tree, "/etc/zswapctl.conf", CONF "interval = 1s\n");
	kill(pid, SIGHUP);
	for (tries = 0; tries < 1000 && !waitpid(pid, &status, WNOHANG); tries++)
		wait_a_bit();
	if (tries == 1000) {
		kill(pid, SIGTERM);
		waitpid(pid, &status, 0);
	}
	CHECK(tries < 1000 && !status, "an hour becomes a second");
	CHECK(said(tree, "/out", "\"tick\":2", 2), "with a second tick");
	ticks = "1";
	tree_remove(tree);
}

/* What the child says is not the time of boot with sleep: that is hours ahead in its namespace. */
static void test_clock(void)
{
	static const char ahead[] = "boottime 28800 0\n";
	char *tree = tree_new(), *text, *at;
	int status = 0, fd;
	pid_t pid;
	num now;

	live_tree(tree);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		fd = unshare(CLONE_NEWTIME) ? -1 :
		     open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
		_exit(fd < 0 || write(fd, ahead, strlen(ahead)) < 0 ? 99 : live(tree));
	}
	waitpid(pid, &status, 0);
	text = text_of(tree, "/out");
	at = strstr(text, "\"now_ms\":");
	now = at ? atoll(at + strlen("\"now_ms\":")) : 0;
	if (WEXITSTATUS(status) == 99)
		printf("# no time namespaces: nobody looks at the clock\n");
	else
		CHECK(now <= clock_us() / 1000 && now > clock_us() / 1000 - 60000,
		      "the clock is that of the ages: it stands still in sleep");
	free(text);
	tree_remove(tree);
}

/* The time of day steps a day forward, and back, each time that somebody looks at it. */
static bool stepping;

static num step(void)
{
	static int looks;

	return !stepping ? 0 : ++looks % 2 ? 86400 : -86400;
}

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	int error = __real_clock_gettime(id, now);

	if (id == CLOCK_REALTIME)
		now->tv_sec += step();
	return error;
}

time_t __real_time(time_t *now);
time_t __wrap_time(time_t *now)
{
	time_t then = __real_time(NULL) + step();

	if (now)
		*now = then;
	return then;
}

/* What the line about /b in tick @nr says; -1: nothing. */
static double number_in(const char *text, int nr, const char *name)
{
	autofree char *tick = xasprintf("{\"tick\":%d,", nr), *key = xasprintf("\"%s\":", name);

	while ((text = strstr(text, tick))) {
		autofree char *line = xasprintf("%.*s", (int)strcspn(text, "\n"), text);
		const char *at = strstr(line, key);

		if (at && strstr(line, "\"cgroup\":\"/b\""))
			return atof(at + strlen(key));
		text++;
	}
	return -1;
}

/*
 * A day of that clock is none of the daemon's: with pages that come back, a budget, and a pace it
 * does what it does without steps, but for the fractions of a second that a tick is late.
 */
static void test_step(void)
{
	static const struct {
		int tick;
		const char *name;
	} rate[] = {
		{ 2, "max" }, { 2, "budget" }, { 3, "budget" }, { 3, "allowed" }, { 3, "forecast" },
		{ 3, "measured" },
	};
	double value[2][ARRAY_SIZE(rate)];
	time_t day[2];

	stepping = true;
	day[0] = time(NULL);
	day[1] = time(NULL);
	CHECK(day[0] - day[1] > 80000, "a clock that steps");
	ticks = "3";
	for (int i = 0; i < 2; i++) {
		char *tree = tree_new(), *text;
		int status = 0, tries;
		bool back = false;
		pid_t pid;

		stepping = i;
		live_tree(tree);
		tree_file(tree, "/etc/zswapctl.conf",
			  CONF "interval = 4s\nwear = 864G/day\nrate = 1M/s\n");
		pid = live_start(tree);
		for (tries = 0; tries < 3000 && !waitpid(pid, &status, WNOHANG); tries++) {
			text = text_of(tree, "/out");
			/* Once: it must not be read while it is written */
			if (!back && strstr(text, "\"tick\":2,"))
				tree_file(tree, SYS_CGROUP "/b/memory.stat", STAT("3000"));
			back |= !!strstr(text, "\"tick\":2,");
			free(text);
			wait_a_bit();
		}
		if (tries == 3000) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
		}
		text = text_of(tree, "/out");
		CHECK(tries < 3000 && !status && strstr(text, "\"tick\":3"), "three ticks");
		for (size_t n = 0; n < ARRAY_SIZE(rate); n++)
			value[i][n] = number_in(text, rate[n].tick, rate[n].name);
		free(text);
		tree_remove(tree);
	}
	for (size_t n = 0; n < ARRAY_SIZE(rate); n++)
		/* A step would be a factor of some thousand; a late look is one of two */
		CHECK(value[0][n] > 0 && value[1][n] > value[0][n] / 8 &&
		      value[1][n] < value[0][n] * 8,
		      "%s: %g, and with steps %g", rate[n].name, value[0][n], value[1][n]);
	stepping = false;
	ticks = "1";
}

int main(void)
{
	if (may_chroot()) {
		test_live();
		test_parts();
		test_thaw();
		test_turns();
		test_reads_first();
		test_dry();
		test_interval();
		test_clock();
		test_step();
	} else {
		printf("# only root can try the daemon with commands\n");
	}
	return tap_done();
}
