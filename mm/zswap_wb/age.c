// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: the age of an entry.
 *
 * The age clock ticks once a second and counts from boot, and stands still while
 * the machine sleeps: nobody can ask for a page then, so it does not get colder.
 * An entry keeps the low 32 bits of it, which fit into padding that struct
 * zswap_entry has anyway and wrap around after 136 years.
 *
 * An entry that is stored at the real time t gets the first tick after t. So
 * now - stamp, taken at a whole tick, is never more than its real age: a
 * command for entries of at least N seconds finds none that is younger. The
 * price is that an entry may have to wait up to one tick more.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "internal.h"

/* Half a minute to three days */
const struct zswap_wb_edges zswap_wb_age_edges_default = {
	.nr	= 13,
	.min	= { 0, 30, 60, 120, 300, 900, 1800, 3600, 10800, 21600, 43200,
		    86400, 259200 },
};

/**
 * zswap_wb_age_of() - age of an entry
 * @stamp:	what zswap_wb_age_stamp() said when it was stored
 * @now:	seconds awake since boot, which may be before the store
 *
 * Differences are taken modulo 2^32, so that neither the wrap of @stamp nor
 * the upper half of @now matters. A stamp ahead of @now, from a store that
 * happened in the same second or after @now was taken, is age 0; it is told
 * from an old one by the sign, which leaves 68 years for an age.
 * Context: any.
 * Return: seconds
 */
u64 zswap_wb_age_of(u32 stamp, u64 now)
{
	s32 age = (s32)((u32)now - stamp);

	return age > 0 ? age : 0;
}

/* Was an entry with @stamp stored in a later second than @now? */
bool zswap_wb_age_later(u32 stamp, u64 now)
{
	return (s32)(stamp - zswap_wb_age_stamp(now)) > 0;
}

/**
 * zswap_wb_age_edges_parse() - read a list of bucket edges
 * @text:	numbers separated by blanks, or the word `default`, with or
 *		without a newline at the end; is changed
 * @edges:	result; undefined on failure
 * Context: any.
 * Return:
 * * 0 on success
 * * -EINVAL if it is malformed, does not begin with 0 and increase from there,
 *   or has fewer than two or more than ZSWAP_WB_BUCKETS_MAX numbers
 * * -ERANGE if a number is more than an age can be
 */
int zswap_wb_age_edges_parse(char *text, struct zswap_wb_edges *edges)
{
	size_t len = strlen(text);
	char *token;

	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if (!strcmp(text, "default")) {
		*edges = zswap_wb_age_edges_default;
		return 0;
	}

	edges->nr = 0;
	while ((token = strsep(&text, " \t"))) {
		u64 edge;
		int err;

		if (!token[0])
			continue;
		/* kstrtou64() takes a sign, and a newline at the end */
		if (!isdigit(token[0]) || strchr(token, '\n'))
			return -EINVAL;
		err = kstrtou64(token, 10, &edge);
		if (err)
			return err;
		if (edge > ZSWAP_WB_AGE_MAX)
			return -ERANGE;
		if (edges->nr == ZSWAP_WB_BUCKETS_MAX)
			return -EINVAL;
		if (edges->nr ? edge <= edges->min[edges->nr - 1] : edge)
			return -EINVAL;
		edges->min[edges->nr++] = edge;
	}
	return edges->nr < 2 ? -EINVAL : 0;
}

/* The bucket that an age belongs to; 0 is the warmest one */
unsigned int zswap_wb_age_bucket(const struct zswap_wb_edges *edges, u64 age)
{
	unsigned int bucket = edges->nr - 1;

	while (age < edges->min[bucket])
		bucket--;
	return bucket;
}

/* First age that is too old for a bucket, U64_MAX for the coldest one */
u64 zswap_wb_age_bucket_max(const struct zswap_wb_edges *edges,
			    unsigned int bucket)
{
	if (bucket == edges->nr - 1)
		return U64_MAX;
	return edges->min[bucket + 1];
}

/* Counts an entry of @age seconds and @length compressed bytes */
void zswap_wb_age_histogram_add(struct zswap_wb_histogram *hist,
				const struct zswap_wb_edges *edges, u64 age,
				u32 length)
{
	if (age < hist->from || age >= hist->until) {
		unsigned int bucket = zswap_wb_age_bucket(edges, age);

		hist->last = &hist->bucket[bucket];
		hist->from = edges->min[bucket];
		hist->until = zswap_wb_age_bucket_max(edges, bucket);
	}
	hist->last->pages++;
	hist->last->bytes += length;
	hist->last->incompressible += length == PAGE_SIZE;
}
