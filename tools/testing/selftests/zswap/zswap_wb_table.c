// SPDX-License-Identifier: GPL-2.0
/*
 * A strict reader of the tables of ages below /sys/kernel/debug/zswap, and
 * their edges.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"

#define TABLE_HEADER \
	"bucket min_age max_age pages bytes incompressible loaded written refaulted dropped\n"
#define TABLE_CGROUP_HEADER \
	"cgroup node bucket min_age max_age pages bytes incompressible loaded path\n"
#define TABLE_CHUNK		4096
#define TABLE_ANSWER_FILE	ZWB_DEBUGFS "/writeback"
#define TABLE_READ_SECONDS	30

/**
 * struct cursor - where a reader is in a text
 * @pos: the next character
 * @line: first character of the line that it is in
 * @what: name of the text, for messages
 */
struct cursor {
	const char *pos;
	const char *line;
	const char *what;
};

/**
 * zwb_read_file() - read a whole file, however many reads it takes
 * @path: the file
 * @chunk: bytes to ask for in each read
 * @length: the length of its text
 *
 * Return: the text with a zero behind it, to be freed; NULL with a failure
 * recorded.
 */
char *zwb_read_file(const char *path, size_t chunk, size_t *length)
{
	size_t size = 0, room = 0;
	char *text = NULL, *more;
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0) {
		zwb_fail("open %s: %s", path, strerror(errno));
		return NULL;
	}
	do {
		if (room < size + chunk + 1) {
			room = 2 * (size + chunk) + 1;
			more = realloc(text, room);
			if (!more) {
				zwb_fail("reading %s: no memory", path);
				goto fail;
			}
			text = more;
		}
		got = read(fd, text + size, chunk);
		if (got < 0) {
			zwb_fail("read %s: %s", path, strerror(errno));
			goto fail;
		}
		size += got;
	} while (got);
	close(fd);
	text[size] = '\0';
	if (strlen(text) != size) {
		zwb_fail("%s: there is a zero among its %zu bytes", path, size);
		free(text);
		return NULL;
	}
	*length = size;
	return text;
fail:
	close(fd);
	free(text);
	return NULL;
}

/* --- reading a text, to the letter --- */

static bool table_bad(const struct cursor *cursor, const char *why)
{
	zwb_fail("%s: %s at column %td of the line '%.*s'", cursor->what, why,
		 cursor->pos - cursor->line + 1, (int)strcspn(cursor->line, "\n"), cursor->line);
	return false;
}

static bool table_string(struct cursor *cursor, const char *string, const char *why)
{
	size_t length = strlen(string);

	if (strncmp(cursor->pos, string, length))
		return table_bad(cursor, why);
	cursor->pos += length;
	if (length && string[length - 1] == '\n')
		cursor->line = cursor->pos;
	return true;
}

static bool table_blank(struct cursor *cursor)
{
	return table_string(cursor, " ", "no single blank");
}

/* Plain decimal: no sign, no leading zero, no more than fits. */
static bool table_number(struct cursor *cursor, unsigned long long max, unsigned long long *number)
{
	const char *digit = cursor->pos;
	unsigned long long value = 0;

	if (*digit < '0' || *digit > '9')
		return table_bad(cursor, "no number");
	if (digit[0] == '0' && digit[1] >= '0' && digit[1] <= '9')
		return table_bad(cursor, "leading zero");
	for (; *digit >= '0' && *digit <= '9'; digit++) {
		unsigned int units = *digit - '0';

		if (value > (max - units) / 10)
			return table_bad(cursor, "number too large");
		value = value * 10 + units;
	}
	cursor->pos = digit;
	*number = value;
	return true;
}

static bool table_count(struct cursor *cursor, long long *count)
{
	unsigned long long number;

	if (!table_number(cursor, LLONG_MAX, &number))
		return false;
	*count = number;
	return true;
}

static bool table_small(struct cursor *cursor, int *small)
{
	unsigned long long number;

	if (!table_number(cursor, INT_MAX, &number))
		return false;
	*small = number;
	return true;
}

static bool table_bound(struct cursor *cursor, long long *bound)
{
	if (strncmp(cursor->pos, "inf", 3))
		return table_count(cursor, bound);
	cursor->pos += 3;
	*bound = ZWB_INF;
	return true;
}

/* --- tables without cgroups --- */

