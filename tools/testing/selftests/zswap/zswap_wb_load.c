// SPDX-License-Identifier: GPL-2.0
/*
 * Loads: processes that keep a known number of pages with known content in
 * zswap.
 *
 * A load is a child that fills its pages, pages them out with MADV_PAGEOUT and
 * then serves requests from a pipe until it is stopped.  The parent accepts a
 * load only when zswap holds exactly as many entries more as the load has
 * pages.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "cgroup_util.h"
#include "zswap_wb_util.h"

/* from linux/mempolicy.h, so that neither kernel headers nor libnuma are needed */
#define LOAD_MPOL_BIND		2

#define LOAD_MAX		128
#define LOAD_MAP_MAX		1024
#define LOAD_SHARED_MAX		4096
#define LOAD_PAGE_MAX		65536
#define LOAD_STORE_TRIES	5
#define LOAD_PAGEOUT_MS		10000
/* only finds what hangs: a machine may stand still for long */
#define LOAD_REPLY_MS		300000

/* of an entry of /proc/self/pagemap */
#define PAGEMAP_SWAPPED_BIT	62

/**
 * enum load_op - what the parent can ask for
 * @LOAD_OP_PAGEOUT: page all out; value: pages in swap afterwards
 * @LOAD_OP_PAGEOUT_SOME: page out @count pages from @first on, as far as they can be now
 * @LOAD_OP_SWAPPED: value: pages in swap
 * @LOAD_OP_VERIFY: compare all; value: number of wrong pages
 * @LOAD_OP_TOUCH: write to @count pages from @first on
 * @LOAD_OP_TOUCH_EVERY: write to each @count-th page from @first on
 * @LOAD_OP_MAP: read page after page, followed by one byte each: was it in zswap?
 * @LOAD_OP_CHURN: verify and page out @count times; value: number of wrong pages
 * @LOAD_OP_READ: read pages in random order for @count milliseconds
 * @LOAD_OP_FORK: fork a twin, which takes part in each comparison from then on; value: its pid
 */
enum load_op {
	LOAD_OP_PAGEOUT,
	LOAD_OP_PAGEOUT_SOME,
	LOAD_OP_SWAPPED,
	LOAD_OP_VERIFY,
	LOAD_OP_TOUCH,
	LOAD_OP_TOUCH_EVERY,
	LOAD_OP_MAP,
	LOAD_OP_CHURN,
	LOAD_OP_READ,
	LOAD_OP_FORK,
};

struct load_request {
	enum load_op op;
	long long first;
	long long count;
};

/* The child is a fork without exec: a string literal has the same address in the parent. */
struct load_reply {
	int error;
	const char *step;
	long long value;
};

static struct zwb_load loads[LOAD_MAX];
static int nr_loads;
static unsigned long long next_seed;

/* --- in the child --- */

static unsigned char *load_mem;
static uint64_t load_page[LOAD_PAGE_MAX / sizeof(uint64_t)];
static int load_twin_request;
static int load_twin_reply;

