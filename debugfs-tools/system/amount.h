/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic on numbers that may not be known, or be absurdly large: what is not known
 * (negative) stays so, what is too large is the largest there is.
 */
#pragma once

#include "system/parse.h"

#define PPM	1000000

num amount_add(num a, num b);
num amount_times(num a, num b);
/* @part * @scale / @whole; -ENODATA if @whole is 0. */
num amount_ratio(num part, num whole, num scale);
/* How far a counter came; -ESTALE if it was set back. */
num amount_since(num now, num before);
/* @pages in bytes, with the page size of the system that is looked at. */
num amount_bytes(num pages);
num amount_page_size(void);
/* That of a recorded tree; negative: it does not say. */
void amount_set_page_size(num bytes);

/* Add what is in the struct at @more to that at @sum. */
void counters_add(const struct counter *list, int nr, void *sum, const void *more);
/* Add what @row counts to @sum: pages, bytes, incompressible, written, ... */
void amount_add_row(struct age_bucket *sum, const struct age_bucket *row);
/* The rows that begin at @age or later, taken together: what is certainly that old; 0: all. */
struct age_bucket amount_colder(const struct age_table *table, num age);
/* Do the buckets begin at the same ages? */
bool amount_same_bounds(const struct age_table *a, const struct age_table *b);
/*
 * Add @table to @sum, which is empty at first (nr is 0).  -ESTALE: the tables do not have
 * the same bounds.
 */
int amount_add_table(struct age_table *sum, const struct age_table *table);
/* The bucket that @age is in. */
int amount_bucket(const struct age_table *table, num age);
/* Seconds: where the oldest bucket that has pages begins; -ENODATA if none has. */
num amount_oldest(const struct age_table *table);