const char *zwb_table_path(int node, char *path, size_t size)
{
	if (node == ZWB_GLOBAL)
		snprintf(path, size, ZWB_TABLE_FILE);
	else
		snprintf(path, size, ZWB_DEBUGFS "/node%d/age_buckets", node);
	return path;
}

bool zwb_need_tables(void)
{
	if (!access(ZWB_TABLE_FILE, F_OK))
		return true;
	if (access(TABLE_ANSWER_FILE, F_OK))
		zwb_skip("needs CONFIG_ZSWAP_WB_DEBUGFS");
	else
		zwb_fail(ZWB_TABLE_FILE " is missing");
	return false;
}

static bool table_row(struct cursor *cursor, struct zwb_table *table)
{
	struct zwb_row *row = &table->row[table->nr];
	long long bucket;

	if (table->nr == ZWB_MAX_BUCKETS)
		return table_bad(cursor, "more rows than there can be buckets");
	if (!table_count(cursor, &bucket) || !table_blank(cursor) ||
	    !table_count(cursor, &row->min_age) || !table_blank(cursor) ||
	    !table_bound(cursor, &row->max_age) || !table_blank(cursor) ||
	    !table_count(cursor, &row->pages) || !table_blank(cursor) ||
	    !table_count(cursor, &row->bytes) || !table_blank(cursor) ||
	    !table_count(cursor, &row->incompressible) || !table_blank(cursor) ||
	    !table_count(cursor, &row->loaded) || !table_blank(cursor) ||
	    !table_count(cursor, &row->written) || !table_blank(cursor) ||
	    !table_count(cursor, &row->refaulted) || !table_blank(cursor) ||
	    !table_count(cursor, &row->dropped))
		return false;
	if (bucket != table->nr)
		return table_bad(cursor, "not the next bucket");
	if (row->min_age != (table->nr ? row[-1].max_age : 0))
		return table_bad(cursor, "does not begin where the row before ends");
	if (row->max_age <= row->min_age)
		return table_bad(cursor, "ends before it begins");
	table->nr++;
	return table_string(cursor, "\n", "no end of line");
}

/**
 * zwb_table_read() - read a table
 * @node: a node, or ZWB_GLOBAL
 * @table: where to
 *
 * What holds for every table, also while entries come and go, is checked here:
 * its form, and rows that follow each other from 0 to infinity.
 */
bool zwb_table_read(int node, struct zwb_table *table)
{
	char path[ZWB_PATH_MAX];
	struct cursor cursor;
	bool good = false;
	size_t length;
	char *text;

	memset(table, 0, sizeof(*table));
	text = zwb_read_file(zwb_table_path(node, path, sizeof(path)), TABLE_CHUNK, &length);
	if (!text)
		return false;
	cursor = (struct cursor) { .pos = text, .line = text, .what = path };
	if (!table_string(&cursor, TABLE_HEADER, "another header"))
		goto out;
	while (*cursor.pos) {
		if (!table_row(&cursor, table))
			goto out;
	}
	if (table->nr < 2 || table->row[table->nr - 1].max_age != ZWB_INF)
		zwb_fail("%s: ends early, after %d rows", path, table->nr);
	else
		good = true;
out:
	free(text);
	return good;
}

/**
 * zwb_table_sum() - add up rows
 * @table: the table
 * @first: first row
 * @last: last row, or -1 for the last of the table
 */
struct zwb_row zwb_table_sum(const struct zwb_table *table, int first, int last)
{
	struct zwb_row sum = { 0 };
	int i;

	if (last < 0 || last >= table->nr)
		last = table->nr - 1;
	sum.min_age = table->row[first].min_age;
	sum.max_age = table->row[last].max_age;
	for (i = first; i <= last; i++) {
		sum.pages += table->row[i].pages;
		sum.bytes += table->row[i].bytes;
		sum.incompressible += table->row[i].incompressible;
		sum.loaded += table->row[i].loaded;
		sum.written += table->row[i].written;
		sum.refaulted += table->row[i].refaulted;
		sum.dropped += table->row[i].dropped;
	}
	return sum;
}

/* A page that compresses has at least one byte and less than a page of them. */
static bool table_sizes_agree(long long pages, long long bytes, long long incompressible)
{
	long long smaller = pages - incompressible;

	return bytes >= incompressible * zwb_page_size + smaller &&
	       bytes <= incompressible * zwb_page_size + smaller * (zwb_page_size - 1);
}

