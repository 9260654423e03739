// SPDX-License-Identifier: GPL-2.0
/*
 * Others that have pages swapped out: MGLRU's own eviction, which goes by the same
 * cgroup ids as commands, DAMON_RECLAIM and memory.reclaim with the shrinker on,
 * and limits that are set when the pages are in zswap already.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

/* --- MGLRU --- */

#define GEN_SWITCH		"/sys/kernel/mm/lru_gen/enabled"
#define GEN_FILE		"/sys/kernel/debug/lru_gen"
#define GEN_PAGES		600
#define GEN_OTHERS		50
#define GEN_ROUNDS		10
#define GEN_READ_MS		400
#define GEN_TURNS		8
#define GEN_CAUGHT		8
/* what is in the youngest generations is never evicted: MIN_NR_GENS in the kernel */
#define GEN_YOUNG		2
/* what was in use is evicted after so many */
#define GEN_AGINGS		3
#define GEN_EVICTIONS		4
/* pages of a load besides those that it was told to have: its stack and variables */
#define OWN_PAGES		256

static char gen_was[16];

static bool gen_on(void)
{
	FILE *file = fopen(GEN_SWITCH, "r");
	bool there = file && fgets(gen_was, sizeof(gen_was), file);

	if (file)
		fclose(file);
	if (!there || access(GEN_FILE, W_OK)) {
		zwb_skip("needs CONFIG_LRU_GEN");
		return false;
	}
	return zwb_need_tables() && zwb_write_string(GEN_SWITCH, "y");
}

/* The pages that the test has had evicted besides its own go back, too. */
static void gen_back(void)
{
	zwb_swap_empty();
	zwb_write_string(GEN_SWITCH, gen_was);
}

/* What the file calls a cgroup; 0 if it does not know it. */
static unsigned long long gen_id(const char *cgroup)
{
	const char *want = cgroup + strlen(zwb_cgroup_root());
	unsigned long long id = 0, got_id;
	char line[4096], path[ZWB_PATH_MAX];
	FILE *file;

	file = fopen(GEN_FILE, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "memcg %llu %511s", &got_id, path) == 2 && !strcmp(path, want))
			id = got_id;
	}
	if (file)
		fclose(file);
	if (!id)
		zwb_fail(GEN_FILE " does not have %s", cgroup);
	return id;
}

/* The youngest generation of a cgroup on a node; false if the file does not know it. */
static bool gen_youngest(unsigned long long id, int node, unsigned long *youngest)
{
	bool in_cgroup = false, in_node = false, found = false;
	unsigned long long got_id;
	char line[4096];
	int got_node;
	FILE *file;

	file = fopen(GEN_FILE, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "memcg %llu", &got_id) == 1) {
			in_cgroup = got_id == id;
		} else if (sscanf(line, " node %d", &got_node) == 1) {
			in_node = got_node == node;
		} else if (in_cgroup && in_node) {
			*youngest = strtoul(line, NULL, 10);
			found = true;
		}
	}
	if (file)
		fclose(file);
	if (!found)
		zwb_fail(GEN_FILE " does not have cgroup %llu on node %d", id, node);
	return found;
}

/* Have everything that has not been used meanwhile in an older generation. */
static bool gen_age(unsigned long long id, int node)
{
	unsigned long youngest;
	char command[64];
	int err;

	if (!gen_youngest(id, node, &youngest))
		return false;
	snprintf(command, sizeof(command), "+ %llu %d %lu", id, node, youngest);
	err = zwb_write(GEN_FILE, command, strlen(command));
	/* somebody else has just done it */
	if (err != -EEXIST)
		return zwb_zero(err);
	return true;
}

