// SPDX-License-Identifier: GPL-2.0
/*
 * What a command costs those who have not given it, in memory and I/O: the
 * cgroups whose pages it writes, and the cgroup of who gave it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_util.h"

/* what a CPU keeps of a cgroup's charges for the next one, and two CPUs and some slabs */
#define SLACK_PAGES		128

static void sleep_ms(long long milliseconds)
{
	const struct timespec pause = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = milliseconds % 1000 * ZWB_NS_PER_MS,
	};

	nanosleep(&pause, NULL);
}

/* --- memory.events --- */

static const char * const event_keys[] = {
	"low", "high", "max", "oom", "oom_kill", "oom_group_kill", "sock_throttled",
};

struct events {
	long long count[ARRAY_SIZE(event_keys)];
};

static void read_events(const char *cgroup, struct events *events)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(event_keys); i++)
		events->count[i] = zwb_cgroup_key(cgroup, "memory.events", event_keys[i]);
}

static void events_since(const char *cgroup, const struct events *from, struct events *delta)
{
	size_t i;

	read_events(cgroup, delta);
	for (i = 0; i < ARRAY_SIZE(event_keys); i++)
		delta->count[i] -= from->count[i];
}

/* No event may have happened more often than without a command. */
static void events_at_most(const char *cgroup, const struct events *got,
			   const struct events *most)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(event_keys); i++) {
		if (got->count[i] > most->count[i])
			zwb_fail("%s: '%s' in memory.events +%lld, without a command +%lld", cgroup,
				 event_keys[i], got->count[i], most->count[i]);
	}
}

/* --- limits --- */

#define FULL_PAGES		4000
#define FULL_RESIDENT		4096
#define FULL_CYCLE_PAGES	64
#define FULL_ROOM_PAGES		256
#define FULL_SECONDS		3

/* A process that takes some memory and gives it back, over and over. */
static pid_t start_cycler(const char *cgroup, long *rounds)
{
	const size_t size = FULL_CYCLE_PAGES * zwb_page_size;
	pid_t pid = zwb_fork();

	if (pid)
		return pid;
	if (cg_enter_current(cgroup))
		_exit(1);
	for (;;) {
		void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (memory == MAP_FAILED)
			continue;
		memset(memory, 2, size);
		munmap(memory, size);
		__atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED);
		usleep(200);
	}
}

/* memory.peak from now on; each open file has a beginning of its own. */
static int peak_start(const char *cgroup)
{
	char path[ZWB_PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/memory.peak", cgroup);
	fd = open(path, O_RDWR);
	if (fd < 0 || write(fd, "reset\n", 6) != 6)
		zwb_fail("resetting %s: %s", path, strerror(errno));
	return fd;
}

static long long peak_end(int fd)
{
	char text[32] = "";

	if (fd < 0)
		return -1;
	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		zwb_fail("reading memory.peak: %s", strerror(errno));
	close(fd);
	return atoll(text);
}

/* What happened to a cgroup within some seconds. */
struct spell {
	struct events events;
	long long peak;
	long rounds;
};

static void watch_full(const char *cgroup, long *rounds, bool command,
		       struct spell *spell)
{
	long long until = zwb_now() + FULL_SECONDS * ZWB_NS_PER_SEC;
	struct events before;
	int peak;

	read_events(cgroup, &before);
	spell->rounds = __atomic_load_n(rounds, __ATOMIC_RELAXED);
	peak = peak_start(cgroup);
	if (command)
		zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroup)));
	while (zwb_now() < until)
		zwb_pause();
	spell->peak = peak_end(peak);
	events_since(cgroup, &before, &spell->events);
	spell->rounds = __atomic_load_n(rounds, __ATOMIC_RELAXED) - spell->rounds;
}