/**
 * zwb_table_settled() - check what must hold in each row while nothing comes or goes
 * @table: the table
 */
bool zwb_table_settled(const struct zwb_table *table)
{
	bool all_good = true;
	int i;

	for (i = 0; i < table->nr; i++) {
		const struct zwb_row *row = &table->row[i];
		bool good;

		good = zwb_between(row->incompressible, 0, row->pages);
		good &= table_sizes_agree(row->pages, row->bytes, row->incompressible);
		good &= zwb_between(row->refaulted + row->dropped, 0, row->written);
		if (!good)
			zwb_fail("bucket %d: %lld bytes in %lld pages", i, row->bytes, row->pages);
		all_good &= good;
	}
	return all_good;
}

/* --- the table of cgroups --- */

static bool table_cgroup_row(struct cursor *cursor, struct zwb_cgroup_row *row)
{
	size_t length;

	if (!table_number(cursor, ULLONG_MAX, &row->cgroup) || !table_blank(cursor) ||
	    !table_small(cursor, &row->node) || !table_blank(cursor) ||
	    !table_small(cursor, &row->bucket) || !table_blank(cursor) ||
	    !table_count(cursor, &row->min_age) || !table_blank(cursor) ||
	    !table_bound(cursor, &row->max_age) || !table_blank(cursor) ||
	    !table_count(cursor, &row->pages) || !table_blank(cursor) ||
	    !table_count(cursor, &row->bytes) || !table_blank(cursor) ||
	    !table_count(cursor, &row->incompressible) || !table_blank(cursor) ||
	    !table_count(cursor, &row->loaded) || !table_blank(cursor))
		return false;
	/* the last column may contain blanks */
	length = strcspn(cursor->pos, "\n");
	if (cursor->pos[0] != '/' || length >= sizeof(row->path))
		return table_bad(cursor, "no path");
	memcpy(row->path, cursor->pos, length);
	row->path[length] = '\0';
	cursor->pos += length;
	if (row->node >= ZWB_MAX_NODES || row->bucket >= ZWB_MAX_BUCKETS)
		return table_bad(cursor, "a node or a bucket that cannot be");
	if (!row->cgroup || (!row->pages && !row->loaded))
		return table_bad(cursor, "a row that should not be there");
	/* each row is of entries that were seen one by one: it adds up at any time */
	if (row->incompressible > row->pages ||
	    !table_sizes_agree(row->pages, row->bytes, row->incompressible))
		return table_bad(cursor, "pages and bytes that do not go together");
	return table_string(cursor, "\n", "no end of line");
}

static bool table_cgroup_grow(struct zwb_cgroup_table *table, size_t *room)
{
	struct zwb_cgroup_row *more;

	if (table->nr < *room)
		return true;
	*room = *room ? 2 * *room : 64;
	more = realloc(table->row, *room * sizeof(*more));
	if (!more) {
		zwb_fail(ZWB_CGROUP_TABLE_FILE ": no memory for %zu rows", *room);
		return false;
	}
	table->row = more;
	return true;
}

/* All rows of a bucket have the same bounds, also while the edges change. */
static bool table_cgroup_bounds(const struct zwb_cgroup_table *table)
{
	const struct zwb_cgroup_row *first[ZWB_MAX_BUCKETS] = { NULL };
	size_t i;

	for (i = 0; i < table->nr; i++) {
		const struct zwb_cgroup_row *row = &table->row[i];

		if (!first[row->bucket])
			first[row->bucket] = row;
		if (row->min_age == first[row->bucket]->min_age &&
		    row->max_age == first[row->bucket]->max_age)
			continue;
		zwb_fail(ZWB_CGROUP_TABLE_FILE ": bucket %d has two pairs of bounds", row->bucket);
		return false;
	}
	return true;
}

/*
 * No two rows tell of the same.  While cgroups come and go, one that stays may
 * be shown twice where one read ends and the next begins.
 */
static bool table_cgroup_unique(const struct zwb_cgroup_table *table)
{
	size_t i, j;

	for (i = 0; i < table->nr; i++) {
		const struct zwb_cgroup_row *row = &table->row[i];

		for (j = 0; j < i; j++) {
			const struct zwb_cgroup_row *other = &table->row[j];

			if (other->cgroup != row->cgroup || other->node != row->node ||
			    other->bucket != row->bucket)
				continue;
			zwb_fail("cgroup %llu has bucket %d on node %d twice", row->cgroup,
				 row->bucket, row->node);
			return false;
		}
	}
	return true;
}

