// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a page costs on its way into zswap, out of it, and when it is freed
 * there, in instructions of the whole guest.
 *
 *	paths rounds PAGES ROUNDS	store, load and free, some rounds of it
 *	paths command PAGES ROUNDS	the same, after a command has written pages
 *	paths aged PAGES ROUNDS SECONDS	the same, stored in that many different
 *					seconds, then in random order
 *	paths table FILE PAGES...	read FILE with that many pages in zswap
 *
 * It runs under -icount shift=1: each instruction lets the TSC, whose unit is a
 * nanosecond there, go on by two.  That is measured first, and if it is not so
 * there is no result.
 *
 * The data is the same in each run.  Nothing but this program may have pages in
 * zswap, so that stored_pages tells whether all of them got there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
/* Pages in one madvise(); also how far apart the clock is read. */
#define CHUNK		1000UL
#define TEMPLATES	256
#define WORDS		64
#define TICKS_PER_INSN	2
#define TABLE_READS	50
/* Seconds from batch to batch. */
#define BATCH_GAP	3
/* A batch begins so far into its second: the kernel's clock is a tick late. */
#define BATCH_NSEC	100000000L

#define STORED		"/sys/kernel/debug/zswap/stored_pages"
#define COMMAND		"/sys/kernel/mm/zswap/proactive_writeback"

static char templates[TEMPLATES][PAGE];

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("paths: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* ------------------------------------------------------------------ clock */

static inline uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

/* A loop of two instructions, short enough to see no timer interrupt. */
static void check_clock(void)
{
	const unsigned long turns = 5000;
	uint64_t best = UINT64_MAX;
	double per_insn;
	int i;

	for (i = 0; i < 20; i++) {
		unsigned long n = turns;
		uint64_t start = ticks();

		asm volatile("1: dec %0\n\tjnz 1b" : "+r"(n) : : "cc");
		start = ticks() - start;
		if (start < best)
			best = start;
	}
	per_insn = (double)best / (2 * turns);
	printf("ticks %.3f\n", per_insn);
	if (per_insn < TICKS_PER_INSN * 0.99 || per_insn > TICKS_PER_INSN * 1.01)
		die("the clock does not count instructions: run under -icount shift=1");
}

/* ------------------------------------------------------------------- data */

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Words of a small vocabulary: lzo makes half of it. */
static void make_templates(void)
{
	char words[WORDS][12];
	uint32_t state = 20250107;
	size_t i, j, len;

	for (i = 0; i < WORDS; i++) {
		len = 2 + next_random(&state) % 9;
		for (j = 0; j < len; j++)
			words[i][j] = 'a' + next_random(&state) % 26;
		words[i][len] = ' ';
		words[i][len + 1] = '\0';
	}
	for (i = 0; i < TEMPLATES; i++) {
		for (j = 0; j < PAGE; j += len) {
			const char *word = words[next_random(&state) % WORDS];

			len = strlen(word);
			if (len > PAGE - j)
				len = PAGE - j;
			memcpy(templates[i] + j, word, len);
		}
	}
}

/* No two pages are the same. */
static void stamp(char *page, unsigned long nr)
{
	uint32_t state = nr + 1;
	size_t i;

	for (i = 0; i < PAGE; i += 512)
		*(uint32_t *)(page + i) = next_random(&state);
}

static void fill(char *page, unsigned long nr)
{
	memcpy(page, templates[nr % TEMPLATES], PAGE);
	stamp(page, nr);
}

/* ---------------------------------------------------------------- system */

static long read_stored(void)
{
	char text[32];
	ssize_t len;
	int fd = open(STORED, O_RDONLY);

	if (fd < 0)
		die("%s: %s", STORED, strerror(errno));
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		die("%s cannot be read", STORED);
	text[len] = '\0';
	return atol(text);
}

static char *map_pages(unsigned long pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap of %lu pages: %s", pages, strerror(errno));
	return p;
}

static void page_out(char *p, unsigned long pages)
{
	if (madvise(p, pages * PAGE, MADV_PAGEOUT))
		die("MADV_PAGEOUT: %s", strerror(errno));
}

static void must_store(long expected)
{
	long stored = read_stored();

	if (stored != expected)
		die("zswap has %ld pages and should have %ld", stored, expected);
}

/* ----------------------------------------------------------------- paths */

static unsigned long chunk_at(unsigned long i, unsigned long pages)
{
	return pages - i < CHUNK ? pages - i : CHUNK;
}

static uint64_t store(char *p, unsigned long pages)
{
	uint64_t start, sum = 0;
	unsigned long i;

	for (i = 0; i < pages; i += CHUNK) {
		start = ticks();
		page_out(p + i * PAGE, chunk_at(i, pages));
		sum += ticks() - start;
	}
	return sum / TICKS_PER_INSN;
}

static void load_page(char *page)
{
	(void)*(volatile char *)page;
}

static uint64_t load(char *p, unsigned long pages)
{
	uint64_t start = ticks();
	unsigned long i;

	for (i = 0; i < pages; i++)
		load_page(p + i * PAGE);
	return (ticks() - start) / TICKS_PER_INSN;
}

static uint64_t release(char *p, unsigned long pages)
{
	uint64_t start, sum = 0;
	unsigned long i, n;

	for (i = 0; i < pages; i += CHUNK) {
		n = chunk_at(i, pages);
		start = ticks();
		if (munmap(p + i * PAGE, n * PAGE))
			die("munmap: %s", strerror(errno));
		sum += ticks() - start;
	}
	return sum / TICKS_PER_INSN;
}

/* ------------------------------------------------- paths, pages of all ages */

/*
 * At random over all batches, and no two pages of a batch in a row: whoever
 * remembers a few seconds of stores hardly ever meets one of them again.  The
 * order is the same in each run.
 */
static unsigned long *make_order(unsigned long pages, unsigned long batch)
{
	unsigned long *order = malloc(pages * sizeof(*order));
	uint32_t state = 20250108;
	unsigned long i, j, page;
	int tries;

	if (!order)
		die("no memory for the order of %lu pages", pages);
	for (i = 0; i < pages; i++)
		order[i] = i;
	for (i = 0; i < pages; i++) {
		/* Those that are left at the end may all be of one batch. */
		for (tries = 0; tries < 100; tries++) {
			j = i + next_random(&state) % (pages - i);
			if (!i || order[j] / batch != order[i - 1] / batch)
				break;
		}
		page = order[j];
		order[j] = order[i];
		order[i] = page;
	}
	return order;
}

static struct timespec boottime(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_BOOTTIME, &now))
		die("clock_gettime: %s", strerror(errno));
	return now;
}