static uint64_t load_random(uint64_t *state)
{
	uint64_t value;

	*state += 0x9e3779b97f4a7c15ULL;
	value = *state;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

static void load_fill_page(const struct zwb_load *load, long long index, void *page)
{
	uint64_t state = load->seed + ((uint64_t)index << 20);
	uint64_t *word = page;
	size_t words = zwb_page_size / sizeof(*word);
	size_t noise = words * load->noise / 16;
	uint64_t filler;
	size_t i;

	/* after some noise LZO hardly looks for anything else */
	filler = load_random(&state) | 1;
	for (i = 0; i < words - noise; i++)
		word[i] = filler;
	for (; i < words; i++)
		word[i] = load_random(&state);
}

static long long load_verify_all(const struct zwb_load *load)
{
	long long i, wrong = 0;

	for (i = 0; i < load->pages; i++) {
		load_fill_page(load, i, load_page);
		if (!memcmp(load_page, load_mem + i * zwb_page_size, zwb_page_size))
			continue;
		if (!wrong)
			ksft_print_msg("load %d: page %lld holds wrong data\n", getpid(), i);
		wrong++;
	}
	return wrong;
}

/* Serves the original: one byte asks for a comparison, its result is the answer. */
static void load_twin(const struct zwb_load *load, int request_fd, int reply_fd)
{
	long long wrong;
	char byte;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(1);
	while (read(request_fd, &byte, 1) == 1) {
		wrong = load_verify_all(load);
		if (write(reply_fd, &wrong, sizeof(wrong)) != sizeof(wrong))
			break;
	}
	_exit(0);
}

static long long load_fork_twin(const struct zwb_load *load)
{
	int request[2], reply[2];
	pid_t pid;

	if (pipe(request) || pipe(reply))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(request[1]);
		close(reply[0]);
		load_twin(load, request[0], reply[1]);
	}
	close(request[0]);
	close(reply[1]);
	load_twin_request = request[1];
	load_twin_reply = reply[0];
	return pid;
}

static long long load_verify_twin(void)
{
	long long wrong;

	if (!load_twin_request)
		return 0;
	if (write(load_twin_request, "", 1) != 1 ||
	    read(load_twin_reply, &wrong, sizeof(wrong)) != sizeof(wrong))
		return -EPIPE;
	return wrong;
}

/* The page table tells nothing of shared pages that are not in memory: ask the file. */
static long long load_count_shared(const struct zwb_load *load)
{
	static unsigned char resident[LOAD_SHARED_MAX];
	long long i, swapped = 0;

	if (mincore(load_mem, load->pages * zwb_page_size, resident))
		return -errno;
	for (i = 0; i < load->pages; i++)
		swapped += !(resident[i] & 1);
	return swapped;
}

static long long load_count_swapped(const struct zwb_load *load)
{
	static uint64_t map[512];
	long long i, done = 0, swapped = 0;
	int fd;

	if (load->shared)
		return load_count_shared(load);
	fd = open("/proc/self/pagemap", O_RDONLY);
	if (fd < 0)
		return -errno;
	while (done < load->pages) {
		long long chunk = load->pages - done;
		off_t offset = ((uintptr_t)load_mem / zwb_page_size + done) * sizeof(map[0]);
		ssize_t size;

		if (chunk > (long long)ARRAY_SIZE(map))
			chunk = ARRAY_SIZE(map);
		size = pread(fd, map, chunk * sizeof(map[0]), offset);
		if (size != (ssize_t)(chunk * sizeof(map[0]))) {
			swapped = size < 0 ? -errno : -EIO;
			break;
		}
		for (i = 0; i < chunk; i++)
			swapped += map[i] >> PAGEMAP_SWAPPED_BIT & 1;
		done += chunk;
	}
	close(fd);
	return swapped;
}

/* Pages that somebody else holds a reference to at the moment stay: try until all have gone. */
static long long load_pageout_all(const struct zwb_load *load, long long milliseconds)
{
	long long deadline = zwb_now() + milliseconds * ZWB_NS_PER_MS;
	long long swapped;

	do {
		if (madvise(load_mem, load->pages * zwb_page_size, MADV_PAGEOUT))
			return -errno;
		swapped = load_count_swapped(load);
		if (swapped < 0 || swapped == load->pages)
			return swapped;
		zwb_pause();
	} while (zwb_now() < deadline);
	return swapped;
}

static void load_read_page(long long page)
{
	__atomic_load_n(load_mem + page * zwb_page_size, __ATOMIC_RELAXED);
}

static void load_touch(long long first, long long count)
{
	long long i;

	for (i = first; i < first + count; i++) {
		unsigned char *byte = load_mem + i * zwb_page_size;

		__atomic_store_n(byte, *byte, __ATOMIC_RELAXED);
	}
}