static void fill_up(const char *cgroup, pid_t cycler, long *rounds)
{
	struct spell without, with;
	siginfo_t end = { 0 };
	long long limit;

	sleep_ms(500);
	limit = zwb_cgroup_number(cgroup, "memory.current") + FULL_ROOM_PAGES * zwb_page_size;
	if (!zwb_cgroup_set_number(cgroup, "memory.swap.max",
				   zwb_cgroup_number(cgroup, "memory.swap.current")) ||
	    !zwb_cgroup_set_number(cgroup, "memory.max", limit))
		return;
	watch_full(cgroup, rounds, false, &without);
	watch_full(cgroup, rounds, true, &with);
	ksft_print_msg("without a command: %ld rounds, max %lld, oom_kill %lld, %lld below limit\n",
		       without.rounds, without.events.count[2], without.events.count[4],
		       limit - without.peak);
	ksft_print_msg("with one: %ld rounds, max %lld, oom_kill %lld, %lld below limit\n",
		       with.rounds, with.events.count[2], with.events.count[4],
		       limit - with.peak);
	if (without.events.count[4] || without.rounds < 10) {
		zwb_late("the cgroup is too full even without a command");
		return;
	}
	events_at_most(cgroup, &with.events, &without.events);
	zwb_between(with.peak, 0, limit);
	zwb_between(with.rounds, 1, LONG_MAX);
	/* it is waited for elsewhere */
	if (waitid(P_PID, cycler, &end, WEXITED | WNOHANG | WNOWAIT) || end.si_pid)
		zwb_fail("the process that needs some memory was killed");
}

/*
 * A cgroup that can just live with its limit, and whose swap is used up: a
 * command that writes its pages gives it memory, and never takes any.
 *
 * Turns red when what is prepared for the disk is charged to the cgroup: it is
 * out of memory then, and processes are killed in it (1 to 3 in each run), or
 * it is beyond its limit.
 */
static void full_cgroup_lives(void)
{
	long *rounds = mmap(NULL, zwb_page_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *cgroup = zwb_cgroup(NULL, "full");
	pid_t cycler;

	if (!cgroup || rounds == MAP_FAILED ||
	    !zwb_load(cgroup, ZWB_ANY_NODE, FULL_PAGES, ZWB_TEXT) ||
	    !zwb_load_resident(cgroup, FULL_RESIDENT, true))
		return;
	cycler = start_cycler(cgroup, rounds);
	if (cycler < 0)
		return;
	fill_up(cgroup, cycler, rounds);
	kill(cycler, SIGKILL);
	waitpid(cycler, NULL, 0);
	/* the pages come back to be compared */
	zwb_cgroup_set(cgroup, "memory.max", "max");
	zwb_cgroup_set(cgroup, "memory.swap.max", "max");
	munmap(rounds, zwb_page_size);
}

#define QUIET_PAGES		4096

/*
 * A cgroup at its limit in which nothing happens, beside another one, below a
 * parent that is at its limit, too: a command leaves memory.events of all three
 * as they are.
 *
 * Turns red when anything is charged for the command (`max` grew by 3,246).
 */
static void quiet_cgroup_at_its_limit(void)
{
	const char *cgroups[3];
	struct events before[3], delta;
	static const struct events none;
	int i, peak;

	cgroups[0] = zwb_cgroup(NULL, "parent");
	cgroups[1] = cgroups[0] ? zwb_cgroup(cgroups[0], "quiet") : NULL;
	cgroups[2] = cgroups[1] ? zwb_cgroup(cgroups[0], "other") : NULL;
	if (!cgroups[2] || !zwb_load(cgroups[1], ZWB_ANY_NODE, QUIET_PAGES, ZWB_TEXT) ||
	    !zwb_load(cgroups[2], ZWB_ANY_NODE, 100, ZWB_TEXT))
		return;
	for (i = 0; i < 3; i++) {
		long long current_bytes = zwb_cgroup_number(cgroups[i], "memory.current");

		/* setting a limit is no event, but reaching it is */
		if (!zwb_cgroup_set_number(cgroups[i], "memory.max", current_bytes + zwb_page_size))
			return;
		read_events(cgroups[i], &before[i]);
	}
	peak = peak_start(cgroups[1]);
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroups[1])));
	zwb_between(peak_end(peak), 0, zwb_cgroup_number(cgroups[1], "memory.max"));
	for (i = 0; i < 3; i++) {
		events_since(cgroups[i], &before[i], &delta);
		events_at_most(cgroups[i], &delta, &none);
		zwb_cgroup_set(cgroups[i], "memory.max", "max");
	}
}