/**
 * zwb_cgroup_table_parse() - read the text of a table of cgroups
 * @table: where to, to be freed also after a failure
 * @text: the text
 * @length: its length
 */
bool zwb_cgroup_table_parse(struct zwb_cgroup_table *table, const char *text, size_t length)
{
	struct cursor cursor = { .pos = text, .line = text, .what = ZWB_CGROUP_TABLE_FILE };
	size_t room = 0;

	memset(table, 0, sizeof(*table));
	if (!table_string(&cursor, TABLE_CGROUP_HEADER, "another header"))
		return false;
	while (cursor.pos < text + length) {
		if (!table_cgroup_grow(table, &room) ||
		    !table_cgroup_row(&cursor, &table->row[table->nr]))
			return false;
		table->nr++;
	}
	return table_cgroup_bounds(table);
}

/**
 * zwb_cgroup_table_read() - read the table of cgroups
 * @table: where to, to be freed also after a failure
 */
bool zwb_cgroup_table_read(struct zwb_cgroup_table *table)
{
	size_t length;
	char *text;
	bool good;

	memset(table, 0, sizeof(*table));
	text = zwb_read_file(ZWB_CGROUP_TABLE_FILE, TABLE_CHUNK, &length);
	if (!text)
		return false;
	good = zwb_cgroup_table_parse(table, text, length);
	free(text);
	return good;
}

void zwb_cgroup_table_free(struct zwb_cgroup_table *table)
{
	free(table->row);
	memset(table, 0, sizeof(*table));
}

/**
 * zwb_cgroup_table_sum() - add up some rows
 * @table: the table
 * @cgroup: only of this one, or 0
 * @node: only on this one, or ZWB_GLOBAL
 * @bucket: only this one, or -1
 */
struct zwb_row zwb_cgroup_table_sum(const struct zwb_cgroup_table *table,
				    unsigned long long cgroup, int node, int bucket)
{
	struct zwb_row sum = { 0 };
	size_t i;

	for (i = 0; i < table->nr; i++) {
		const struct zwb_cgroup_row *row = &table->row[i];

		if ((cgroup && row->cgroup != cgroup) ||
		    (node != ZWB_GLOBAL && row->node != node) ||
		    (bucket >= 0 && row->bucket != bucket))
			continue;
		sum.pages += row->pages;
		sum.bytes += row->bytes;
		sum.incompressible += row->incompressible;
		sum.loaded += row->loaded;
	}
	return sum;
}

long long zwb_cgroup_pages(const char *cgroup, int node)
{
	struct zwb_cgroup_table table = { 0 };
	long long pages = -1;

	if (zwb_cgroup_table_read(&table))
		pages = zwb_cgroup_table_sum(&table, zwb_cgroup_id(cgroup), node, -1).pages;
	zwb_cgroup_table_free(&table);
	return pages;
}

/* --- all tables, and what must hold between them --- */

/**
 * zwb_tables_read_once() - read all tables, one after the other
 * @tables: where to
 *
 * Rows of one and of another need not agree, if the age clock has ticked in
 * between.
 */
bool zwb_tables_read_once(struct zwb_tables *tables)
{
	int n;

	if (!zwb_table_read(ZWB_GLOBAL, &tables->total))
		return false;
	tables->nr_nodes = zwb_nodes(tables->nodes, ZWB_MAX_NODES);
	for (n = 0; n < tables->nr_nodes; n++) {
		if (!zwb_table_read(tables->nodes[n], &tables->node[tables->nodes[n]]))
			return false;
	}
	zwb_cgroup_table_free(&tables->cgroups);
	return zwb_cgroup_table_read(&tables->cgroups);
}

/**
 * zwb_tables_read() - read all tables between two ticks of the age clock
 * @tables: where to
 *
 * Entries change their row at a tick, and only then.
 */
bool zwb_tables_read(struct zwb_tables *tables)
{
	long long deadline = zwb_now() + TABLE_READ_SECONDS * ZWB_NS_PER_SEC;
	long long second;

	do {
		second = zwb_second();
		if (!zwb_tables_read_once(tables))
			return false;
		if (zwb_second() == second)
			return true;
	} while (zwb_now() < deadline);
	zwb_late("reading all tables took more than a second, every time");
	return false;
}