static void load_read_randomly(const struct zwb_load *load, long long milliseconds)
{
	long long deadline = zwb_now() + milliseconds * ZWB_NS_PER_MS;
	uint64_t state = load->seed;
	int i;

	do {
		for (i = 0; i < 64; i++)
			load_read_page(load_random(&state) % load->pages);
	} while (zwb_now() < deadline);
}

static void load_map_pages(const struct zwb_load *load, unsigned char *map)
{
	long long i, before, after = zwb_vmstat_key("zswpin");

	for (i = 0; i < load->pages; i++) {
		before = after;
		load_read_page(i);
		after = zwb_vmstat_key("zswpin");
		map[i] = after > before;
	}
}

static void load_send_reply(int fd, const char *step, int error, long long value)
{
	struct load_reply reply = { .error = error, .step = step, .value = value };

	if (write(fd, &reply, sizeof(reply)) != sizeof(reply))
		_exit(1);
}

/*
 * One CPU for the whole life: freshly faulted pages wait in a list of the CPU
 * on which they were faulted, and MADV_PAGEOUT empties only the list of the CPU
 * on which it runs.
 */
static int load_stay_on_one_cpu(void)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return -1;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		return sched_setaffinity(0, sizeof(set), &set);
	}
	return -1;
}

/* Returns the step that failed with errno set, or NULL. */
static const char *load_prepare(const struct zwb_load *load)
{
	size_t size = load->pages * zwb_page_size;
	unsigned long mask[ZWB_MAX_NODES / (8 * sizeof(unsigned long))] = { 0 };
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;
	long long i;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return "prctl(PR_SET_PDEATHSIG)";
	if (load_stay_on_one_cpu())
		return "sched_setaffinity";
	if (load->cgroup[0]) {
		errno = -cg_enter_current(load->cgroup);
		if (errno)
			return "entering the cgroup";
	}
	if (load->shared) {
		flags = MAP_SHARED;
		fd = memfd_create("zswap_wb", 0);
		if (fd < 0 || ftruncate(fd, size))
			return "memfd_create";
	}
	load_mem = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (load_mem == MAP_FAILED)
		return "mmap";
	/* fails where there are no huge pages */
	madvise(load_mem, size, MADV_NOHUGEPAGE);
	if (load->node != ZWB_ANY_NODE) {
		mask[load->node / (8 * sizeof(mask[0]))] |=
			1UL << (load->node % (8 * sizeof(mask[0])));
		if (syscall(__NR_mbind, load_mem, size, LOAD_MPOL_BIND, mask,
			    (unsigned long)ZWB_MAX_NODES, 0))
			return "mbind";
	}
	if (load->locked && mlock(load_mem, size))
		return "mlock";
	for (i = 0; i < load->pages; i++)
		load_fill_page(load, i, load_mem + i * zwb_page_size);
	return NULL;
}

static void load_serve(const struct zwb_load *load, const struct load_request *request, int reply)
{
	unsigned char map[LOAD_MAP_MAX];
	long long value = 0;
	long long i;

	switch (request->op) {
	case LOAD_OP_PAGEOUT:
		value = load_pageout_all(load, LOAD_PAGEOUT_MS);
		break;
	case LOAD_OP_PAGEOUT_SOME:
		if (madvise(load_mem + request->first * zwb_page_size,
			    request->count * zwb_page_size, MADV_PAGEOUT))
			value = -errno;
		break;
	case LOAD_OP_SWAPPED:
		value = load_count_swapped(load);
		break;
	case LOAD_OP_VERIFY:
		/* one by one, pages are slow to read: have all of them on their way */
		madvise(load_mem, load->pages * zwb_page_size, MADV_WILLNEED);
		value = load_verify_all(load);
		if (value == 0)
			value = load_verify_twin();
		break;
	case LOAD_OP_TOUCH:
		load_touch(request->first, request->count);
		break;
	case LOAD_OP_TOUCH_EVERY:
		for (i = request->first; i < load->pages; i += request->count)
			load_touch(i, 1);
		break;
	case LOAD_OP_MAP:
		load_map_pages(load, map);
		break;
	case LOAD_OP_CHURN:
		for (i = 0; i < request->count && value >= 0; i++) {
			long long swapped;

			value += load_verify_all(load);
			/* what commands have a hand in may stay */
			swapped = load_pageout_all(load, 0);
			if (swapped < 0)
				value = swapped;
		}
		break;
	case LOAD_OP_READ:
		load_read_randomly(load, request->count);
		break;
	case LOAD_OP_FORK:
		value = load_fork_twin(load);
		break;
	}
	load_send_reply(reply, "serving a request", value < 0 ? -value : 0, value);
	if (request->op == LOAD_OP_MAP && write(reply, map, load->pages) != load->pages)
		_exit(1);
}

