// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

#define TEMPLATES	256
#define WORDS		64
/* From linux/mempolicy.h, so that neither kernel headers nor libnuma are needed. */
#define BENCH_MPOL_BIND	2
/* /proc/vmstat and memory.stat are the longest. */
#define TEXT_MAX	32768

static char templates[TEMPLATES][PAGE];

void die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void progress(const char *fmt, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* ------------------------------------------------------------------ clock */

/* A loop of two instructions, short enough to see no timer interrupt. */
void check_clock(void)
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

void stay_on_cpu(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("sched_setaffinity: %s", strerror(errno));
}

/* ------------------------------------------------------------------- data */

uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Words of a small vocabulary: lzo makes half of it. */
void make_templates(void)
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

void stamp(char *page, unsigned long nr)
{
	uint32_t state = nr + 1;
	size_t i;

	for (i = 0; i < PAGE; i += 512)
		*(uint32_t *)(page + i) = next_random(&state);
}

void fill(char *page, unsigned long nr)
{
	memcpy(page, templates[nr % TEMPLATES], PAGE);
	stamp(page, nr);
}

/* ---------------------------------------------------------------- numbers */

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void sort_numbers(uint64_t *value, size_t nr)
{
	qsort(value, nr, sizeof(*value), compare);
}

/* ----------------------------------------------------------------- memory */

char *map_pages(unsigned long pages, int node)
{
	unsigned long mask = 1UL << node;
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap of %lu pages: %s", pages, strerror(errno));
	if (node != ANY_NODE &&
	    syscall(SYS_mbind, p, pages * PAGE, BENCH_MPOL_BIND, &mask, sizeof(mask) * 8, 0))
		die("mbind to node %d: %s", node, strerror(errno));
	return p;
}

void page_out(char *p, unsigned long pages)
{
	if (madvise(p, pages * PAGE, MADV_PAGEOUT))
		die("MADV_PAGEOUT: %s", strerror(errno));
}

/* ------------------------------------------------------------ small files */

size_t read_text(const char *path, char *text, size_t size)
{
	size_t sum = 0;
	ssize_t len;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	while ((len = read(fd, text + sum, size - 1 - sum)) > 0)
		sum += len;
	if (len < 0)
		die("%s: %s", path, strerror(errno));
	if (sum == size - 1)
		die("%s is longer than %zu bytes", path, size);
	close(fd);
	text[sum] = '\0';
	return sum;
}

void write_text(const char *path, const char *text)
{
	ssize_t len = strlen(text);
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	if (write(fd, text, len) != len)
		die("writing '%s' to %s: %s", text, path, strerror(errno));
	close(fd);
}

long read_number(const char *path)
{
	char text[64];

	if (!read_text(path, text, sizeof(text)))
		die("%s is empty", path);
	return atol(text);
}

long read_key(const char *path, const char *key)
{
	char text[TEXT_MAX], *line = text;
	size_t len = strlen(key);

	read_text(path, text, sizeof(text));
	for (;;) {
		if (!strncmp(line, key, len) && (line[len] == ' ' || line[len] == ':'))
			return atol(line + len + 1);
		line = strchr(line, '\n');
		if (!line)
			return -1;
		line++;
	}
}

long read_stored(void)
{
	return read_number(STORED);
}

void must_store(long expected)
{
	long stored = read_stored();

	if (stored != expected)
		die("zswap has %ld pages and should have %ld", stored, expected);
}