/* Compare pages, bytes and incompressible pages, and say what differs. */
bool zwb_amounts_are(const struct zwb_row *got, const struct zwb_row *want)
{
	bool good = zwb_equal(got->pages, want->pages);

	good &= zwb_equal(got->bytes, want->bytes);
	good &= zwb_equal(got->incompressible, want->incompressible);
	return good;
}

static void table_add(struct zwb_row *sum, const struct zwb_row *row)
{
	sum->pages += row->pages;
	sum->bytes += row->bytes;
	sum->incompressible += row->incompressible;
	sum->loaded += row->loaded;
	sum->written += row->written;
	sum->refaulted += row->refaulted;
	sum->dropped += row->dropped;
}

/* The rows of the nodes add up to those of the whole system. */
static void table_check_nodes(const struct zwb_tables *tables)
{
	int n, row;

	for (row = 0; row < tables->total.nr; row++) {
		const struct zwb_row *total = &tables->total.row[row];
		struct zwb_row sum = { 0 };
		bool good = true;

		for (n = 0; n < tables->nr_nodes; n++) {
			const struct zwb_table *node = &tables->node[tables->nodes[n]];

			good &= zwb_equal(node->nr, tables->total.nr);
			good &= zwb_equal(node->row[row].min_age, total->min_age);
			table_add(&sum, &node->row[row]);
		}
		good &= zwb_amounts_are(&sum, total);
		good &= zwb_equal(sum.loaded, total->loaded);
		good &= zwb_equal(sum.written, total->written);
		good &= zwb_equal(sum.refaulted, total->refaulted);
		good &= zwb_equal(sum.dropped, total->dropped);
		if (!good)
			zwb_fail("bucket %d: the nodes do not add up to the total", row);
	}
}

/* What was found entry by entry on the lists is what was counted as they came and went. */
static void table_check_cgroups(const struct zwb_tables *tables)
{
	struct zwb_row counted = zwb_table_sum(&tables->total, 0, -1);
	struct zwb_row walked = zwb_cgroup_table_sum(&tables->cgroups, 0, ZWB_GLOBAL, -1);
	int n, row;
	size_t i;

	table_cgroup_unique(&tables->cgroups);
	if (!zwb_amounts_are(&walked, &counted))
		zwb_fail("the cgroups do not add up to the total");
	for (row = 0; row < tables->total.nr; row++) {
		for (n = 0; n < tables->nr_nodes; n++) {
			int node = tables->nodes[n];

			walked = zwb_cgroup_table_sum(&tables->cgroups, 0, node, row);
			if (!zwb_amounts_are(&walked, &tables->node[node].row[row]))
				zwb_fail("bucket %d: the cgroups do not add up to node %d", row,
					 node);
			/* what cgroups have loaded that were removed since, only the node knows */
			zwb_between(walked.loaded, 0, tables->node[node].row[row].loaded);
		}
	}
	for (i = 0; i < tables->cgroups.nr; i++) {
		const struct zwb_cgroup_row *found = &tables->cgroups.row[i];
		const struct zwb_row *bucket = &tables->total.row[found->bucket];

		if (found->bucket >= tables->total.nr || found->min_age != bucket->min_age ||
		    found->max_age != bucket->max_age)
			zwb_fail("cgroup %llu: bucket %d from %lld to %lld is not the total's",
				 found->cgroup, found->bucket, found->min_age, found->max_age);
	}
}

/**
 * zwb_tables_check() - read all tables, and check what must hold on a quiet system
 * @tables: where to
 *
 * That is: everything adds up, whatever happened before.
 *
 * Return: true if the test has not failed, here or before.
 */
bool zwb_tables_check(struct zwb_tables *tables)
{
	struct zwb_row sum;
	int n;

	if (!zwb_tables_read(tables))
		return false;
	zwb_table_settled(&tables->total);
	for (n = 0; n < tables->nr_nodes; n++)
		zwb_table_settled(&tables->node[tables->nodes[n]]);
	table_check_nodes(tables);
	table_check_cgroups(tables);
	sum = zwb_table_sum(&tables->total, 0, -1);
	zwb_equal(sum.pages, zwb_stored());
	zwb_equal(sum.incompressible, zwb_has_incompressible() ?
		  zwb_read_number(ZWB_DEBUGFS "/stored_incompressible_pages") : 0);
	return !zwb_failed();
}