/* Each batch in a second of its own.  The clock of an idle guest jumps there. */
static uint64_t store_aged(char *p, unsigned long pages, unsigned long batch)
{
	struct timespec when = boottime();
	uint64_t start, sum = 0;
	unsigned long i;

	when.tv_nsec = BATCH_NSEC;
	for (i = 0; i < pages; i += batch) {
		when.tv_sec += BATCH_GAP;
		errno = clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &when, NULL);
		if (errno)
			die("clock_nanosleep: %s", strerror(errno));
		start = ticks();
		page_out(p + i * PAGE, batch);
		sum += ticks() - start;
		if (boottime().tv_sec != when.tv_sec)
			die("storing %lu pages took more than their second", batch);
	}
	return sum / TICKS_PER_INSN;
}

static void release_page(char *page)
{
	if (madvise(page, PAGE, MADV_DONTNEED))
		die("MADV_DONTNEED: %s", strerror(errno));
}

/* Each page is to leave zswap by itself, so there is a look at it now and then. */
static uint64_t in_order(char *p, const unsigned long *order, unsigned long pages,
			 void (*leave)(char *page))
{
	uint64_t start, sum = 0;
	unsigned long i, j, n;

	for (i = 0; i < pages; i += CHUNK) {
		n = chunk_at(i, pages);
		start = ticks();
		for (j = i; j < i + n; j++)
			leave(p + order[j] * PAGE);
		sum += ticks() - start;
		must_store(pages - i - n);
	}
	return sum / TICKS_PER_INSN;
}

/* ---------------------------------------------------------------- rounds */

static void must_be_same(const char *p, unsigned long pages)
{
	char expected[PAGE];
	unsigned long i;

	for (i = 0; i < pages; i++) {
		fill(expected, i);
		if (memcmp(expected, p + i * PAGE, PAGE))
			die("page %lu came back with other content", i);
	}
}

static char *begin_round(unsigned long pages, unsigned long round, unsigned long rounds)
{
	unsigned long i;
	char *p;

	printf("# round %lu of %lu\n", round, rounds);
	fflush(stdout);
	p = map_pages(pages);
	for (i = 0; i < pages; i++)
		fill(p + i * PAGE, i);
	return p;
}

static void result(const char *path, unsigned long round, uint64_t instructions)
{
	printf("%s %lu %llu\n", path, round, (unsigned long long)instructions);
	fflush(stdout);
}