static void load_child(const struct zwb_load *load, int request_fd, int reply_fd)
{
	struct load_request request;
	const char *step;

	step = load_prepare(load);
	load_send_reply(reply_fd, step, step ? errno : 0, (uintptr_t)load_mem);
	while (read(request_fd, &request, sizeof(request)) == sizeof(request))
		load_serve(load, &request, reply_fd);
	_exit(0);
}

/* --- in the parent --- */

static bool load_read_bytes(struct zwb_load *load, void *buffer, size_t size)
{
	struct pollfd poll_fd = { .fd = load->reply, .events = POLLIN };
	int ready;

	ready = poll(&poll_fd, 1, LOAD_REPLY_MS);
	if (ready == 0) {
		zwb_fail("load %d: no answer within %d s", load->pid, LOAD_REPLY_MS / 1000);
		return false;
	}
	if (ready < 0 || read(load->reply, buffer, size) != (ssize_t)size) {
		zwb_fail("load %d: died", load->pid);
		return false;
	}
	return true;
}

static bool load_receive(struct zwb_load *load, long long *value)
{
	struct load_reply reply;

	if (!load->pid || !load_read_bytes(load, &reply, sizeof(reply)))
		return false;
	if (reply.error) {
		zwb_fail("load %d: %s: %s", load->pid, reply.step, strerror(reply.error));
		return false;
	}
	*value = reply.value;
	return true;
}

static bool load_send(struct zwb_load *load, enum load_op op, long long first, long long count)
{
	struct load_request request = { .op = op, .first = first, .count = count };

	if (!load->pid)
		return false;
	if (write(load->request, &request, sizeof(request)) != sizeof(request)) {
		zwb_fail("load %d: died", load->pid);
		return false;
	}
	return true;
}

static bool load_ask(struct zwb_load *load, enum load_op op, long long first, long long count,
		     long long *value)
{
	return load_send(load, op, first, count) && load_receive(load, value);
}

static bool load_spawn(struct zwb_load *load)
{
	int request[2], reply[2];
	long long address;

	if (pipe(request)) {
		zwb_fail("load: pipe: %s", strerror(errno));
		return false;
	}
	if (pipe(reply)) {
		zwb_fail("load: pipe: %s", strerror(errno));
		close(request[0]);
		close(request[1]);
		return false;
	}
	load->seed = ++next_seed << 48;
	load->pid = fork();
	if (!load->pid) {
		close(request[1]);
		close(reply[0]);
		load_child(load, request[0], reply[1]);
	}
	close(request[0]);
	close(reply[1]);
	load->request = request[1];
	load->reply = reply[0];
	if (load->pid < 0) {
		zwb_fail("load: fork: %s", strerror(errno));
		close(load->request);
		close(load->reply);
		load->pid = 0;
		return false;
	}
	if (!load_receive(load, &address))
		return false;
	load->address = address;
	return true;
}

static struct zwb_load *load_new(const char *cgroup, int node, long long pages,
				 enum zwb_content content)
{
	struct zwb_load *load;