/* --- whose I/O and memory it is --- */

#define ORPHAN_PAGES		4000
#define LIVING_PAGES		500

/**
 * struct direction - of commands
 * @node: for zwb_start()
 * @command: for all pages
 * @io: what io.stat calls bytes that go that way
 */
struct direction {
	int node;
	const char *command;
	const char *io;
};

static const struct direction out = { ZWB_GLOBAL, "age=0", "wbytes=" };
static const struct direction back = { ZWB_READBACK, "max=1T", "rbytes=" };

/* Bytes that a cgroup has written, or read, on all devices. */
static long long bytes_moved(const struct direction *direction, const char *cgroup)
{
	char text[4096], *field = text;
	long long sum = 0;

	if (cg_read(cgroup, "io.stat", text, sizeof(text))) {
		zwb_fail("reading io.stat of %s", cgroup);
		return -1;
	}
	while ((field = strstr(field, direction->io))) {
		field += strlen(direction->io);
		sum += atoll(field);
	}
	return sum;
}

/* Pages of a cgroup that is gone: they are its parent's now. */
static struct zwb_load *orphans(const char *parent)
{
	const char *child = zwb_cgroup(parent, "removed");
	struct zwb_load *load;

	load = child ? zwb_load_shared(child, ORPHAN_PAGES) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()) || !zwb_cgroup_remove(child))
		return NULL;
	return load;
}

/* Pages of a removed cgroup and of one that lives, both of one parent, are in zswap. */
static bool prepare_to_pay(const char **parent, const char **living, const char **giver)
{
	*parent = zwb_cgroup(NULL, "parent");
	if (!*parent)
		return false;
	if (cg_write(zwb_cgroup_root(), "cgroup.subtree_control", "+io")) {
		zwb_skip("needs the io controller (CONFIG_BLK_CGROUP)");
		return false;
	}
	if (!orphans(*parent) || !zwb_cgroup_set(*parent, "cgroup.subtree_control", "+io"))
		return false;
	*living = zwb_cgroup(*parent, "living");
	*giver = *living ? zwb_cgroup(NULL, "giver") : NULL;
	return *giver && zwb_load(*living, ZWB_ANY_NODE, LIVING_PAGES, ZWB_TEXT);
}

static void check_who_pays(const struct direction *direction, const char *parent,
			   const char *living, const char *giver)
{
	long long of_parent, of_living, of_giver, memory, peak;
	struct events before, delta;
	static const struct events none;
	struct zwb_async command;
	int peak_fd;

	if (!zwb_start(&command, direction->node, 0, "%s", direction->command))
		return;
	/* on the node of the pages, so that the process that gives the command does all */
	if (!zwb_run_on_cpu(command.pid, 0) || !zwb_async_move(&command, giver)) {
		zwb_go(&command);
		zwb_wait(&command);
		return;
	}
	memory = zwb_cgroup_number(giver, "memory.current");
	zwb_cgroup_set_number(giver, "memory.max", memory + SLACK_PAGES * zwb_page_size);
	of_parent = bytes_moved(direction, parent);
	of_living = bytes_moved(direction, living);
	of_giver = bytes_moved(direction, giver);
	read_events(giver, &before);
	peak_fd = peak_start(giver);
	zwb_go(&command);
	zwb_zero(zwb_wait(&command));
	peak = peak_end(peak_fd);
	ksft_print_msg("memory of the giver's cgroup: %lld before, %lld at most\n", memory, peak);
	zwb_equal(bytes_moved(direction, parent) - of_parent,
		  (ORPHAN_PAGES + LIVING_PAGES) * zwb_page_size);
	zwb_equal(bytes_moved(direction, living) - of_living, LIVING_PAGES * zwb_page_size);
	zwb_zero(bytes_moved(direction, giver) - of_giver);
	zwb_between(peak, 0, memory + SLACK_PAGES * zwb_page_size);
	events_since(giver, &before, &delta);
	events_at_most(giver, &delta, &none);
}