static void one_round(unsigned long pages, unsigned long round, unsigned long rounds)
{
	char *p = begin_round(pages, round, rounds);

	result("store", round, store(p, pages));
	must_store(pages);
	result("load", round, load(p, pages));
	must_store(0);
	must_be_same(p, pages);
	store(p, pages);
	must_store(pages);
	result("free", round, release(p, pages));
	must_store(0);
}

static void one_aged_round(unsigned long pages, unsigned long round, unsigned long rounds,
			   unsigned long batch, const unsigned long *order)
{
	char *p = begin_round(pages, round, rounds);

	result("store", round, store_aged(p, pages, batch));
	must_store(pages);
	result("load", round, in_order(p, order, pages, load_page));
	must_be_same(p, pages);
	store_aged(p, pages, batch);
	must_store(pages);
	result("free", round, in_order(p, order, pages, release_page));
	munmap(p, pages * PAGE);
}

/* Have a command write pages, so that the kernel remembers them from here on. */
static char *write_back(unsigned long pages)
{
	char *p = map_pages(pages);
	unsigned long i;
	int fd;

	for (i = 0; i < pages; i++)
		fill(p + i * PAGE, i);
	store(p, pages);
	must_store(pages);
	fd = open(COMMAND, O_WRONLY);
	if (fd < 0)
		die("%s: %s", COMMAND, strerror(errno));
	/* An age is up to one second late. */
	sleep(2);
	if (write(fd, "age=0", 5) != 5)
		die("age=0: %s", strerror(errno));
	close(fd);
	must_store(0);
	return p;
}

static void read_table(const char *file, unsigned long pages)
{
	uint64_t start, best = UINT64_MAX;
	unsigned long i, j, n;
	char *p, text[8192];
	ssize_t len = 0;
	int fd;

	printf("# storing %lu pages\n", pages);
	fflush(stdout);
	p = map_pages(pages);
	/* A chunk at a time: all at once would not fit into memory. */
	for (i = 0; i < pages; i += CHUNK) {
		n = chunk_at(i, pages);
		for (j = i; j < i + n; j++)
			stamp(p + j * PAGE, j);
		page_out(p + i * PAGE, n);
		if (i && i % 50000 == 0) {
			printf("# %lu of %lu\n", i, pages);
			fflush(stdout);
		}
	}
	must_store(pages);
	for (i = 0; i < TABLE_READS; i++) {
		start = ticks();
		fd = open(file, O_RDONLY);
		if (fd >= 0) {
			len = read(fd, text, sizeof(text));
			close(fd);
		}
		start = ticks() - start;
		if (fd < 0 || len <= 0)
			die("%s: %s", file, strerror(errno));
		if (start < best)
			best = start;
	}
	printf("table %lu %llu\n", pages, (unsigned long long)best / TICKS_PER_INSN);
	munmap(p, pages * PAGE);
	must_store(0);
}

int main(int argc, char **argv)
{
	unsigned long pages, rounds, round, seconds = 0, *order;
	cpu_set_t cpus;
	char *written = NULL;
	int i;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("sched_setaffinity: %s", strerror(errno));
	must_store(0);
	check_clock();

	if (argc > 3 && !strcmp(argv[1], "table")) {
		for (i = 3; i < argc; i++)
			read_table(argv[2], strtoul(argv[i], NULL, 10));
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "aged"))
		seconds = strtoul(argv[4], NULL, 10);
	else if (argc != 4 || (strcmp(argv[1], "rounds") && strcmp(argv[1], "command")))
		die("usage: paths rounds|command PAGES ROUNDS\n"
		    "       paths aged PAGES ROUNDS SECONDS\n"
		    "       paths table FILE PAGES...");
	pages = strtoul(argv[2], NULL, 10);
	rounds = strtoul(argv[3], NULL, 10);
	make_templates();
	if (seconds) {
		if (pages < seconds || pages % seconds)
			die("%lu pages cannot be stored in %lu equal batches", pages, seconds);
		order = make_order(pages, pages / seconds);
		for (round = 1; round <= rounds; round++)
			one_aged_round(pages, round, rounds, pages / seconds, order);
		free(order);
		return 0;
	}
	if (!strcmp(argv[1], "command"))
		written = write_back(CHUNK);
	for (round = 1; round <= rounds; round++)
		one_round(pages, round, rounds);
	if (written)
		munmap(written, CHUNK * PAGE);
	return 0;
}