	if (nr_loads == LOAD_MAX) {
		zwb_fail("more than %d loads in one test", LOAD_MAX);
		return NULL;
	}
	load = &loads[nr_loads++];
	memset(load, 0, sizeof(*load));
	load->pages = pages;
	load->noise = content == ZWB_TEXT ? 4 : 16 * zwb_noise_bytes() / zwb_page_size;
	load->node = node;
	snprintf(load->cgroup, sizeof(load->cgroup), "%s", cgroup ? cgroup : "");
	return load;
}

/**
 * zwb_load() - put pages into zswap
 * @cgroup: cgroup that they belong to, or NULL for the runner's own
 * @node: node that they lie on, or ZWB_ANY_NODE
 * @pages: how many
 * @content: what they hold
 *
 * Return: the load, whose pages are all in zswap, or NULL after a failure was
 * recorded.
 */
struct zwb_load *zwb_load(const char *cgroup, int node, long long pages, enum zwb_content content)
{
	struct zwb_load *load = load_new(cgroup, node, pages, content);

	if (!load || !load_spawn(load) || !zwb_load_pageout(load))
		return NULL;
	return load;
}

/**
 * zwb_load_shared() - put pages of a memfd into zswap
 * @cgroup: cgroup that they belong to, or NULL for the runner's own
 * @pages: how many
 *
 * Return: as zwb_load().
 */
struct zwb_load *zwb_load_shared(const char *cgroup, long long pages)
{
	struct zwb_load *load = load_new(cgroup, ZWB_ANY_NODE, pages, ZWB_TEXT);

	if (!load)
		return NULL;
	if (pages > LOAD_SHARED_MAX) {
		zwb_fail("more than %d shared pages", LOAD_SHARED_MAX);
		return NULL;
	}
	load->shared = true;
	return load_spawn(load) && zwb_load_pageout(load) ? load : NULL;
}

/**
 * zwb_load_resident() - a process whose pages stay in memory
 * @cgroup: cgroup that they belong to, or NULL for the runner's own
 * @pages: how many
 * @locked: mlock() them
 *
 * Return: the load, or NULL after a failure was recorded.
 */
struct zwb_load *zwb_load_resident(const char *cgroup, long long pages, bool locked)
{
	struct zwb_load *load = load_new(cgroup, ZWB_ANY_NODE, pages, ZWB_TEXT);

	if (!load)
		return NULL;
	load->resident = true;
	load->locked = locked;
	return load_spawn(load) ? load : NULL;
}

/**
 * zwb_load_out() - page a load out, as far as it can be, whatever others do meanwhile
 * @load: the load
 * @swapped: pages in swap afterwards, be they in zswap or past it on the disk
 */
bool zwb_load_out(struct zwb_load *load, long long *swapped)
{
	return load_ask(load, LOAD_OP_PAGEOUT, 0, 0, swapped);
}

/**
 * zwb_load_pageout() - put all pages of a load into zswap, none of which may be there now
 * @load: the load
 *
 * A page that went past zswap to the disk, because the pool could not get
 * memory at that moment, is fetched and stored again.
 *
 * Return: true if zswap holds exactly @load->pages entries more than before.
 */
bool zwb_load_pageout(struct zwb_load *load)
{
	long long before = zwb_stored(), stored = 0, swapped = 0, nothing;
	int tries;

	for (tries = 0; tries < LOAD_STORE_TRIES; tries++) {
		load->first_ns = zwb_now();
		if (!zwb_load_out(load, &swapped))
			return false;
		load->last_ns = zwb_now();
		stored = zwb_stored() - before;
		if (stored == load->pages)
			return true;
		if (!load_ask(load, LOAD_OP_TOUCH, 0, load->pages, &nothing))
			return false;
	}
	zwb_fail("load %d: of %lld pages %lld are in swap and %lld of these in zswap", load->pid,
		 load->pages, swapped, stored);
	zwb_fail("reject_alloc_fail is %lld, reject_compress_fail %lld, pool_limit_hit %lld",
		 zwb_read_number(ZWB_DEBUGFS "/reject_alloc_fail"),
		 zwb_read_number(ZWB_DEBUGFS "/reject_compress_fail"),
		 zwb_read_number(ZWB_DEBUGFS "/pool_limit_hit"));
	return false;
}