/* Evict the anonymous pages of all generations that are old enough. */
static bool gen_evict(unsigned long long id, int node)
{
	unsigned long youngest;
	char command[64];
	int err;

	if (!gen_youngest(id, node, &youngest))
		return false;
	snprintf(command, sizeof(command), "- %llu %d %lu max", id, node, youngest - GEN_YOUNG);
	err = zwb_write(GEN_FILE, command, strlen(command));
	if (err != -EINVAL)
		return zwb_zero(err);
	/* as in zwb_reclaim() */
	snprintf(command, sizeof(command), "- %llu %d %lu 200", id, node, youngest - GEN_YOUNG);
	return zwb_write_string(GEN_FILE, command);
}

/* Evict until all of a load, which lies on the node, is in swap. */
static bool gen_evict_load(unsigned long long id, int node, struct zwb_load *load)
{
	long long swapped = 0;
	int i;

	for (i = 0; i < GEN_ROUNDS; i++) {
		/* new pages wait in the lists of CPUs, where nobody finds them */
		if (!zwb_write_string("/proc/sys/vm/drop_caches", "1") || !gen_age(id, node) ||
		    !gen_age(id, node) || !gen_evict(id, node) ||
		    !zwb_load_swapped(load, &swapped))
			return false;
		if (swapped == load->pages)
			return true;
	}
	return zwb_equal(swapped, load->pages);
}

/* A load whose pages lie on a node, in memory. */
static struct zwb_load *resident(const char *cgroup, int node)
{
	struct zwb_load *load = zwb_load(cgroup, node, GEN_PAGES, ZWB_TEXT);

	return load && zwb_load_touch(load, 0, load->pages) && zwb_zero(zwb_stored()) ?
	       load : NULL;
}

/* One cgroup, one node: evicted by the one file, written by the other. */
static void check_same_id(const char *cgroup, int node, struct zwb_load *load)
{
	unsigned long long id = zwb_cgroup_id(cgroup);
	long long stored, before, disk, zswap;
	struct zwb_snap delta;

	before = zwb_cgroup_key(cgroup, "memory.stat", "zswpwb_proactive");
	if (!gen_evict_load(id, node, load))
		return;
	stored = zwb_cgroup_pages(cgroup, node);
	ksft_print_msg("node %d: MGLRU evicted %lld pages of cgroup %llu\n", node, stored, id);
	zwb_between(stored, load->pages, load->pages + OWN_PAGES);
	/* of no other cgroup, and on no other node */
	zwb_equal(zwb_cgroup_pages(cgroup, ZWB_GLOBAL), stored);
	zwb_equal(zwb_stored(), stored + GEN_OTHERS);

	zwb_zero(zwb_run(&delta, node, "cgroup=%llu age=0", id));
	zwb_equal(delta.total.scanned, stored);
	zwb_equal(delta.total.written, stored);
	zwb_equal(delta.node[node].written, stored);
	zwb_equal(delta.stored, -stored);
	zwb_memory_stat_is(cgroup, "zswpwb_proactive", before + stored);
	if (!zwb_load_where(load, &disk, &zswap))
		return;
	zwb_between(disk, load->pages, stored);
	zwb_between(zswap, 0, 0);
}

static void check_ids(void)
{
	const char *cgroup = zwb_cgroup(NULL, "evicted"), *other = zwb_cgroup(NULL, "other");
	struct zwb_load *load[2], *neighbour;
	int nodes[2], nr = zwb_nodes(nodes, 2), i;
	long long swapped;

	if (!cgroup || !other)
		return;
	if (gen_id(cgroup) != zwb_cgroup_id(cgroup)) {
		zwb_skip("needs an MGLRU that names cgroups by their directories");
		return;
	}
	for (i = 0; i < nr; i++) {
		load[i] = resident(cgroup, nodes[i]);
		if (!load[i])
			return;
	}
	neighbour = resident(other, nodes[0]);
	/* and some that a command could take for those of the cgroup */
	if (!neighbour || !zwb_load(other, nodes[0], GEN_OTHERS, ZWB_TEXT))
		return;
	for (i = 0; i < nr && !zwb_failed(); i++)
		check_same_id(cgroup, nodes[i], load[i]);
	if (zwb_load_swapped(neighbour, &swapped))
		zwb_zero(swapped);
}