/* The entries of a cgroup, without those of its descendants. */
struct zwb_row zwb_tables_own(const struct zwb_tables *tables, const char *cgroup)
{
	return zwb_cgroup_table_sum(&tables->cgroups, zwb_cgroup_id(cgroup), ZWB_GLOBAL, -1);
}

/**
 * zwb_tables_own_is() - compare a cgroup's entries with what it must have
 * @tables: the tables
 * @cgroup: path of its directory, which its rows have to show in their way
 * @pages: entries without those of its descendants
 * @noise: how many of @pages are ZWB_NOISE
 */
bool zwb_tables_own_is(const struct zwb_tables *tables, const char *cgroup, long long pages,
		       long long noise)
{
	const char *path = cgroup + strlen(zwb_cgroup_root());
	struct zwb_row own = zwb_tables_own(tables, cgroup);
	unsigned long long id = zwb_cgroup_id(cgroup);
	long long incompressible = zwb_incompressible(noise);
	bool good = true;
	size_t i;

	for (i = 0; i < tables->cgroups.nr; i++) {
		const struct zwb_cgroup_row *row = &tables->cgroups.row[i];

		if (row->cgroup != id || !strcmp(row->path, *path ? path : "/"))
			continue;
		zwb_fail("cgroup %s has the path '%s'", cgroup, row->path);
		good = false;
	}
	if (own.pages != pages || own.incompressible != incompressible) {
		zwb_fail("cgroup %s has %lld pages, %lld incompressible, and not %lld, %lld",
			 cgroup, own.pages, own.incompressible, pages, incompressible);
		good = false;
	}
	return good;
}

/**
 * zwb_memory_stat_agrees() - compare memory.stat with what rows add up to
 * @top: a cgroup
 * @subtree: the sum of its own rows and its descendants'
 */
bool zwb_memory_stat_agrees(const char *top, const struct zwb_row *subtree)
{
	return zwb_memory_stat_is(top, "zswap", subtree->bytes) &&
	       zwb_memory_stat_is(top, "zswapped", subtree->pages * zwb_page_size) &&
	       (!zwb_has_incompressible() ||
		zwb_memory_stat_is(top, "zswap_incomp", subtree->incompressible * zwb_page_size));
}

/* --- edges --- */

/**
 * zwb_edges_read() - read the edges: one line, single blanks
 * @edges: where to
 */
bool zwb_edges_read(struct zwb_edges *edges)
{
	struct cursor cursor = { .what = ZWB_EDGES_FILE };
	bool good = false;
	size_t length;
	char *text;

	memset(edges, 0, sizeof(*edges));
	text = zwb_read_file(ZWB_EDGES_FILE, TABLE_CHUNK, &length);
	if (!text)
		return false;
	cursor.pos = text;
	cursor.line = text;
	do {
		if (edges->nr == ZWB_MAX_BUCKETS) {
			table_bad(&cursor, "more edges than there can be");
			goto out;
		}
		if ((edges->nr && !table_blank(&cursor)) ||
		    !table_count(&cursor, &edges->edge[edges->nr]))
			goto out;
		edges->nr++;
	} while (*cursor.pos == ' ');
	good = table_string(&cursor, "\n", "no end of line");
	if (good && *cursor.pos)
		good = table_bad(&cursor, "more than one line");
out:
	free(text);
	return good;
}

/* Write edges; 0 or -errno, as write(2) returned it. */
int zwb_edges_try(const char *text)
{
	return zwb_write(ZWB_EDGES_FILE, text, strlen(text));
}

bool zwb_edges_write(const char *text)
{
	int err = zwb_edges_try(text);

	if (err)
		zwb_fail("writing '%s' to " ZWB_EDGES_FILE ": %s", text, strerror(-err));
	return !err;
}

/* A test that set edges calls this on its way out, for whatever test comes next. */
bool zwb_edges_restore(void)
{
	return zwb_edges_write("default");
}

/* --- the age clock --- */

/**
 * zwb_second() - what the kernel's age clock shows now
 *
 * It counts the seconds of CLOCK_MONOTONIC, but of the time at the last timer
 * tick, which is CLOCK_MONOTONIC_COARSE.
 *
 * An entry that is stored in second s has the age max(0, now - (s + 1)).
 */
long long zwb_second(void)
{
	struct timespec coarse;

	/* the system call and not the vDSO, which may be ahead of what the kernel itself reads */
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, &coarse);
	return coarse.tv_sec;
}