/*
 * A task in a small cgroup writes the pages of others: of one cgroup that was
 * removed, and of one that lives.  I/O is accounted to the parent of the
 * one and to the other, and the giver's cgroup has neither I/O nor memory of it.
 *
 * Turns red when pages whose cgroup is gone are charged to the current task's
 * (4.2 MB, and all of 16,384,000 bytes of I/O).
 */
static void giver_pays_nothing(void)
{
	const char *parent, *living, *giver;

	if (prepare_to_pay(&parent, &living, &giver))
		check_who_pays(&out, parent, living, giver);
}

/*
 * And it brings them back, which is read, and stored, for the same two.
 *
 * Turns red when what is read, or what it is stored in, is accounted to the current task's
 * cgroup.
 */
static void giver_of_a_readback_pays_nothing(void)
{
	const char *parent, *living, *giver;

	if (zwb_need_readback() && zwb_setting(ZWB_COMPRESSED, "0") &&
	    prepare_to_pay(&parent, &living, &giver) &&
	    zwb_write_all(ORPHAN_PAGES + LIVING_PAGES))
		check_who_pays(&back, parent, living, giver);
}

/* --- a limit of I/O --- */

#define LIMITED_PAGES		1000
#define LIMITED_OTHERS		300
/* of the disk, a second: a minute for the pages, were they to wait for it */
#define LIMITED_RATE		(16LL * zwb_page_size)
#define LIMITED_MS		15000
#define LIMITED_ROUNDS		2

static bool limit_writes(const char *cgroup)
{
	char limit[64];

	snprintf(limit, sizeof(limit), "wbps=%lld wiops=2", LIMITED_RATE);
	return zwb_disk_limit(cgroup, limit);
}

/* One command for both; the other load is the same, but for the limit. */
static void check_limited(const char *cgroup, struct zwb_load *limited,
			  const char *other, struct zwb_load *spared)
{
	const long long own = bytes_moved(&out, cgroup), others = bytes_moved(&out, other);
	struct zwb_snap delta;
	long long took = zwb_now();

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	took = (zwb_now() - took) / ZWB_NS_PER_MS;
	ksft_print_msg("%lld pages written in %lld ms, which take %lld ms at the limit\n",
		       delta.total.written, took, limited->pages * zwb_page_size * 1000 /
		       LIMITED_RATE);
	zwb_equal(delta.total.written, limited->pages + spared->pages);
	zwb_zero(delta.total.failed);
	zwb_between(took, 0, LIMITED_MS);
	/* they count as theirs all the same */
	zwb_equal(bytes_moved(&out, cgroup) - own, limited->pages * zwb_page_size);
	zwb_equal(bytes_moved(&out, other) - others, spared->pages * zwb_page_size);
	zwb_expect_read(limited, limited->pages, 0);
	zwb_expect_read(spared, spared->pages, 0);
}

/*
 * A cgroup may hardly write to the disk: a command writes its pages as quickly as others', also
 * when as much as it may write in a minute was written just before.
 *
 * Turns red when what a command writes waits for the limit of whose pages they are, or is not in
 * their io.stat.
 */
static void limit_of_the_owner_stops_no_command(void)
{
	static const struct zwb_disk_spec disk = { .pages = 16384 };
	struct zwb_load *limited, *spared;
	const char *cgroup, *other;
	char text[256];
	int i;

	cgroup = zwb_cgroup(NULL, "limited");
	other = cgroup ? zwb_cgroup(NULL, "spared") : NULL;
	if (!other || !zwb_disk_on(&disk))
		return;
	if (cg_write(zwb_cgroup_root(), "cgroup.subtree_control", "+io") ||
	    cg_read(cgroup, "io.max", text, sizeof(text))) {
		zwb_skip("needs the io controller (CONFIG_BLK_CGROUP, CONFIG_BLK_DEV_THROTTLING)");
		return;
	}
	limited = limit_writes(cgroup) ? zwb_load(cgroup, ZWB_ANY_NODE, LIMITED_PAGES,
						  ZWB_TEXT) : NULL;
	spared = limited ? zwb_load(other, ZWB_ANY_NODE, LIMITED_OTHERS, ZWB_TEXT) : NULL;
	for (i = 0; spared && i < LIMITED_ROUNDS && !zwb_failed(); i++) {
		if (i && (!zwb_load_touch(limited, 0, limited->pages) ||
			  !zwb_load_touch(spared, 0, spared->pages) ||
			  !zwb_load_pageout(limited) || !zwb_load_pageout(spared)))
			return;
		check_limited(cgroup, limited, other, spared);
	}
}