/*
 * The id in MGLRU's file is the id in a command: what one has evicted from a
 * cgroup and a node the other one writes, all of it and nothing else.
 *
 * Turns red when a command takes another kind of id (the short one that memory
 * cgroups have besides), or leaves out what did not come by way of the ordinary
 * reclaim.
 */
static void mglru_goes_by_the_same_ids(void)
{
	if (gen_on()) {
		check_ids();
		gen_back();
	}
}

/* A process that writes what it finds of a cgroup, over and over, until it is killed. */
static pid_t start_writer(unsigned long long id)
{
	char path[ZWB_PATH_MAX], command[64];
	pid_t pid = zwb_fork();
	int err;

	if (pid)
		return pid;
	zwb_command_path(ZWB_GLOBAL, path, sizeof(path));
	snprintf(command, sizeof(command), "cgroup=%llu age=0", id);
	do {
		err = zwb_write(path, command, strlen(command));
	} while (!err || err == -EAGAIN);
	ksft_print_msg("'%s': %s\n", command, strerror(-err));
	_exit(KSFT_FAIL);
}

/* It must not have ended by itself, which it does when a command fails. */
static void stop_writer(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		zwb_fail("a command failed");
}

/*
 * What nobody reads or stores any more is soon on the disk, all of it.  But a page that was
 * read in the moment of its eviction is in memory still, and in zswap: there may be @most.
 */
static void wait_for_writer(long long most)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;

	while (zwb_stored() > most && zwb_now() < deadline)
		zwb_pause();
	zwb_between(zwb_stored(), 0, most);
}

static void check_eviction_beside_commands(void)
{
	const char *cgroup = zwb_cgroup(NULL, "evicted");
	int nodes[2], nr = zwb_nodes(nodes, 2), i, n;
	struct zwb_snap before, delta;
	struct zwb_load *load;
	unsigned long long id;
	pid_t writer;

	load = cgroup ? resident(cgroup, nodes[0]) : NULL;
	if (!load)
		return;
	id = gen_id(cgroup);
	zwb_snap(&before);
	writer = start_writer(zwb_cgroup_id(cgroup));
	for (i = 0; i < GEN_TURNS && writer > 0 && !zwb_failed(); i++) {
		/* all in memory and nowhere else; every other time they are in use meanwhile */
		zwb_load_touch(load, 0, load->pages);
		zwb_write_string("/proc/sys/vm/drop_caches", "1");
		if (i % 2)
			zwb_load_read(load, GEN_READ_MS);
		for (n = 0; n < GEN_AGINGS * nr; n++)
			gen_age(id, nodes[n % nr]);
		for (n = 0; n < GEN_EVICTIONS * nr; n++)
			gen_evict(id, nodes[n % nr]);
		/* what nobody uses goes out, all of it */
		if (i % 2)
			zwb_load_finish(load);
		else
			gen_evict_load(id, nodes[0], load);
		wait_for_writer(i % 2 ? GEN_CAUGHT : 0);
		zwb_load_verify(load);
	}
	if (writer > 0)
		stop_writer(writer);
	zwb_since(&delta, &before);
	ksft_print_msg("MGLRU evicted %lld pages; %lld commands wrote %lld of them\n",
		       delta.vm.zswpout, delta.commands, delta.total.written);
	/* those that were not in use, each time, and nothing that was not evicted */
	zwb_between(delta.total.written, GEN_TURNS / 2 * load->pages, delta.vm.zswpout);
	zwb_zero(delta.total.failed);
}

/*
 * MGLRU evicts, commands write and a process reads, all at the same time and in the
 * same cgroup, over and over.
 *
 * Turns red when a page is lost or counted twice.
 */
static void mglru_evicts_beside_commands(void)
{
	if (gen_on()) {
		check_eviction_beside_commands();
		gen_back();
	}
}

/* --- DAMON_RECLAIM and memory.reclaim --- */

