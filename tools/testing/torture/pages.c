// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages whose content is known: a function of the seed, of who owns them, of the
 * page's number and of its version.  A page that is found to hold something else,
 * or that can't be read, is lost.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../selftests/zswap/zswap_wb_image.h"
#include "pages.h"
#include "torture.h"

/* from linux/mempolicy.h, so that neither kernel headers nor libnuma are needed */
#define TORTURE_MPOL_BIND	2

#define MAX_RANGE	96
#define MAX_REWRITE	32
#define MAX_CHILDREN	3

static sigjmp_buf bus_error;
static volatile sig_atomic_t reading;

static void on_bus_error(int signal)
{
	(void)signal;
	if (!reading)
		_exit(99);
	siglongjmp(bus_error, 1);
}

/* One in 32 is zero, one in 6 does not compress, the rest does, to about a quarter. */
static void make_content(uint64_t *word, uint64_t id, long page, uint32_t version)
{
	uint64_t key = mix(torture_seed ^ mix(id ^ mix(((uint64_t)page << 32) | version)));
	struct rng rng = { key };
	size_t noise = WORDS / 4, i;
	uint64_t filler;

	if (key % 32 == 0) {
		memset(word, 0, PAGE);
		return;
	}
	if (key % 6 == 0)
		noise = WORDS;
	filler = rng_next(&rng);
	for (i = 0; i < noise; i++)
		word[i] = rng_next(&rng);
	for (; i < WORDS; i++)
		word[i] = filler;
}

