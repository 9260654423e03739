// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cgroups and the ages of what they have in zswap.
 *
 * Entries and directories come from two places: age_buckets_cgroup has an id with each
 * record, and the id is the inode number of the directory.  All is put into arrays that
 * are sorted and searched: there may be many thousands of cgroups, and a hierarchy may be
 * as deep as paths can be long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "system/amount.h"
#include "system/system.h"

/* ---- paths ---- */

/*
 * Order of paths: an ancestor first, and then all that is below it, which strcmp() would
 * put "/a-b" into the midst of.
 */
int cgroup_compare_paths(const char *a, const char *b)
{
	int left, right;

	/* The root is what every path begins with, not a name */
	if (!strcmp(a, "/"))
		a = "";
	if (!strcmp(b, "/"))
		b = "";
	while (*a && *a == *b) {
		a++;
		b++;
	}
	left = *a == '/' ? 1 : (unsigned char)*a * 2;
	right = *b == '/' ? 1 : (unsigned char)*b * 2;
	return (left > right) - (left < right);
}

bool cgroup_is_within(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return true;
	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

const char *cgroup_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* The directory of the cgroup at @path, or a file in it; to be freed. */
static char *cgroup_file(const char *path, const char *file)
{
	return xasprintf(SYS_CGROUP "%s%s%s", strcmp(path, "/") ? path : "", *file ? "/" : "",
			 file);
}

const char *cgroup_hierarchy_reason(const struct source *source)
{
	char *text, *word, *at = NULL;
	bool found = false;

	if (source_read(source, SYS_CGROUP "/cgroup.controllers", &text) < 0) {
		if (!source_exists(source, SYS_CGROUP "/memory/memory.usage_in_bytes"))
			return "not supported: the memory controller is on cgroup v1, not on cgroup2";
		return source_exists(source, SYS_CGROUP "/unified") ?
		       "not supported: cgroup2 is not mounted at " SYS_CGROUP :
		       "not supported: cgroup2 is at " SYS_CGROUP "/unified, not at " SYS_CGROUP;
	}
	for (word = strtok_r(text, " \n", &at); word && !found; word = strtok_r(NULL, " \n", &at))
		found = !strcmp(word, "memory");
	free(text);
	return found ? NULL : "not supported: cgroup2 at " SYS_CGROUP " is without the memory controller";
}

/* ---- directories ---- */

struct place {
	char *path;
	num inode;		/* or a negative errno: a recorded tree need not say it */
};

struct places {
	size_t nr, room;
	struct place *place;
};

static void places_add(const struct source *source, struct places *places, char *path)
{
	char *directory = cgroup_file(path, "");

	if (places->nr == places->room) {
		places->room = places->room ? 2 * places->room : 64;
		places->place = xrealloc(places->place, places->room * sizeof(*places->place));
	}
	places->place[places->nr++] = (struct place) {
		.path = path,
		.inode = source_inode(source, directory),
	};
	free(directory);
}

/*
 * All directories of the hierarchy; the root is there in any case.  What has been found
 * is the list of what is still to be looked into, so that no depth needs a stack.
 */
static void places_read(const struct source *source, struct places *places)
{
	size_t next;

	*places = (struct places) {};
	places_add(source, places, xstrdup("/"));
	for (next = 0; next < places->nr; next++) {
		const char *path = places->place[next].path;
		const char *prefix = strcmp(path, "/") ? path : "";
		char *directory = cgroup_file(path, ""), **names, **name;

		/* One that cannot be looked into has just been removed */
		if (source_directories(source, directory, &names) > 0) {
			for (name = names; *name; name++)
				places_add(source, places, xasprintf("%s/%s", prefix, *name));
		}
		source_free_names(names);
		free(directory);
	}
}

static void places_free(struct places *places)
{
	size_t i;

	for (i = 0; i < places->nr; i++)
		free(places->place[i].path);
	free(places->place);
}

/* ---- records ---- */

/* There may be hundreds of thousands: only what the table has, with COUNTER_CGROUP. */
struct record {
	uint64_t id;
	int node, bucket;
	num count[NR_CGROUP_COUNTERS];
	char *path;			/* with the first of an id that follow one another */
};

struct records {
	size_t nr, room;
	struct record *record;
	const struct age_table *edges;
};

static int records_add(const struct cgroup_record *record, void *data)
{
	struct records *records = data;
	const struct age_bucket *bucket = &records->edges->bucket[record->bucket];
	struct record *to;
	bool first;

	if (record->bucket >= records->edges->nr || bucket->min_age != record->row.min_age ||
	    bucket->max_age != record->row.max_age)
		return -EAGAIN;
	if (records->nr == records->room) {
		records->room = records->room ? 2 * records->room : 64;
		records->record = xrealloc(records->record,
					   records->room * sizeof(*records->record));
	}
	first = !records->nr || records->record[records->nr - 1].id != record->id;
	to = &records->record[records->nr++];
	*to = (struct record) {
		.id = record->id,
		.node = record->node,
		.bucket = record->bucket,
		.path = first ? xstrdup(record->path) : NULL,
	};
	for (int i = 0, nr = 0; i < NR_AGE_COUNTERS; i++) {
		if (age_counters[i].flags & COUNTER_CGROUP)
			to->count[nr++] = counter_value(&record->row, &age_counters[i]);
	}
	return 0;
}

static int records_compare(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	if (left->node != right->node)
		return left->node < right->node ? -1 : 1;
	return left->bucket - right->bucket;
}

static void records_free(struct records *records)
{
	for (size_t i = 0; i < records->nr; i++)
		free(records->record[i].path);
	free(records->record);
}

/* The table may be far longer than any other file: it is taken line by line. */
struct table_reader {
	bool begun;
	struct parse_header header;
	int (*each)(const struct cgroup_record *record, void *data);
	void *data;
};

static int table_line(char *line, void *data)
{
	struct table_reader *reader = data;
	struct cgroup_record record;
	int err;

	if (!reader->begun) {
		reader->begun = true;
		return parse_cgroup_header(line, &reader->header);
	}
	err = parse_cgroup_line(line, &reader->header, &record);
	return err ? err : reader->each(&record, reader->data);
}

static int table_read(const struct source *source,
		      int (*each)(const struct cgroup_record *record, void *data), void *data)
{
	struct table_reader reader = { .each = each, .data = data };
	int err = source_lines(source, SYS_DEBUGFS "/age_buckets_cgroup", table_line, &reader);

	return err || reader.begun ? err : -EINVAL;
}

/* Returns -EAGAIN if the edges have changed since @edges was read. */
static int records_read(const struct source *source, const struct age_table *edges,
			struct records *records)
{
	int err;

	*records = (struct records) { .edges = edges };
	err = table_read(source, records_add, records);
	if (err) {
		records_free(records);
		return err;
	}
	if (records->nr)
		qsort(records->record, records->nr, sizeof(*records->record), records_compare);
	return 0;
}

/* Cgroups that have records. */
static size_t records_count_cgroups(const struct records *records)
{
	size_t i, nr = 0;

	for (i = 0; i < records->nr; i++)
		nr += !i || records->record[i].id != records->record[i - 1].id;
	return nr;
}

/* A table without entries that has the buckets of the system's. */
static int records_read_edges(const struct source *source, struct age_table *edges)
{
	int err = system_read_ages(source, SYS_DEBUGFS "/age_buckets", edges);

	for (int i = 0; i < edges->nr; i++) {
		edges->bucket[i] = (struct age_bucket) {
			.min_age = edges->bucket[i].min_age,
			.max_age = edges->bucket[i].max_age,
			.loaded = edges->bucket[i].loaded < 0 ? -ENOENT : 0,
			.written = -ENOENT,
			.refaulted = -ENOENT,
			.dropped = -ENOENT,
		};
	}
	return err;
}

static int records_read_all(const struct source *source, struct age_table *edges,
			    struct records *records)
{
	int err, tries;

	/* Nobody changes the edges again and again */
	for (tries = 0; tries < 3; tries++) {
		err = records_read_edges(source, edges);
		if (!err)
			err = records_read(source, edges, records);
		if (err != -EAGAIN)
			return err;
	}
	return -EINVAL;
}

/* ---- cgroups ---- */

/* The cgroups while they are put together. */
struct gathering {
	struct cgroups *cgroups;
	int nr_places;			/* the first ones are sorted and have directories */
	int *by_id;			/* of those, those whose id is known */
	int nr_by_id;
	const struct age_table *edges;
	uint64_t nodes;
	/*
	 * In a cgroup namespace: what the kernel's paths have before ours; NULL: not known.
	 * Without one it is "".
	 */
	char *prefix;
};

static int cgroups_compare(const void *a, const void *b)
{
	const struct cgroup *left = a, *right = b;
	int order = cgroup_compare_paths(left->path, right->path);

	if (order)
		return order;
	/* A new one of the same path comes last: its children follow it */
	if (left->removed != right->removed)
		return right->removed - left->removed;
	return (left->id > right->id) - (left->id < right->id);
}

static struct cgroup *cgroups_add(struct gathering *gathering, char *path, uint64_t id)
{
	struct cgroups *cgroups = gathering->cgroups;
	struct cgroup *cgroup = &cgroups->cgroup[cgroups->nr++];

	*cgroup = (struct cgroup) {
		.id = id,
		.path = path,
		.parent = -1,
		.ages = *gathering->edges,
		.all = { -ENOENT, -ENOENT, -ENOENT, -ENOENT },
		.own = { -ENOENT, -ENOENT, -ENOENT, -ENOENT },
		.frozen = -ENOENT,
		.pressure_memory = -ENOENT,
		.pressure_io = -ENOENT,
		.writeback = -ENOENT,
	};
	return cgroup;
}

static int cgroups_compare_ids(const void *a, const void *b, void *data)
{
	const struct cgroup *cgroup = data;
	uint64_t left = cgroup[*(const int *)a].id, right = cgroup[*(const int *)b].id;

	return (left > right) - (left < right);
}

/* Takes the paths over. */
static void cgroups_add_places(struct gathering *gathering, struct places *places)
{
	struct cgroups *cgroups = gathering->cgroups;
	size_t i;
	int j;

	for (i = 0; i < places->nr; i++) {
		num inode = places->place[i].inode;

		cgroups_add(gathering, places->place[i].path, inode < 0 ? 0 : inode);
		places->place[i].path = NULL;
	}
	qsort(cgroups->cgroup, cgroups->nr, sizeof(*cgroups->cgroup), cgroups_compare);
	gathering->nr_places = cgroups->nr;
	gathering->by_id = xcalloc(cgroups->nr, sizeof(*gathering->by_id));
	for (j = 0; j < cgroups->nr; j++) {
		if (cgroups->cgroup[j].id)
			gathering->by_id[gathering->nr_by_id++] = j;
	}
	qsort_r(gathering->by_id, gathering->nr_by_id, sizeof(*gathering->by_id),
		cgroups_compare_ids, cgroups->cgroup);
}

static struct cgroup *cgroups_find_id(const struct gathering *gathering, uint64_t id)
{
	struct cgroup *cgroup = gathering->cgroups->cgroup;
	int low = 0, high = gathering->nr_by_id;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (cgroup[gathering->by_id[middle]].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == gathering->nr_by_id || cgroup[gathering->by_id[low]].id != id)
		return NULL;
	return &cgroup[gathering->by_id[low]];
}

static int cgroups_compare_place(const void *key, const void *element)
{
	return cgroup_compare_paths(key, ((const struct cgroup *)element)->path);
}

/* What the kernel's path has before the directory's; to be freed; NULL: nothing. */
static char *cgroup_prefix(const char *kernel, const char *directory)
{
	size_t all = strlen(kernel), own = strcmp(directory, "/") ? strlen(directory) : 0;
	char *prefix;

	if (!strcmp(kernel, "/"))
		all = 0;
	if (own > all || strncmp(kernel + all - own, directory, own))
		return NULL;
	prefix = xstrdup(kernel);
	prefix[all - own] = '\0';
	return prefix;
}

/* The root of all cgroups has the id 1; where ours has another, this is a namespace. */
static void cgroups_find_prefix(struct gathering *gathering, const struct records *records)
{
	const struct cgroup *root = &gathering->cgroups->cgroup[0];

	gathering->cgroups->namespaced = root->id > 1 && !strcmp(root->path, "/");
	if (!gathering->cgroups->namespaced) {
		gathering->prefix = xstrdup("");
		return;
	}
	for (size_t i = 0; i < records->nr && !gathering->prefix; i++) {
		const struct record *record = &records->record[i];
		const struct cgroup *cgroup = record->path ?
			cgroups_find_id(gathering, record->id) : NULL;

		if (cgroup)
			gathering->prefix = cgroup_prefix(record->path, cgroup->path);
	}
}

/* The path as ours, of one without a directory; NULL: it is outside of this namespace. */
static const char *cgroup_own_path(const struct gathering *gathering, const char *path)
{
	size_t len;

	if (!gathering->prefix)
		return NULL;
	len = strlen(gathering->prefix);
	if (strncmp(path, gathering->prefix, len) || path[len] != '/')
		return NULL;
	/* "/../a" is what the kernel calls a sibling of the namespace's root */
	return strncmp(path + len, "/..", 3) ? path + len : NULL;
}

/*
 * Whose entries a record tells of; one that has no directory is added.  NULL: it is nothing
 * of ours.
 */
static struct cgroup *cgroups_find(struct gathering *gathering, const struct records *records,
				   size_t i)
{
	const struct record *record = &records->record[i];
	struct cgroup *cgroup = cgroups_find_id(gathering, record->id);
	const char *path;

	if (cgroup)
		return cgroup;
	/* One of those of this id has it */
	while (!records->record[i].path)
		i++;
	path = cgroup_own_path(gathering, records->record[i].path);
	if (!path) {
		gathering->cgroups->foreign++;
		return NULL;
	}
	cgroup = bsearch(path, gathering->cgroups->cgroup, gathering->nr_places,
			 sizeof(*cgroup), cgroups_compare_place);
	/* A recorded tree need not tell ids; and the root is never removed */
	if (cgroup && (!cgroup->id || !strcmp(path, "/"))) {
		if (!cgroup->id)
			cgroup->id = record->id;
		return cgroup;
	}
	cgroup = cgroups_add(gathering, xstrdup(path), record->id);
	cgroup->removed = true;
	return cgroup;
}

static bool cgroups_wants_node(const struct gathering *gathering, int node)
{
	if (node < 64)
		return gathering->nodes >> node & 1;
	/* No list of nodes can name it */
	return gathering->nodes == UINT64_MAX;
}

static void cgroup_add_record(struct cgroup *cgroup, const struct record *record)
{
	struct age_bucket *bucket = &cgroup->ages.bucket[record->bucket];

	for (int i = 0, nr = 0; i < NR_AGE_COUNTERS; i++) {
		num *to = counter_at(bucket, &age_counters[i]);

		if (age_counters[i].flags & COUNTER_CGROUP)
			*to = amount_add(*to, record->count[nr++]);
	}
}

static void cgroups_add_records(struct gathering *gathering, const struct records *records)
{
	const struct record *last = NULL;
	struct cgroup *cgroup = NULL;
	int node = -1;

	for (size_t i = 0; i < records->nr; i++) {
		const struct record *record = &records->record[i];

		if (!i || record[-1].id != record->id) {
			cgroup = cgroups_find(gathering, records, i);
			last = NULL;
			node = -1;
		}
		/* What is said twice is counted once */
		if (!cgroup || !cgroups_wants_node(gathering, record->node) ||
		    (last && last->node == record->node && last->bucket == record->bucket))
			continue;
		last = record;
		/* A record may also tell of loads only, and have no pages */
		if (record->count[0] && record->node != node) {
			node = record->node;
			cgroup->nr_nodes++;
		}
		cgroup_add_record(cgroup, record);
	}
}

/* All that is below an ancestor follows it, so that the one before leads to the parent. */
void cgroups_set_parents(struct cgroups *cgroups)
{
	struct cgroup *cgroup = cgroups->cgroup;
	int i, parent;

	for (i = 0; i < cgroups->nr; i++) {
		for (parent = i - 1; parent > 0; parent = cgroup[parent].parent) {
			if (cgroup_is_within(cgroup[i].path, cgroup[parent].path) &&
			    strcmp(cgroup[i].path, cgroup[parent].path))
				break;
		}
		cgroup[i].parent = parent;
	}
}

/* Leave only those with entries, and their ancestors. */
static void cgroups_drop_empty(struct cgroups *cgroups)
{
	int *moved = xcalloc(cgroups->nr, sizeof(*moved));
	struct cgroup *cgroup = cgroups->cgroup;
	int i, nr = 0;

	moved[0] = 1;
	for (i = cgroups->nr - 1; i > 0; i--) {
		if (cgroup[i].nr_nodes)
			moved[i] = 1;
		if (moved[i])
			moved[cgroup[i].parent] = 1;
	}
	for (i = 0; i < cgroups->nr; i++) {
		if (!moved[i]) {
			free(cgroup[i].path);
			continue;
		}
		cgroup[nr] = cgroup[i];
		if (i)
			cgroup[nr].parent = moved[cgroup[i].parent];
		moved[i] = nr++;
	}
	cgroups->nr = nr;
	free(moved);
}

/*
 * What the kernel's table tells goes by cgroup2 with the memory controller; directories of anything
 * else have other paths and inodes.
 */
static int check_hierarchy(const struct source *source)
{
	return cgroup_hierarchy_reason(source) ? -EOPNOTSUPP : 0;
}

int cgroups_read(const struct source *source, uint64_t nodes, bool all, struct cgroups *cgroups)
{
	struct gathering gathering = { .cgroups = cgroups, .nodes = nodes };
	struct age_table edges;
	struct records records;
	struct places places;
	size_t room;
	int err;

	*cgroups = (struct cgroups) {};
	err = check_hierarchy(source);
	if (err)
		return err;
	err = records_read_all(source, &edges, &records);
	if (err)
		return err;
	places_read(source, &places);
	room = places.nr + records_count_cgroups(&records);
	if (room > INT32_MAX) {
		err = -EFBIG;
		goto out;
	}
	gathering.edges = &edges;
	/* Room for all that could be needed: nothing moves while it is pointed to */
	cgroups->cgroup = xcalloc(room, sizeof(*cgroups->cgroup));
	cgroups_add_places(&gathering, &places);
	cgroups_find_prefix(&gathering, &records);
	cgroups_add_records(&gathering, &records);
	free(gathering.prefix);
	free(gathering.by_id);
	qsort(cgroups->cgroup, cgroups->nr, sizeof(*cgroups->cgroup), cgroups_compare);
	cgroups_set_parents(cgroups);
	if (!all)
		cgroups_drop_empty(cgroups);
out:
	places_free(&places);
	records_free(&records);
	return err;
}

void cgroups_free(struct cgroups *cgroups)
{
	int i;

	for (i = 0; i < cgroups->nr; i++)
		free(cgroups->cgroup[i].path);
	free(cgroups->cgroup);
	*cgroups = (struct cgroups) {};
}

/* ---- details ---- */

static num cgroup_number(const struct source *source, const char *cgroup, const char *name,
			 num (*parse)(const char *text))
{
	char *path = cgroup_file(cgroup, name), *text;
	num value = source_read(source, path, &text);

	if (value >= 0)
		value = parse(text);
	free(text);
	free(path);
	return value;
}

static num parse_frozen(const char *text)
{
	return parse_keyed(text, "frozen");
}

static num parse_switch(const char *text)
{
	return !strncmp(text, "0", 1) ? 0 : !strncmp(text, "1", 1) ? 1 : -EINVAL;
}

static void cgroup_read_stat(const struct source *source, struct cgroup *cgroup)
{
	char *path = cgroup_file(cgroup->path, "memory.stat"), *text;
	long len = source_read(source, path, &text);
	struct cgroup_usage *all = &cgroup->all;
	num shared;

	free(path);
	if (len < 0) {
		*all = (struct cgroup_usage) { len, len, len, len };
		return;
	}
	all->anon = parse_keyed(text, "anon");
	all->resident = amount_add(all->anon, parse_keyed(text, "file"));
	/* Shared memory is counted as file, and swapped like anonymous */
	shared = parse_keyed(text, "shmem");
	if (shared > 0)
		all->anon = amount_add(all->anon, shared);
	all->written = parse_keyed(text, "zswpwb_proactive");
	all->refaulted = parse_keyed(text, "zswpwb_refault");
	free(text);
}

/* What is not known of a child stays with the parent: too much there is the careful error. */
static num without(num all, num part)
{
	if (all <= 0 || part <= 0)
		return all;
	return all > part ? all - part : 0;
}

void cgroups_read_details(const struct source *source, struct cgroups *cgroups)
{
	struct cgroup *cgroup = cgroups->cgroup;

	for (int i = 0; i < cgroups->nr; i++) {
		const char *path = cgroup[i].path;

		/* There may be a new one of the same path */
		if (cgroup[i].removed)
			continue;
		cgroup_read_stat(source, &cgroup[i]);
		cgroup[i].pressure_memory = cgroup_number(source, path, "memory.pressure",
							  parse_pressure_some);
		cgroup[i].pressure_io = cgroup_number(source, path, "io.pressure",
						      parse_pressure_some);
		cgroup[i].writeback = cgroup_number(source, path, "memory.zswap.writeback",
						    parse_switch);
		cgroup[i].frozen = cgroup_number(source, path, "cgroup.events", parse_frozen);
		cgroup[i].own = cgroup[i].all;
	}
	/* Parents come first, and what is taken off one of them is of a whole subtree */
	for (int i = 0; i < cgroups->nr; i++) {
		int parent = cgroup[i].parent;

		cgroup[i].off = !cgroup[i].writeback || (parent >= 0 && cgroup[parent].off);
		if (parent < 0 || cgroup[i].removed)
			continue;
		cgroup[parent].own.anon = without(cgroup[parent].own.anon, cgroup[i].all.anon);
		cgroup[parent].own.resident = without(cgroup[parent].own.resident,
						      cgroup[i].all.resident);
		cgroup[parent].own.written = without(cgroup[parent].own.written,
						     cgroup[i].all.written);
		cgroup[parent].own.refaulted = without(cgroup[parent].own.refaulted,
						       cgroup[i].all.refaulted);
	}
}

void cgroups_sum(const struct cgroups *cgroups, struct age_table *sum)
{
	int i, j;

	for (i = 0; i < cgroups->nr; i++)
		sum[i] = cgroups->cgroup[i].ages;
	/* A parent comes before its children: from behind, each is complete when it is added */
	for (i = cgroups->nr - 1; i > 0; i--) {
		struct age_table *parent = &sum[cgroups->cgroup[i].parent];

		for (j = 0; j < sum[i].nr; j++) {
			amount_add_row(&parent->bucket[j], &sum[i].bucket[j]);
		}
	}
}

/* ---- names ---- */

/* A path that has been typed: one slash before each name, none at the end; NULL if nonsense. */
static char *cgroup_clean_path(const char *name)
{
	char *path = xcalloc(strlen(name) + 2, 1), *end = path;

	while (*name) {
		size_t len = strcspn(name, "/");

		if (len == 2 && !memcmp(name, "..", 2)) {
			free(path);
			return NULL;
		}
		if (len && !(len == 1 && *name == '.')) {
			*end++ = '/';
			memcpy(end, name, len);
			end += len;
		}
		name += len;
		if (*name)
			name++;
	}
	if (end == path)
		*end = '/';
	return path;
}

/* Takes @path over. */
static int cgroup_resolve_path(const struct source *source, char *path, uint64_t *id, char **result)
{
	char *directory = cgroup_file(path, "");
	num inode = source_inode(source, directory);

	free(directory);
	if (inode < 0) {
		free(path);
		return inode == -ENOTDIR ? -ENOENT : inode;
	}
	*id = inode;
	*result = path;
	return 0;
}

/* The cgroup that a process is in, as this process sees it. */
static int cgroup_resolve_pid(const struct source *source, const char *number, uint64_t *id,
			      char **result)
{
	static const char key[] = "0::";
	char *path, *text, *line, *end;
	long len;
	num pid;
	int err;

	err = parse_number(number, &pid);
	if (err)
		return err;
	path = xasprintf("/proc/%lld/cgroup", pid);
	len = source_read(source, path, &text);
	free(path);
	if (len < 0)
		return len == -ESRCH ? -ENOENT : len;

	for (line = text; line && strncmp(line, key, strlen(key)); line = end ? end + 1 : NULL)
		end = strchr(line, '\n');
	err = -ENOENT;
	if (line) {
		line += strlen(key);
		line[strcspn(line, "\n")] = '\0';
		/* "/.." is outside of this process's namespace; there is no "/a (deleted)" */
		path = *line == '/' ? cgroup_clean_path(line) : NULL;
		if (path)
			err = cgroup_resolve_path(source, path, id, result);
	}
	free(text);
	return err;
}

struct id_search {
	uint64_t id;
	char *path;
};

static int cgroup_find_record(const struct cgroup_record *record, void *data)
{
	struct id_search *search = data;

	if (record->id != search->id)
		return 0;
	search->path = xstrdup(record->path);
	return 1;
}

static int cgroup_resolve_id(const struct source *source, const char *name, uint64_t *id,
			     char **result)
{
	struct id_search search = {};
	struct places places;
	num number;
	size_t i;
	int err;

	err = parse_number(name, &number);
	if (err)
		return err;
	search.id = number;
	places_read(source, &places);
	for (i = 0; i < places.nr && !search.path; i++) {
		if (places.place[i].inode == number)
			search.path = xstrdup(places.place[i].path);
	}
	places_free(&places);
	/* One without a directory, or outside of this process's namespace */
	if (!search.path)
		table_read(source, cgroup_find_record, &search);
	if (!search.path)
		return -ENOENT;
	*id = search.id;
	*result = search.path;
	return 0;
}

/* "redis" is redis.service, as systemctl has it, or a directory of just that name */
static bool cgroup_is_named(const char *directory, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(directory, name, len) &&
	       (!directory[len] || !strcmp(directory + len, ".service"));
}

/* A systemd unit: a directory of that name, wherever it is. */
static int cgroup_resolve_unit(const struct source *source, const char *name, uint64_t *id,
			       char **result)
{
	struct places places;
	char *list = xstrdup("");
	num inode = -ENOENT;
	int err = -ENOENT;
	size_t i;

	places_read(source, &places);
	for (i = 0; i < places.nr; i++) {
		const struct place *place = &places.place[i];

		if (!cgroup_is_named(strrchr(place->path, '/') + 1, name))
			continue;
		err = *list ? -ENOTUNIQ : 0;
		xappend(&list, "%s%s", *list ? "\n" : "", place->path);
		inode = place->inode;
	}
	places_free(&places);
	if (!err && inode < 0)
		err = inode;
	if (err && err != -ENOTUNIQ) {
		free(list);
		return err;
	}
	*result = list;
	if (!err)
		*id = inode;
	return err;
}

int cgroup_resolve(const struct source *source, const char *name, uint64_t *id, char **path)
{
	static const char pid[] = "pid:";
	char *clean;
	int err = check_hierarchy(source);

	*path = NULL;
	if (err)
		return err;
	if (!strncmp(name, pid, strlen(pid)))
		return cgroup_resolve_pid(source, name + strlen(pid), id, path);
	if (*name == '/') {
		size_t len = strlen(SYS_CGROUP);

		if (!strncmp(name, SYS_CGROUP, len) && (!name[len] || name[len] == '/'))
			name += len;
		clean = cgroup_clean_path(name);
		return clean ? cgroup_resolve_path(source, clean, id, path) : -EINVAL;
	}
	if (*name && !name[strspn(name, "0123456789")])
		return cgroup_resolve_id(source, name, id, path);
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EINVAL;
	return cgroup_resolve_unit(source, name, id, path);
}