#define DAMON_DIR		"/sys/module/damon_reclaim/parameters"
#define DAMON_RECLAIMED		DAMON_DIR "/bytes_reclaimed_regions"
#define DAMON_TRIED		DAMON_DIR "/nr_reclaim_tried_regions"
#define RECLAIM_PAGES		800
#define RECLAIM_SHARED		200
#define RECLAIM_READ_MS		200
#define RECLAIM_ROUNDS		4
/* for all to have had their turn, which may be long before */
#define RECLAIM_SECONDS		120
#define RECLAIM_COMMANDS	2
#define RECLAIM_WRITES		32
/* of pages, some, and more than there are: then all is tried, the shrinker too */
#define RECLAIM_SOME		256
#define RECLAIM_ALL		1280

/* of an entry of /proc/PID/pagemap: it is in memory, and below, in which page of that */
#define DAMON_PRESENT		63
#define DAMON_PFN_BITS		55
/* of the memory, where it is at work: around the pages of the test */
#define DAMON_REACH		(8192LL * zwb_page_size)

/* All the time, all that is idle for a tenth of a second. */
static const struct {
	const char *name;
	const char *value;
} damon_params[] = {
	{ "monitor_region_start", "0" },
	{ "monitor_region_end", "0" },
	{ "min_age", "100000" },
	{ "quota_ms", "0" },
	{ "quota_sz", "67108864" },
	{ "wmarks_interval", "100000" },
	{ "wmarks_high", "1000" },
	{ "wmarks_mid", "1000" },
	{ "wmarks_low", "0" },
};

static char damon_was[ARRAY_SIZE(damon_params)][32];

static bool damon_set(const char *name, const char *value)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), DAMON_DIR "/%s", name);
	return zwb_write_string(path, value);
}

static bool damon_set_number(const char *name, long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	return damon_set(name, text);
}

static int pfn_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Where the pages of a load lie, which is in memory: the one in the middle of them; or -1. */
static long long middle_of(const struct zwb_load *load)
{
	static uint64_t pfns[RECLAIM_PAGES];
	const ssize_t size = load->pages * sizeof(pfns[0]);
	char path[ZWB_PATH_MAX];
	long long i, nr = 0;
	bool good;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", load->pid);
	fd = open(path, O_RDONLY);
	good = fd >= 0 && pread(fd, pfns, size, load->address / zwb_page_size *
						sizeof(pfns[0])) == size;
	if (fd >= 0)
		close(fd);
	for (i = 0; good && i < load->pages; i++) {
		if (pfns[i] >> DAMON_PRESENT & 1)
			pfns[nr++] = pfns[i] & ((1ULL << DAMON_PFN_BITS) - 1);
	}
	if (!nr) {
		zwb_fail("no page of load %d is in memory", load->pid);
		return -1;
	}
	qsort(pfns, nr, sizeof(pfns[0]), pfn_compare);
	return pfns[nr / 2] * zwb_page_size;
}

/*
 * It looks at the part of memory that has the load's pages, and most of what is near them.  In
 * all of it there would be too many regions, and it would have no time for anything else; nor
 * would this process, which is idle whenever it waits.
 */
static bool damon_on(const struct zwb_load *load)
{
	long long middle = middle_of(load);
	char path[ZWB_PATH_MAX];
	size_t i;

	if (access(DAMON_DIR, F_OK)) {
		zwb_skip("needs CONFIG_DAMON_RECLAIM");
		return false;
	}
	for (i = 0; i < ARRAY_SIZE(damon_params); i++) {
		snprintf(path, sizeof(path), DAMON_DIR "/%s", damon_params[i].name);
		snprintf(damon_was[i], sizeof(damon_was[i]), "%lld", zwb_read_number(path));
		if (!damon_set(damon_params[i].name, damon_params[i].value))
			return false;
	}
	return middle >= 0 &&
	       damon_set_number("monitor_region_start",
				middle > DAMON_REACH ? middle - DAMON_REACH : 0) &&
	       damon_set_number("monitor_region_end", middle + DAMON_REACH) &&
	       damon_set("enabled", "Y");
}

