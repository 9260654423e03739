/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs of the benchmark share: how they stop, their clock, their
 * data, and small files.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE		4096UL
/* Pages in one madvise(); also how far apart the clock is read. */
#define CHUNK		1000UL
#define TICKS_PER_INSN	2

#define ANY_NODE	(-1)

#define STORED		"/sys/kernel/debug/zswap/stored_pages"
#define COMMAND		"/sys/kernel/mm/zswap/proactive_writeback"

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);
/* A line of progress. */
__attribute__((format(printf, 1, 2)))
void progress(const char *fmt, ...);

static inline uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

/* Ends the program if the clock does not count instructions. */
void check_clock(void);
void stay_on_cpu(int cpu);

uint32_t next_random(uint32_t *state);
/* Before the first fill(). */
void make_templates(void);
/* No two pages are the same. */
void stamp(char *page, unsigned long nr);
/* Page @nr of the data that is the same in each run. */
void fill(char *page, unsigned long nr);

/* Puts the smallest first. */
void sort_numbers(uint64_t *value, size_t nr);

/* Anonymous memory, on @node if that is not ANY_NODE. */
char *map_pages(unsigned long pages, int node);
void page_out(char *p, unsigned long pages);
/* A fault, if the page is not in memory. */
static inline void load_page(const char *page)
{
	(void)*(const volatile char *)page;
}

static inline unsigned long chunk_at(unsigned long i, unsigned long pages)
{
	return pages - i < CHUNK ? pages - i : CHUNK;
}

/* The file's size; there has to be room for all of it. */
size_t read_text(const char *path, char *text, size_t size);
void write_text(const char *path, const char *text);
long read_number(const char *path);
/* The number behind @key at the beginning of a line, or -1. */
long read_key(const char *path, const char *key);

long read_stored(void);
void must_store(long expected);

#endif
