// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel has reached */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define KCOV		"/sys/kernel/debug/kcov"

#define KCOV_INIT_TRACE	_IOR('c', 1, unsigned long)
#define KCOV_ENABLE	_IO('c', 100)
/* of the trace of one call */
#define KCOV_WORDS	(1UL << 16)

static uint64_t *cover;
/* one bit for each hash of an edge: two that share one cost an input that is not kept */
static uint8_t edge_seen[1 << 18];
/* a hash table */
static uint64_t pc_seen[1 << 15];
unsigned long nr_pcs, nr_edges;

void cover_open(void)
{
	int fd = open(KCOV, O_RDWR);

	if (fd < 0) {
		printf("# this kernel has no KCOV: inputs are random only\n");
		return;
	}
	if (ioctl(fd, KCOV_INIT_TRACE, KCOV_WORDS))
		die("KCOV_INIT_TRACE: %s", strerror(errno));
	cover = mmap(NULL, KCOV_WORDS * sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (cover == MAP_FAILED)
		die("mmap of KCOV: %s", strerror(errno));
	/* Once for all: a store to the first word begins a new trace. */
	if (ioctl(fd, KCOV_ENABLE, 0))
		die("KCOV_ENABLE: %s", strerror(errno));
}

bool cover_there(void)
{
	return cover;
}

void cover_begin(void)
{
	if (cover)
		__atomic_store_n(&cover[0], 0, __ATOMIC_RELAXED);
}

unsigned long cover_end(void)
{
	return cover ? __atomic_load_n(&cover[0], __ATOMIC_RELAXED) : 0;
}

static void pc_add(uint64_t pc)
{
	unsigned int i = (pc * 0x9e3779b97f4a7c15ULL) >> 49;

	while (pc_seen[i] && pc_seen[i] != pc)
		i = (i + 1) % ARRAY_SIZE(pc_seen);
	if (!pc_seen[i] && nr_pcs < ARRAY_SIZE(pc_seen) / 2) {
		pc_seen[i] = pc;
		nr_pcs++;
	}
}

/* Has the run reached an edge that none has before? */
bool cover_new(unsigned long nr)
{
	uint64_t last = 0;
	bool new = false;
	unsigned long i;

	for (i = 1; i <= nr; i++) {
		uint64_t edge = ((last >> 1 ^ cover[i]) * 0x9e3779b97f4a7c15ULL) >> 43;

		last = cover[i];
		if (edge_seen[edge >> 3] >> (edge & 7) & 1)
			continue;
		edge_seen[edge >> 3] |= 1 << (edge & 7);
		nr_edges++;
		new = true;
		pc_add(cover[i]);
	}
	return new;
}

static int compare_pcs(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* A line "pcs FUNCTION NUMBER" for each function that was reached. */
void cover_print(void)
{
	char line[256], type, name[128], last_name[128] = "";
	uint64_t *pcs = calloc(nr_pcs + 1, sizeof(*pcs)), start;
	unsigned long i, n = 0, at = 0;
	FILE *symbols;

	for (i = 0; i < ARRAY_SIZE(pc_seen); i++) {
		if (pc_seen[i])
			pcs[n++] = pc_seen[i];
	}
	qsort(pcs, n, sizeof(*pcs), compare_pcs);
	symbols = fopen("/proc/kallsyms", "r");
	while (symbols && at < n && fgets(line, sizeof(line), symbols)) {
		unsigned long in_last = 0;

		/* They come in the order of their addresses. */
		if (sscanf(line, "%lx %c %127s", &start, &type, name) != 3 || !strchr("tTwW", type))
			continue;
		while (at < n && pcs[at] < start) {
			in_last++;
			at++;
		}
		if (in_last)
			printf("pcs %s %lu\n", last_name[0] ? last_name : "?", in_last);
		snprintf(last_name, sizeof(last_name), "%s", name);
	}
	if (symbols)
		fclose(symbols);
	free(pcs);
}