static void damon_off(void)
{
	size_t i;

	if (access(DAMON_DIR, F_OK))
		return;
	damon_set("enabled", "N");
	for (i = 0; i < ARRAY_SIZE(damon_params); i++) {
		if (damon_was[i][0])
			damon_set(damon_params[i].name, damon_was[i]);
	}
}

/**
 * struct shares - who has done how much
 * @by_damon: bytes that DAMON_RECLAIM has paged out
 * @by_reclaim: pages that memory.reclaim has got
 * @by_shrinker: pages that left zswap without a command
 * @by_commands: pages that commands have written
 */
struct shares {
	long long by_damon;
	long long by_reclaim;
	long long by_shrinker;
	long long by_commands;
};

static void read_shares(const char *cgroup, const struct zwb_snap *before, struct shares *shares)
{
	struct zwb_snap delta;

	zwb_since(&delta, before);
	shares->by_damon = zwb_read_number(DAMON_RECLAIMED);
	shares->by_reclaim = zwb_cgroup_key(cgroup, "memory.stat", "pgsteal_proactive");
	/* not always told apart */
	if (shares->by_reclaim < 0)
		shares->by_reclaim = zwb_cgroup_key(cgroup, "memory.stat", "pgsteal_direct");
	shares->by_shrinker = delta.vm.zswpwb - delta.vm.zswpwb_proactive;
	shares->by_commands = delta.total.written;
}

/* Two commands at a time, for a part of what is there, so that the shrinker has work too. */
static void reclaim_round(const char *cgroup, struct zwb_load *load, struct zwb_load *shared,
			  long long pages)
{
	struct zwb_async command[RECLAIM_COMMANDS];
	int started, i, err;

	for (started = 0; started < RECLAIM_COMMANDS; started++) {
		if (!zwb_start(&command[started], ZWB_GLOBAL, 0, "cgroup=%llu max=%lld",
			       zwb_cgroup_id(cgroup), RECLAIM_WRITES * (long long)zwb_page_size))
			break;
	}
	zwb_load_read(load, RECLAIM_READ_MS);
	for (i = 0; i < started; i++)
		zwb_go(&command[i]);
	zwb_reclaim(cgroup, pages);
	for (i = 0; i < started; i++) {
		err = zwb_wait(&command[i]);
		if (err != -EAGAIN)
			zwb_zero(err);
	}
	zwb_load_finish(load);
	zwb_load_verify(shared);
}

/* Until everybody has done something. */
static void check_reclaim(bool damon)
{
	long long deadline = zwb_now() + RECLAIM_SECONDS * ZWB_NS_PER_SEC;
	const char *cgroup = zwb_cgroup(NULL, "reclaimed");
	struct zwb_load *load, *shared;
	long long damon_before, tried;
	struct shares shares;
	struct zwb_snap before;
	int round = 0;
	bool all;

	load = cgroup ? zwb_load_resident(cgroup, RECLAIM_PAGES, false) : NULL;
	shared = load ? zwb_load_shared(cgroup, RECLAIM_SHARED) : NULL;
	zwb_snap(&before);
	if (!shared || !zwb_param_set("shrinker_enabled", "Y") || (damon && !damon_on(load)))
		return;
	damon_before = damon ? zwb_read_number(DAMON_RECLAIMED) : 0;
	tried = damon ? zwb_read_number(DAMON_TRIED) : 0;
	do {
		reclaim_round(cgroup, load, shared, round % 3 == 2 ? RECLAIM_ALL : RECLAIM_SOME);
		read_shares(cgroup, &before, &shares);
		all = shares.by_reclaim > 0 && shares.by_shrinker > 0 && shares.by_commands > 0;
		if (damon)
			all = all && shares.by_damon != damon_before;
	} while (!zwb_failed() && (++round < RECLAIM_ROUNDS || !all) && zwb_now() < deadline);
	ksft_print_msg("%d rounds: DAMON %lld bytes, memory.reclaim %lld pages\n", round,
		       damon ? shares.by_damon - damon_before : 0, shares.by_reclaim);
	ksft_print_msg("the shrinker wrote %lld pages, commands %lld\n", shares.by_shrinker,
		       shares.by_commands);
	zwb_between(shares.by_reclaim, 1, LLONG_MAX);
	zwb_between(shares.by_shrinker, 1, LLONG_MAX);
	zwb_between(shares.by_commands, 1, LLONG_MAX);
	/* where it loses its scheme when it is switched on, it does not even try */
	if (damon && shares.by_damon == damon_before && zwb_read_number(DAMON_TRIED) == tried)
		zwb_skip("needs a DAMON_RECLAIM that pages something out");
	else if (damon)
		zwb_between(shares.by_damon - damon_before, 1, LLONG_MAX);
	zwb_zero(zwb_cgroup_key(cgroup, "memory.events", "oom_kill"));
}