/* --- many commands --- */

#define MANY_COMMANDS		16
#define MANY_PAGES		10000
/*
 * How large a batch is depends on how quick the disk is, up to 512 pages. At a rate it is no
 * more than what is due in 80 ms: 80 pages, and a command has two of them, lists and bios.
 */
#define MANY_RATE_PAGES		1024LL
#define MANY_OWN_PAGES		400

static long long pages_allocated(void)
{
	static const char * const zones[] = { "dma", "dma32", "normal", "movable" };
	long long sum = 0, count;
	char key[32];
	size_t i;

	zwb_fold_vmstat();
	for (i = 0; i < ARRAY_SIZE(zones); i++) {
		snprintf(key, sizeof(key), "pgalloc_%s", zones[i]);
		count = zwb_vmstat_key(key);
		/* not each kernel has each zone */
		sum += count > 0 ? count : 0;
	}
	return sum;
}

/*
 * 16 commands at once on the same pages: each page is written once, none
 * counts as one that somebody has read back, and pages are allocated for what
 * the commands have in hand and not for what they find gone.
 *
 * Turns red when a command makes a page in the swap cache before it knows that
 * the entry is there still (with 16,000 pages refaults of 31,653, 17,000 pages more).
 */
static void many_commands_allocate_what_they_own(void)
{
	const char *cgroup = zwb_cgroup(NULL, "many");
	struct zwb_async commands[MANY_COMMANDS];
	long long refaults, allocated;
	struct zwb_snap before, delta;
	int i, good = 0, err;

	if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, MANY_PAGES, ZWB_TEXT))
		return;
	for (i = 0; i < MANY_COMMANDS; i++) {
		if (!zwb_start(&commands[i], ZWB_GLOBAL, 0, "cgroup=%llu age=0 rate=%lld",
			       zwb_cgroup_id(cgroup), MANY_RATE_PAGES * zwb_page_size))
			return;
	}
	refaults = zwb_cgroup_key(cgroup, "memory.stat", "workingset_refault_anon");
	zwb_snap(&before);
	allocated = pages_allocated();
	for (i = 0; i < MANY_COMMANDS; i++)
		zwb_go(&commands[i]);
	for (i = 0; i < MANY_COMMANDS; i++) {
		err = zwb_wait(&commands[i]);
		if (!err)
			good++;
		else
			zwb_equal(err, -EAGAIN);
	}
	allocated = pages_allocated() - allocated;
	zwb_since(&delta, &before);
	ksft_print_msg("%lld pages allocated, %lld busy, %lld gone, %d commands wrote\n",
		       allocated, delta.total.skipped_busy, delta.total.skipped_gone, good);
	zwb_equal(delta.total.written, MANY_PAGES);
	zwb_between(good, 1, MANY_COMMANDS);
	zwb_between(allocated, 0, MANY_COMMANDS * MANY_OWN_PAGES);
	zwb_memory_stat_is(cgroup, "workingset_refault_anon", refaults);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(full_cgroup_lives),
	ZWB_TEST(quiet_cgroup_at_its_limit),
	ZWB_TEST(giver_pays_nothing),
	ZWB_TEST(giver_of_a_readback_pays_nothing),
	ZWB_TEST(limit_of_the_owner_stops_no_command),
	ZWB_TEST(many_commands_allocate_what_they_own),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	/* a load may have been killed, and then it cannot be asked any more */
	signal(SIGPIPE, SIG_IGN);
	return zwb_main(&suite);
}