/**
 * zwb_loads_in_turn() - put the pages of several loads into zswap, one page of each in turn
 * @turns: loads from zwb_load_resident(), not locked, all of the same size
 * @nr: how many
 *
 * So that neighbouring slots are those of different loads.
 *
 * Return: true if zswap holds exactly the pages of the loads more than before.
 */
bool zwb_loads_in_turn(struct zwb_load * const *turns, int nr)
{
	long long before = zwb_stored(), nothing, page, swapped;
	int i;

	for (i = 0; i < nr; i++)
		turns[i]->first_ns = zwb_now();
	for (page = 0; page < turns[0]->pages; page++) {
		for (i = 0; i < nr; i++) {
			if (!load_ask(turns[i], LOAD_OP_PAGEOUT_SOME, page, 1, &nothing))
				return false;
		}
	}
	/* the few that somebody else held at the moment */
	for (i = 0; i < nr; i++) {
		if (!zwb_load_out(turns[i], &swapped) ||
		    !zwb_equal(swapped, turns[i]->pages))
			return false;
		turns[i]->last_ns = zwb_now();
	}
	return zwb_equal(zwb_stored() - before, nr * turns[0]->pages);
}

/**
 * zwb_load_verify() - read all pages of a load and compare every byte
 * @load: the load
 */
bool zwb_load_verify(struct zwb_load *load)
{
	long long wrong;

	if (!load_ask(load, LOAD_OP_VERIFY, 0, 0, &wrong))
		return false;
	return zwb_no_wrong_pages(wrong);
}

/**
 * zwb_load_touch() - write to some pages, which takes them out of swap for good
 * @load: the load
 * @first: first page
 * @pages: number of pages
 */
bool zwb_load_touch(struct zwb_load *load, long long first, long long pages)
{
	long long nothing;

	return load_ask(load, LOAD_OP_TOUCH, first, pages, &nothing);
}

/**
 * zwb_load_touch_every() - the same with every so many pages
 * @load: the load
 * @first: first page
 * @step: from one of them to the next
 */
bool zwb_load_touch_every(struct zwb_load *load, long long first, long long step)
{
	long long nothing;

	return load_ask(load, LOAD_OP_TOUCH_EVERY, first, step, &nothing);
}

/**
 * zwb_load_where() - tell where the pages of a load are, by reading and comparing them all
 * @load: the load, nothing else may swap meanwhile
 * @disk: pages that came from disk
 * @zswap: pages that came from zswap
 *
 * What was in neither was in memory.
 */
bool zwb_load_where(struct zwb_load *load, long long *disk, long long *zswap)
{
	struct zwb_snap before, delta;

	zwb_snap(&before);
	if (!zwb_load_verify(load))
		return false;
	zwb_since(&delta, &before);
	*disk = delta.vm.pswpin;
	*zswap = delta.vm.zswpin;
	return true;
}

/**
 * zwb_load_map() - tell for each page of a small load whether it is in zswap, by reading it
 * @load: the load, nothing else may swap meanwhile
 * @in_zswap: one byte for each page
 */
bool zwb_load_map(struct zwb_load *load, unsigned char *in_zswap)
{
	long long nothing;

	if (load->pages > LOAD_MAP_MAX) {
		zwb_fail("load %d: too large to map", load->pid);
		return false;
	}
	return load_ask(load, LOAD_OP_MAP, 0, 0, &nothing) &&
	       load_read_bytes(load, in_zswap, load->pages);
}

/**
 * zwb_load_swapped() - count the pages of a load whose page table entry is a swap entry
 * @load: the load
 * @swapped: the number
 */
bool zwb_load_swapped(struct zwb_load *load, long long *swapped)
{
	return load_ask(load, LOAD_OP_SWAPPED, 0, 0, swapped);
}

