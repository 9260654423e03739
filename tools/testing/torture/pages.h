/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages whose content is known, for the tasks that own some.
 */
#ifndef TORTURE_PAGES_H
#define TORTURE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "torture.h"

#define WORDS		(PAGE / sizeof(uint64_t))

/**
 * struct area - pages with known content
 * @task: the task in whose name losses are reported
 * @id: of the content, unlike any other area's
 * @mem: the pages
 * @pages: how many
 * @version: of each page
 * @lost: for each page: a loss has been reported; shared with children
 * @keep: the first page is never written again
 */
struct area {
	int task;
	uint64_t id;
	unsigned char *mem;
	long pages;
	uint32_t *version;
	unsigned char *lost;
	bool keep;
};

bool area_make(struct area *area, int task, uint64_t id, long pages, bool is_shared, int node);
void catch_bus_errors(void);

void rewrite_page(struct area *area, long page);
void pageout(const struct area *area, long first, long pages, bool with_faults);
/* Compares pages with what they should be. */
void verify(const struct area *area, long first, long pages);
/* The content of a page; false if it cannot be read. */
bool read_page(const struct area *area, long page, uint64_t *got);
/* The page was at @place and held @got, or NULL: is it lost? */
void judge_page(const struct area *area, uint64_t id, long page, uint64_t place,
		const uint64_t *got);

uint64_t page_place(const struct area *area, long page);
bool place_is_swap(uint64_t place);
/* The slot of a place that is swap, and the number of its device. */
uint64_t place_slot(uint64_t place, unsigned int *type);
/* Its name, in PATH_SIZE bytes; false if there is none. */
bool device_name(unsigned int type, char *name);

#endif
