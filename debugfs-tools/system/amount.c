// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sums, ratios and differences of what the kernel counts.
 */
#include "system/amount.h"

num amount_add(num a, num b)
{
	num sum;

	if (a < 0 || b < 0)
		return a < 0 ? a : b;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

num amount_times(num a, num b)
{
	num product;

	if (a < 0 || b < 0)
		return a < 0 ? a : b;
	return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

num amount_ratio(num part, num whole, num scale)
{
	__int128 ratio;

	if (part < 0 || whole < 0)
		return part < 0 ? part : whole;
	if (!whole)
		return -ENODATA;
	ratio = (__int128)part * scale / whole;
	return ratio > INT64_MAX ? INT64_MAX : ratio;
}

num amount_since(num now, num before)
{
	if (now < 0 || before < 0)
		return now < 0 ? now : before;
	return now < before ? -ESTALE : now - before;
}

static num page_size;

void amount_set_page_size(num bytes)
{
	/* A recording of before they told it was made on 4K pages, as far as is known */
	page_size = bytes >= 4096 && bytes <= 1 << 20 && !(bytes & (bytes - 1)) ? bytes : 4096;
}

num amount_page_size(void)
{
	return page_size ? page_size : sysconf(_SC_PAGESIZE);
}

num amount_bytes(num pages)
{
	return amount_times(pages, amount_page_size());
}

void counters_add(const struct counter *list, int nr, void *sum, const void *more)
{
	for (int i = 0; i < nr; i++) {
		num *to = counter_at(sum, &list[i]);

		*to = amount_add(*to, counter_value(more, &list[i]));
	}
}

void amount_add_row(struct age_bucket *sum, const struct age_bucket *row)
{
	counters_add(age_counters, NR_AGE_COUNTERS, sum, row);
}

struct age_bucket amount_colder(const struct age_table *table, num age)
{
	struct age_bucket total = { .min_age = age, .max_age = AGE_NO_BOUND };

	for (int i = 0; i < table->nr; i++) {
		if (table->bucket[i].min_age >= age)
			amount_add_row(&total, &table->bucket[i]);
	}
	return total;
}

bool amount_same_bounds(const struct age_table *a, const struct age_table *b)
{
	for (int i = 0; i < a->nr && a->nr == b->nr; i++) {
		if (a->bucket[i].min_age != b->bucket[i].min_age)
			return false;
	}
	return a->nr == b->nr;
}

int amount_add_table(struct age_table *sum, const struct age_table *table)
{
	if (!sum->nr) {
		*sum = *table;
		return 0;
	}
	if (!amount_same_bounds(sum, table))
		return -ESTALE;
	for (int i = 0; i < table->nr; i++)
		amount_add_row(&sum->bucket[i], &table->bucket[i]);
	return 0;
}

int amount_bucket(const struct age_table *table, num age)
{
	int b = table->nr - 1;

	while (b > 0 && table->bucket[b].min_age > age)
		b--;
	return b > 0 ? b : 0;
}

num amount_oldest(const struct age_table *table)
{
	for (int i = table->nr - 1; i >= 0; i--) {
		if (table->bucket[i].pages > 0)
			return table->bucket[i].min_age;
	}
	return -ENODATA;
}