/**
 * zwb_load_churn() - let a load verify its pages and page them out again, over and over
 * @load: the load
 * @rounds: how often
 *
 * Does not wait: ask zwb_load_busy() whether it is at it still, and call
 * zwb_load_finish() in the end.
 */
bool zwb_load_churn(struct zwb_load *load, int rounds)
{
	return load_send(load, LOAD_OP_CHURN, 0, rounds);
}

/**
 * zwb_load_read() - let a load read its pages in random order
 * @load: the load
 * @milliseconds: how long
 *
 * Does not wait, see zwb_load_churn().
 */
bool zwb_load_read(struct zwb_load *load, int milliseconds)
{
	return load_send(load, LOAD_OP_READ, 0, milliseconds);
}

/**
 * zwb_load_busy() - tell whether a load has not yet answered the last request
 * @load: the load
 */
bool zwb_load_busy(struct zwb_load *load)
{
	struct pollfd poll_fd = { .fd = load->reply, .events = POLLIN };

	return load->pid && poll(&poll_fd, 1, 0) == 0;
}

/**
 * zwb_load_finish() - wait for the answer to zwb_load_churn() or zwb_load_read()
 * @load: the load
 */
bool zwb_load_finish(struct zwb_load *load)
{
	long long wrong;

	return load_receive(load, &wrong) && zwb_no_wrong_pages(wrong);
}

/**
 * zwb_load_fork() - let a load fork, so that two processes share its pages
 * @load: the load, whose pages are in zswap: reclaim leaves shared ones alone
 *
 * From now on zwb_load_verify() compares the pages of both, the copy's last.
 */
bool zwb_load_fork(struct zwb_load *load)
{
	long long pid;

	if (!load_ask(load, LOAD_OP_FORK, 0, 0, &pid))
		return false;
	load->twin = pid;
	return true;
}

/**
 * zwb_load_move() - move the process, and not its pages, to another cgroup
 * @load: the load
 * @cgroup: where to
 */
bool zwb_load_move(struct zwb_load *load, const char *cgroup)
{
	int err = cg_enter(cgroup, load->pid);

	if (err)
		zwb_fail("moving load %d to %s: %s", load->pid, cgroup, strerror(-err));
	return !err;
}

/**
 * zwb_load_stop() - kill the process of a load, which frees its pages wherever they are
 * @load: the load
 */
void zwb_load_stop(struct zwb_load *load)
{
	if (!load->pid)
		return;
	kill(load->pid, SIGKILL);
	waitpid(load->pid, NULL, 0);
	close(load->request);
	close(load->reply);
	load->pid = 0;
}

/**
 * zwb_wait_age() - sleep until every page of a load is surely old enough for a command
 * @load: the load
 * @seconds: the age that the command will ask for
 *
 * Ages are whole seconds, rounded down and never more than the real age: an
 * entry is certain to be taken by age=N once it is N + 1 seconds old.
 */
void zwb_wait_age(const struct zwb_load *load, int seconds)
{
	zwb_sleep_until(load->last_ns + (seconds + 1) * ZWB_NS_PER_SEC + 50 * ZWB_NS_PER_MS);
}

/**
 * zwb_still_younger() - make sure that a command had no right to a load
 * @load: the load
 * @seconds: the age that the command asked for
 *
 * Call it after the command.  If the machine was too slow for the test's timing, the
 * test is over, see zwb_late_for_ages().
 */
bool zwb_still_younger(const struct zwb_load *load, int seconds)
{
	if (zwb_now() - load->first_ns < seconds * ZWB_NS_PER_SEC)
		return true;
	zwb_late_for_ages("the younger load turned %d s old before the command was done", seconds);
	return false;
}

bool zwb_loads_verify(void)
{
	bool good = true;
	int i;

	for (i = 0; i < nr_loads; i++) {
		if (loads[i].pid && !zwb_load_verify(&loads[i]))
			good = false;
	}
	return good;
}

void zwb_loads_stop(void)
{
	while (nr_loads)
		zwb_load_stop(&loads[--nr_loads]);
}
