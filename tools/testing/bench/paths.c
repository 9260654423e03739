// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a page costs on its way into zswap, out of it, and when it is freed
 * there, in instructions of the whole guest.
 *
 *	paths rounds PAGES ROUNDS	store, load and free, some rounds of it; and free
 *					pages whose neighbours have no neighbouring slots
 *	paths command PAGES ROUNDS	the same, after a command has written pages
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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

#define TABLE_READS	50

/* ----------------------------------------------------------------- paths */

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

/* The slots of pages side by side are not: each is freed on its own */
static void store_scattered(char *p, unsigned long pages)
{
	unsigned long i, first;

	for (first = 0; first < 2; first++)
		for (i = first; i < pages; i += 2)
			page_out(p + i * PAGE, 1);
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

static char *map_filled(unsigned long pages)
{
	char *p = map_pages(pages, ANY_NODE);
	unsigned long i;

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
	char *p;

	progress("round %lu of %lu", round, rounds);
	p = map_filled(pages);
	result("store", round, store(p, pages));
	must_store(pages);
	result("load", round, load(p, pages));
	must_store(0);
	must_be_same(p, pages);
	store(p, pages);
	must_store(pages);
	result("free", round, release(p, pages));
	must_store(0);

	p = map_filled(pages);
	store_scattered(p, pages);
	must_store(pages);
	result("scattered", round, release(p, pages));
	must_store(0);
}

/* Have a command write pages, so that the kernel remembers them from here on. */
static char *write_back(unsigned long pages)
{
	char *p = map_filled(pages);

	store(p, pages);
	must_store(pages);
	/* An age is up to one second late. */
	sleep(2);
	write_text(COMMAND, "age=0");
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

	progress("storing %lu pages", pages);
	p = map_pages(pages, ANY_NODE);
	/* A chunk at a time: all at once would not fit into memory. */
	for (i = 0; i < pages; i += CHUNK) {
		n = chunk_at(i, pages);
		for (j = i; j < i + n; j++)
			stamp(p + j * PAGE, j);
		page_out(p + i * PAGE, n);
		if (i && i % 50000 == 0)
			progress("%lu of %lu", i, pages);
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
	unsigned long pages, rounds, round;
	char *written = NULL;
	int i;

	stay_on_cpu(0);
	must_store(0);
	check_clock();

	if (argc > 3 && !strcmp(argv[1], "table")) {
		for (i = 3; i < argc; i++)
			read_table(argv[2], strtoul(argv[i], NULL, 10));
		return 0;
	}
	if (argc != 4 || (strcmp(argv[1], "rounds") && strcmp(argv[1], "command")))
		die("usage: paths rounds|command PAGES ROUNDS\n"
		    "       paths table FILE PAGES...");
	pages = strtoul(argv[2], NULL, 10);
	rounds = strtoul(argv[3], NULL, 10);
	make_templates();
	if (!strcmp(argv[1], "command"))
		written = write_back(CHUNK);
	for (round = 1; round <= rounds; round++)
		one_round(pages, round, rounds);
	if (written)
		munmap(written, CHUNK * PAGE);
	return 0;
}