/*
 * memory.reclaim, whose shrinker writes from the lists that commands write from,
 * while the pages are read.
 *
 * Turns red when a page is lost, written by both or counted twice, or when one of
 * them gets nothing to do.
 */
static void memory_reclaim_beside_commands(void)
{
	zwb_allow_other_swapout();
	zwb_allow_other_writeback();
	check_reclaim(false);
	zwb_swap_empty();
}

/*
 * The same with DAMON_RECLAIM, which pages out whatever is idle where the load's pages lie,
 * whoever has it.
 *
 * Turns red as above, and when DAMON_RECLAIM finds nothing to page out.
 */
static void damon_reclaim_beside_commands(void)
{
	zwb_allow_other_swapout();
	zwb_allow_other_writeback();
	check_reclaim(true);
	damon_off();
	zwb_swap_empty();
}

/* --- limits --- */

#define LIMIT_TEXT		1200
#define LIMIT_NOISE		300
#define LIMIT_ALL		(LIMIT_TEXT + LIMIT_NOISE)
#define LIMIT_FIRST		500
#define LIMIT_SWAP		"memory.swap.max"
#define LIMIT_ZSWAP		"memory.zswap.max"

/* A limit that is reached, or a process that is killed, counts in one of these. */
static long long limit_events(const char *cgroup)
{
	return zwb_cgroup_key(cgroup, "memory.events", "max") +
	       zwb_cgroup_key(cgroup, "memory.events", "oom") +
	       zwb_cgroup_key(cgroup, "memory.events", "oom_kill") +
	       zwb_cgroup_key(cgroup, "memory.swap.events", "max") +
	       zwb_cgroup_key(cgroup, "memory.swap.events", "fail");
}

/* What is in zswap goes to the disk, first a part of it, and stays what it was charged as. */
static void check_written_at_limit(const char *cgroup)
{
	long long swap = zwb_cgroup_number(cgroup, "memory.swap.current");
	long long events, room = zwb_page_size;
	struct zwb_snap delta;
	char limit[32];

	/* no more memory either; setting a limit is no event, but reaching it is */
	snprintf(limit, sizeof(limit), "%lld",
		 zwb_cgroup_number(cgroup, "memory.current") + room);
	if (!zwb_cgroup_set(cgroup, "memory.max", limit))
		return;
	events = limit_events(cgroup);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(cgroup),
			 LIMIT_FIRST * (long long)zwb_page_size));
	zwb_equal(delta.total.written, LIMIT_FIRST);
	zwb_equal(delta.stored, -LIMIT_FIRST);
	zwb_equal(zwb_cgroup_number(cgroup, "memory.swap.current"), swap);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroup)));
	zwb_equal(delta.total.scanned, LIMIT_ALL - LIMIT_FIRST);
	zwb_equal(delta.total.written, LIMIT_ALL - LIMIT_FIRST);
	zwb_zero(zwb_stored());
	/* the same slots, now on the disk */
	zwb_equal(zwb_cgroup_number(cgroup, "memory.swap.current"), swap);
	zwb_memory_stat_is(cgroup, "zswapped", 0);
	zwb_memory_stat_is(cgroup, "zswpwb_proactive", LIMIT_ALL);
	zwb_zero(zwb_cgroup_number(cgroup, "memory.zswap.current"));
	zwb_equal(limit_events(cgroup), events);
	zwb_cgroup_set(cgroup, "memory.max", "max");
}