bool area_make(struct area *area, int task, uint64_t id, long pages, bool is_shared, int node)
{
	unsigned long mask[MAX_NODE / 64 + 1] = { 0 };
	int fd = -1;

	memset(area, 0, sizeof(*area));
	area->task = task;
	area->id = id;
	area->pages = pages;
	if (is_shared) {
		fd = memfd_create("torture", 0);
		if (fd < 0 || ftruncate(fd, pages * PAGE))
			return false;
		area->mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
	} else {
		area->mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	area->version = calloc(pages, sizeof(*area->version));
	area->lost = mmap(NULL, pages, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (area->mem == MAP_FAILED || !area->version || area->lost == MAP_FAILED)
		return false;
	if (node >= 0) {
		mask[node / 64] = 1UL << (node % 64);
		if (syscall(__NR_mbind, area->mem, pages * PAGE, TORTURE_MPOL_BIND, mask,
			    (unsigned long)MAX_NODE, 0))
			return false;
	}
	return true;
}

static void area_free(struct area *area)
{
	munmap(area->mem, area->pages * PAGE);
	munmap(area->lost, area->pages);
	free(area->version);
}

/*
 * Where a page is: its line of /proc/self/pagemap, see Documentation/admin-guide/mm/pagemap.rst;
 * 0 if that does not know, as of shared pages that are not mapped.
 */
uint64_t page_place(const struct area *area, long page)
{
	off_t at = ((uintptr_t)area->mem / PAGE + page) * sizeof(uint64_t);
	static int fd = -1;
	static pid_t owner;
	uint64_t place;

	/* the file is that of the process that opened it */
	if (owner != getpid()) {
		if (fd >= 0)
			close(fd);
		fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
		owner = getpid();
	}
	if (pread(fd, &place, sizeof(place), at) != (ssize_t)sizeof(place))
		return 0;
	return place;
}

bool place_is_swap(uint64_t place)
{
	return place >> 62 & 1;
}

/* What a page looks like that should be another one. */
static const char *looks_like(const struct area *area, const uint64_t *got, char *text,
			      size_t size)
{
	static uint64_t other[WORDS];
	uint32_t version;
	size_t i;
	long p;

	for (i = 0; i < WORDS && !got[i]; i++)
		;
	if (i == WORDS)
		return "all zero";
	if ((uint32_t)got[0] == ZWB_IMAGE_MAGIC)
		return "like an image";
	for (p = 0; p < area->pages; p++) {
		for (version = 0; version <= area->version[p] + 4; version++) {
			make_content(other, area->id, p, version);
			if (memcmp(other, got, PAGE))
				continue;
			snprintf(text, size, "like page %ld, version %u of %u", p, version,
				 area->version[p]);
			return text;
		}
	}
	return "like nothing known";
}

uint64_t place_slot(uint64_t place, unsigned int *type)
{
	*type = place & 31;
	return place << 9 >> 14;
}

bool device_name(unsigned int type, char *name)
{
	static char text[4096];
	char *line = text;

	if (get("/proc/swaps", text, sizeof(text)) <= 0)
		return false;
	/* the disk is the first device, and there are two at most */
	for (type++; line && type; type--) {
		line = strchr(line, '\n');
		line += !!line;
	}
	return line && sscanf(line, "%300s", name) == 1;
}

/* What the swap device has in a slot, which it may keep when the page has been read. */
static bool read_slot(uint64_t place, void *page)
{
	char name[PATH_SIZE];
	unsigned int type;
	uint64_t slot = place_slot(place, &type);
	ssize_t got;
	int fd;

	if (!device_name(type, name))
		return false;
	fd = open(name, O_RDONLY | O_DIRECT | O_CLOEXEC);
	got = pread(fd, page, PAGE, slot * PAGE);
	close(fd);
	return got == PAGE;
}

/* What went wrong, for whoever has to find out why; @got is NULL where nothing can be read. */
static void report_loss(const struct area *area, long page, uint64_t place, const uint64_t *got,
			const uint64_t *want)
{
	static uint64_t disk[WORDS] __attribute__((aligned(PAGE)));
	char text[TEXT_SIZE];
	size_t at = 0, bad = 0, i;
	unsigned int type;
	uint64_t slot;

	say("LOST %s: page %ld of area %#llx, version %u%s", shared->tasks[area->task].name, page,
	    (unsigned long long)area->id, area->version[page],
	    got ? "" : ": cannot be read");
	if (place_is_swap(place)) {
		bool known = read_slot(place, disk);

		slot = place_slot(place, &type);
		say("LOST   was in slot %u:%llu, where the disk has %s", type,
		    (unsigned long long)slot,
		    !known ? "what can't be read" :
		    got && !memcmp(disk, got, PAGE) ? "the same" :
		    got && !memcmp(disk, want, PAGE) ? "what it should be" :
		    looks_like(area, disk, text, sizeof(text)));
	} else if (place) {
		say("LOST   was in memory: %#llx", (unsigned long long)place);
	}
	if (!got)
		return;
	for (i = WORDS; i-- > 0;) {
		if (got[i] != want[i]) {
			at = i;
			bad++;
		}
	}
	say("LOST   %zu words differ, the first at %zu: %#llx for %#llx; looks %s", bad, at,
	    (unsigned long long)got[at], (unsigned long long)want[at],
	    looks_like(area, got, text, sizeof(text)));
}

bool read_page(const struct area *area, long page, uint64_t *got)
{
	volatile bool good = false;

	if (!sigsetjmp(bus_error, 1)) {
		reading = 1;
		memcpy(got, area->mem + page * PAGE, PAGE);
		good = true;
	}
	reading = 0;
	return good;
}

void judge_page(const struct area *area, uint64_t id, long page, uint64_t place,
		const uint64_t *got)
{
	static uint64_t want[WORDS];

	make_content(want, id, page, area->version[page]);
	if (got && !memcmp(got, want, PAGE))
		return;
	/* parent and children may find the same loss */
	if (__atomic_exchange_n(&area->lost[page], 1, __ATOMIC_RELAXED))
		return;
	add(&shared->lost, 1);
	report_loss(area, page, place, got, want);
}

static void verify_page(const struct area *area, uint64_t id, long page)
{
	static uint64_t got[WORDS];
	uint64_t place = page_place(area, page);
	bool good = read_page(area, page, got);

	count(K_VERIFY);
	judge_page(area, id, page, place, good ? got : NULL);
}

void verify(const struct area *area, long first, long pages)
{
	long i;

	for (i = first; i < first + pages; i++)
		verify_page(area, area->id, i);
}

void rewrite_page(struct area *area, long page)
{
	static uint64_t content[WORDS];
	uint64_t place = page_place(area, page);

	if (area->keep && !page)
		return;
	area->version[page]++;
	area->lost[page] = 0;
	make_content(content, area->id, page, area->version[page]);
	if (sigsetjmp(bus_error, 1)) {
		/* the old content could not be read, to be overwritten */
		reading = 0;
		add(&shared->lost, 1);
		area->lost[page] = 1;
		report_loss(area, page, place, NULL, content);
		return;
	}
	reading = 1;
	memcpy(area->mem + page * PAGE, content, PAGE);
	reading = 0;
}

static void rewrite(struct area *area, long first, long pages)
{
	long i;

	for (i = first; i < first + pages; i++)
		rewrite_page(area, i);
	count(K_REWRITE);
}

void pageout(const struct area *area, long first, long pages, bool with_faults)
{
	/* nothing is read from swap here, so that a failed request is a write */
	if (with_faults)
		faults_arm(true);
	madvise(area->mem + first * PAGE, pages * PAGE, MADV_PAGEOUT);
	if (with_faults)
		faults_arm(false);
	count(K_PAGEOUT);
}

static long count_swapped(const struct area *area)
{
	long i, swapped = 0;

	for (i = 0; i < 64 && i < area->pages; i++)
		swapped += place_is_swap(page_place(area, i));
	return swapped;
}

/* A range that begins anywhere. */
static long draw_range(struct rng *rng, const struct area *area, long max, long *first)
{
	long pages = 1 + rng_below(rng, max);

	*first = rng_below(rng, area->pages);
	return *first + pages > area->pages ? area->pages - *first : pages;
}

/*
 * A child shares all pages with its parent, writes to some of them, and in the
 * end leaves with what it has in swap.
 */
static void child(struct area *area, struct area *common, uint64_t id, struct rng rng)
{
	struct area own = *area;
	long first, pages, i, steps = 2 + rng_below(&rng, 6);
	bool verified = rng_one_in(&rng, 2);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pages = draw_range(&rng, area, MAX_RANGE, &first);
	verify(area, first, pages);
	/* from here on what it writes is its own; one in three, so that neighbours differ */
	own.id = id;
	own.mem += first * PAGE;
	own.lost += first;
	own.version += first;
	own.pages = pages;
	own.keep = false;
	for (i = 0; i < pages; i += 3)
		rewrite_page(&own, i);
	while (steps-- && running()) {
		pageout(&own, 0, pages, false);
		if (rng_one_in(&rng, 3))
			verify(common, rng_below(&rng, common->pages), 1);
		sleep_ms(rng_below(&rng, 200));
	}
	for (i = 0; verified && i < pages; i++) {
		if (i % 3 == 0)
			verify_page(&own, own.id, i);
		else
			verify_page(area, area->id, first + i);
	}
	pageout(&own, 0, pages, false);
	pageout(area, 0, area->pages < 64 ? area->pages : 64, false);
	if (count_swapped(&own) || count_swapped(area))
		count(K_EXIT_IN_SWAP);
	_exit(0);
}

static int live_children;

static void reap_children(int task, bool all)
{
	pid_t pid;
	int status;

	while (live_children && (pid = waitpid(-1, &status, all ? 0 : WNOHANG)) != 0) {
		if (pid < 0 && errno == EINTR)
			continue;
		live_children--;
		if (pid > 0 && (WIFSIGNALED(status) || WEXITSTATUS(status)))
			problem("a child of %s ended with status %#x", shared->tasks[task].name,
				status);
	}
}

static void fork_child(int task, struct area *area, struct area *common, struct rng *rng)
{
	struct rng of_child = { rng_next(rng) };
	uint64_t id = rng_next(rng) | 1;
	pid_t pid;

	if (live_children >= MAX_CHILDREN)
		return;
	pid = fork();
	if (!pid)
		child(area, common, id, of_child);
	if (pid < 0)
		return;
	live_children++;
	count(K_FORK);
	(void)task;
}

static void worker_step(int task, struct area *area, struct area *common, struct rng *rng)
{
	bool with_faults = rng_one_in(rng, 6);
	long first, pages;

	switch (rng_below(rng, 16)) {
	case 0 ... 4:
		pages = draw_range(rng, area, 2 * MAX_RANGE, &first);
		pageout(area, first, pages, with_faults);
		break;
	case 5 ... 6:
		pages = draw_range(rng, area, MAX_RANGE, &first);
		verify(area, first, pages);
		break;
	case 7:
		/* single pages all over, the pattern that readahead does not like */
		for (pages = 0; pages < 16; pages++)
			verify(area, rng_below(rng, area->pages), 1);
		break;
	case 8:
		pages = draw_range(rng, area, MAX_REWRITE, &first);
		rewrite(area, first, pages);
		break;
	case 9:
		pages = draw_range(rng, area, MAX_REWRITE, &first);
		if (area->keep && !first)
			break;
		madvise(area->mem + first * PAGE, pages * PAGE, MADV_DONTNEED);
		count(K_DISCARD);
		rewrite(area, first, pages);
		break;
	case 10:
		pages = draw_range(rng, area, MAX_RANGE, &first);
		madvise(area->mem + first * PAGE, pages * PAGE, MADV_WILLNEED);
		break;
	case 11 ... 12:
		pages = draw_range(rng, common, MAX_RANGE, &first);
		pageout(common, first, pages, with_faults);
		break;
	case 13:
		pages = draw_range(rng, common, MAX_RANGE, &first);
		verify(common, first, pages);
		count(K_SHARED);
		break;
	case 14:
		/* children compare shared pages with the versions of their birth */
		pages = draw_range(rng, common, MAX_REWRITE, &first);
		if (!live_children)
			rewrite(common, first, pages);
		break;
	case 15:
		fork_child(task, area, common, rng);
		break;
	}
}

/*
 * The way to see that a loss is found: one byte of a page changes behind its
 * owner's back while the page is in swap, or just back from it.
 */
static void corrupt(struct area *area)
{
	area->keep = true;
	verify(area, 0, 1);
	pageout(area, 0, 1, false);
	area->mem[1234] ^= 1;
	pageout(area, 0, 1, false);
	say("one byte of a page was changed on purpose");
}

void catch_bus_errors(void)
{
	struct sigaction action = { .sa_handler = on_bus_error };

	sigaction(SIGBUS, &action, NULL);
}

/* A task with pages of its own and shared ones, all of which are compared at the end. */
void worker(int task, long pages)
{
	struct area area, common;
	long long half = now() + 20 * NS_PER_SEC;
	long step = 0;

	catch_bus_errors();
	/* its own code and stack stay; what it maps from here on does not */
	mlockall(MCL_CURRENT);
	if (!area_make(&area, task, 2 * task + 1, pages, false, -1) ||
	    !area_make(&common, task, 2 * task + 2, pages / 4, true, -1)) {
		problem("%s: no memory", shared->tasks[task].name);
		return;
	}
	if (task % 2)
		madvise(area.mem, area.pages * PAGE, MADV_HUGEPAGE);
	rewrite(&area, 0, area.pages);
	rewrite(&common, 0, common.pages);
	while (running()) {
		struct rng rng = rng_step(task, step);

		shared->tasks[task].step = step++;
		begin(task, "step %ld", step);
		if (torture_corrupt && task == 0 && !area.keep && now() > half)
			corrupt(&area);
		worker_step(task, &area, &common, &rng);
		end(task);
		reap_children(task, false);
		if (rng_one_in(&rng, 8))
			sleep_ms(rng_below(&rng, 50));
	}
	begin(task, "waiting for its children");
	reap_children(task, true);
	end(task);
	/* the last commands are issued meanwhile: let them have something to write */
	pageout(&area, 0, area.pages, false);
	pageout(&common, 0, common.pages, false);
	__atomic_store_n(&shared->tasks[task].waiting, true, __ATOMIC_RELEASE);
	while (shared->phase != PHASE_VERIFY)
		sleep_ms(50);
	begin(task, "comparing all pages");
	verify(&area, 0, area.pages);
	verify(&common, 0, common.pages);
	end(task);
	/* and leave with pages in swap */
	pageout(&area, 0, area.pages, false);
}

/*
 * A process that stores pages in a cgroup, or on a node, leaves the cgroup with
 * the pages staying behind, and compares them after a while.
 */
void guest(int id, int cgroup, int node, long pages, long ms)
{
	char path[PATH_SIZE], procs[PATH_SIZE + 16];
	long long until = now() + ms * NS_PER_MS;
	struct area area;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	catch_bus_errors();
	if (cgroup >= 0) {
		cgroup_path(cgroup, path, sizeof(path));
		snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
		if (put(procs, "%d", getpid()))
			_exit(0);
	}
	if (!area_make(&area, 0, 0x10000ULL + id, pages, false, node))
		_exit(0);
	rewrite(&area, 0, pages);
	pageout(&area, 0, pages, false);
	if (cgroup >= 0)
		put(CGROUPS "/torture/c1/cgroup.procs", "%d", getpid());
	while (running() && now() < until) {
		sleep_ms(100);
		pageout(&area, 0, pages, false);
		verify(&area, 0, pages / 8);
	}
	verify(&area, 0, pages);
	area_free(&area);
	_exit(0);
}