/* With memory.swap.max=0 what has come back stays in memory. */
static void check_no_swap(const char *cgroup, struct zwb_load *load)
{
	long long swapped;

	zwb_reclaim(cgroup, RECLAIM_ALL);
	if (zwb_load_swapped(load, &swapped))
		zwb_zero(swapped);
	zwb_swap_settle();
	zwb_zero(zwb_cgroup_number(cgroup, "memory.swap.current"));
	zwb_zero(zwb_stored());
}

/* With memory.zswap.max=0 it goes past zswap, where a command finds nothing. */
static void check_no_zswap(const char *cgroup, struct zwb_load *load)
{
	struct zwb_snap delta;
	long long swapped;

	/* what is on the disk already need not be written again */
	if (!zwb_load_touch(load, 0, load->pages) || !zwb_load_out(load, &swapped))
		return;
	zwb_equal(swapped, load->pages);
	zwb_zero(zwb_stored());
	zwb_zero(zwb_cgroup_number(cgroup, "memory.zswap.current"));
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(cgroup)),
		  -EAGAIN);
	zwb_zero(delta.total.scanned);
	zwb_load_verify(load);
}

static void check_limits(bool no_swap, bool no_zswap)
{
	const char *cgroup = zwb_cgroup(NULL, "limited");
	struct zwb_load *text, *noise;

	zwb_allow_other_swapout();
	text = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, LIMIT_TEXT, ZWB_TEXT) : NULL;
	noise = text ? zwb_load(cgroup, ZWB_ANY_NODE, LIMIT_NOISE, ZWB_NOISE) : NULL;
	if (!noise || (no_swap && !zwb_cgroup_set(cgroup, LIMIT_SWAP, "0")) ||
	    (no_zswap && !zwb_cgroup_set(cgroup, LIMIT_ZSWAP, "0")) ||
	    !zwb_equal(zwb_stored(), LIMIT_ALL))
		return;
	check_written_at_limit(cgroup);
	if (!zwb_expect_read(text, LIMIT_TEXT, 0) || !zwb_expect_read(noise, LIMIT_NOISE, 0))
		return;
	if (no_swap)
		check_no_swap(cgroup, text);
	else
		check_no_zswap(cgroup, text);
	zwb_zero(zwb_cgroup_key(cgroup, "memory.events", "oom_kill"));
}

/*
 * The swap of a cgroup is forbidden when its pages are in zswap: they have their
 * slots, so a command writes them as ever, and what is read back does not go out
 * again.
 *
 * Turns red when a command asks for swap space, or for memory of the cgroup, or
 * when a page keeps or gets a slot that it must not have.
 */
static void no_swap_afterwards(void)
{
	check_limits(true, false);
}

/*
 * Its zswap is forbidden: a command is a way to get there, and nothing comes back
 * into zswap.
 *
 * Turns red when a command leaves pages to the limit, or when reading back what it
 * wrote puts them into zswap.
 */
static void no_zswap_afterwards(void)
{
	check_limits(false, true);
}

/* Both. */
static void no_swap_and_no_zswap_afterwards(void)
{
	check_limits(true, true);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(mglru_goes_by_the_same_ids),
	ZWB_TEST(mglru_evicts_beside_commands),
	ZWB_TEST(memory_reclaim_beside_commands),
	ZWB_TEST(damon_reclaim_beside_commands),
	ZWB_TEST(no_swap_afterwards),
	ZWB_TEST(no_zswap_afterwards),
	ZWB_TEST(no_swap_and_no_zswap_afterwards),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
