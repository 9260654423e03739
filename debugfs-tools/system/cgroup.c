// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cgroups and the ages of what they have in zswap.
 *
 * Entries and directories come from two places: age_buckets_cgroup has an id with each
 * record, and the id is the inode number of the directory.  There may be many thousands.
 */
#include "system/amount.h"
#include "system/system.h"

/* ---- paths ---- */

/* What all paths below begin with. */
static const char *as_prefix(const char *path)
{
	return strcmp(path, "/") ? path : "";
}

/*
 * Order of paths: an ancestor first, and then all that is below it, which strcmp() would
 * put "/a-b" into the midst of.
 */
int cgroup_compare_paths(const char *a, const char *b)
{
	int left, right;

	for (a = as_prefix(a), b = as_prefix(b); *a && *a == *b; a++)
		b++;
	left = *a == '/' ? 1 : (unsigned char)*a * 2;
	right = *b == '/' ? 1 : (unsigned char)*b * 2;
	return (left > right) - (left < right);
}

bool cgroup_is_within(const char *path, const char *top)
{
	size_t len = strlen(as_prefix(top));

	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

const char *cgroup_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

char *cgroup_file(const char *path, const char *file)
{
	return xasprintf(SYS_CGROUP "%s%s%s", as_prefix(path), *file ? "/" : "", file);
}

const char *cgroup_hierarchy_reason(const struct source *source)
{
	autofree char *text = NULL;
	char *word, *at = NULL;
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
	return found ? NULL : "not supported: cgroup2 at " SYS_CGROUP " is without the memory controller";
}

/* ---- directories ---- */

/* Nothing is known of the file then; others were removed, or whoever made them wants it so. */
static bool is_passing(num error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

int cgroup_walk(const struct source *source, const char *path,
		int (*each)(const char *path, num inode, void *data), void *data)
{
	autofree char *directory = cgroup_file(path, "");
	struct dirent **list;
	int nr = source_directories(source, directory, &list), found = 0;
	num inode = is_passing(nr) ? nr : source_inode(source, directory);

	if (is_passing(inode))
		found = inode;
	else if (nr != -ENOTDIR)
		found = each(path, inode, data);
	for (int i = 0; i < nr && !found; i++) {
		autofree char *below = xasprintf("%s/%s", as_prefix(path), list[i]->d_name);

		found = cgroup_walk(source, below, each, data);
	}
	source_free_list(list, nr);
	return found;
}

/* ---- the kernel's table ---- */

/* It may be far longer than any other file. */
int cgroup_table(const struct source *source,
		 int (*each)(const struct cgroup_record *record, void *data), void *data)
{
	struct table_reader reader = { .cgroups = true, .each = each, .data = data };
	int err = source_lines(source, SYS_DEBUGFS "/age_buckets_cgroup", parse_table_line, &reader);

	return err || reader.nr ? err : -EINVAL;
}

/* A table without entries that has the buckets of the system's. */
static int read_edges(const struct source *source, struct age_table *edges)
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

/* ---- cgroups ---- */

/* The cgroups while they are put together. */
struct gathering {
	struct cgroups *cgroups;
	size_t room;
	struct age_table edges;
	uint64_t nodes;
	int nr_told;			/* the first ones, of the table, sorted by id */
	/*
	 * In a cgroup namespace: what the kernel's paths have before ours; NULL: not known.
	 * Without one it is "".
	 */
	char *prefix;
};

static struct cgroup *cgroups_add(struct gathering *gathering, const char *path, uint64_t id)
{
	struct cgroups *cgroups = gathering->cgroups;
	struct cgroup *cgroup;

	if ((size_t)cgroups->nr == gathering->room) {
		gathering->room += gathering->room / 2 + 64;
		cgroups->cgroup = xrealloc(cgroups->cgroup, gathering->room * sizeof(*cgroup));
	}
	cgroup = &cgroups->cgroup[cgroups->nr++];
	*cgroup = (struct cgroup) {
		.id = id,
		.path = xstrdup(path),
		.parent = -1,
		.ages = gathering->edges,
		.all = { -ENOENT, -ENOENT, -ENOENT, -ENOENT },
		.own = { -ENOENT, -ENOENT, -ENOENT, -ENOENT },
		.frozen = -ENOENT,
		.pressure_memory = -ENOENT,
		.pressure_io = -ENOENT,
		.writeback = -ENOENT,
	};
	return cgroup;
}

/* Whoever the table tells of counts as removed until its directory is found. */
static int take_record(const struct cgroup_record *record, void *data)
{
	struct gathering *gathering = data;
	struct cgroups *cgroups = gathering->cgroups;
	const struct age_bucket *edge = &gathering->edges.bucket[record->bucket];
	struct cgroup *cgroup = cgroups->nr ? &cgroups->cgroup[cgroups->nr - 1] : NULL;

	/* The edges have changed since they were read */
	if (record->bucket >= gathering->edges.nr || edge->min_age != record->row.min_age ||
	    edge->max_age != record->row.max_age)
		return -EAGAIN;
	if (!cgroup || cgroup->id != (uint64_t)record->id) {
		cgroup = cgroups_add(gathering, record->path, record->id);
		cgroup->removed = true;
	}
	/* No list of nodes can name those beyond the mask */
	if (gathering->nodes == UINT64_MAX ||
	    (record->node < 64 && gathering->nodes >> record->node & 1))
		amount_add_row(&cgroup->ages.bucket[record->bucket], &record->row);
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct cgroup *left = a, *right = b;

	return (left->id > right->id) - (left->id < right->id);
}

/* One of an id, whatever the order of its records was. */
static void join_records(struct gathering *gathering)
{
	struct cgroups *cgroups = gathering->cgroups;
	struct cgroup *cgroup = cgroups->cgroup;
	int nr = 0;

	if (cgroups->nr)
		qsort(cgroup, cgroups->nr, sizeof(*cgroup), compare_ids);
	for (int i = 0; i < cgroups->nr; i++) {
		if (nr && cgroup[nr - 1].id == cgroup[i].id) {
			amount_add_table(&cgroup[nr - 1].ages, &cgroup[i].ages);
			free(cgroup[i].path);
		} else {
			cgroup[nr++] = cgroup[i];
		}
	}
	cgroups->nr = nr;
	gathering->nr_told = nr;
}

/* What the kernel's path has before the directory's; to be freed; NULL: nothing. */
static char *cgroup_prefix(const char *kernel, const char *directory)
{
	size_t all = strlen(as_prefix(kernel)), own = strlen(as_prefix(directory));

	if (own > all || strncmp(kernel + all - own, directory, own))
		return NULL;
	return xasprintf("%.*s", (int)(all - own), kernel);
}

static int take_directory(const char *path, num inode, void *data)
{
	struct gathering *gathering = data;
	struct cgroups *cgroups = gathering->cgroups;
	const struct cgroup key = { .id = inode < 0 ? 0 : inode };
	struct cgroup *cgroup = gathering->nr_told && key.id ?
		bsearch(&key, cgroups->cgroup, gathering->nr_told, sizeof(key), compare_ids) : NULL;

	/* The root of all cgroups has the id 1; where ours has another, this is a namespace */
	if (!strcmp(path, "/") && key.id <= 1)
		gathering->prefix = xstrdup("");
	if (!cgroup || !cgroup->removed) {
		cgroups_add(gathering, path, key.id);
		return 0;
	}
	if (!gathering->prefix)
		gathering->prefix = cgroup_prefix(cgroup->path, path);
	free(cgroup->path);
	cgroup->path = xstrdup(path);
	cgroup->removed = false;
	return 0;
}

/* The path as ours, of one without a directory; NULL: it is outside of this namespace. */
static const char *own_path(const struct gathering *gathering, const char *path)
{
	const char *prefix = gathering->prefix, *below;

	if (!prefix || !cgroup_is_within(path, prefix))
		return NULL;
	below = path + strlen(prefix);
	/* "/../a" is what the kernel calls a sibling of the namespace's root */
	return *below == '/' && strncmp(below, "/..", 3) ? below : NULL;
}

static int compare_cgroups(const void *a, const void *b)
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

/* Those that have no directory get paths of ours, or go; then all are sorted. */
static void place_removed(struct gathering *gathering)
{
	struct cgroups *cgroups = gathering->cgroups;
	struct cgroup *cgroup = cgroups->cgroup;
	int all = 0, nr = 0;

	for (int i = 0; i < cgroups->nr; i++) {
		const char *path = cgroup[i].removed ? own_path(gathering, cgroup[i].path)
						     : cgroup[i].path;

		if (path) {
			memmove(cgroup[i].path, path, strlen(path) + 1);
			cgroup[all++] = cgroup[i];
		} else {
			free(cgroup[i].path);
			cgroups->foreign++;
		}
	}
	qsort(cgroup, all, sizeof(*cgroup), compare_cgroups);
	for (int i = 0; i < all; i++) {
		struct cgroup *last = nr && cgroup[nr - 1].removed ? &cgroup[nr - 1] : NULL;

		/* A recorded tree need not tell ids; and the root is never removed */
		if (last && !strcmp(last->path, cgroup[i].path) &&
		    (!cgroup[i].id || !strcmp(last->path, "/"))) {
			amount_add_table(&cgroup[i].ages, &last->ages);
			if (!cgroup[i].id)
				cgroup[i].id = last->id;
			free(last->path);
			nr--;
		}
		cgroup[nr++] = cgroup[i];
	}
	cgroups->nr = nr;
}

/* Sorted, all that is below an ancestor follows it, so that the one before leads to the parent. */
void cgroups_set_parents(struct cgroups *cgroups)
{
	struct cgroup *cgroup = cgroups->cgroup;
	int i, parent;

	if (cgroups->nr)
		qsort(cgroup, cgroups->nr, sizeof(*cgroup), compare_cgroups);
	for (i = 0; i < cgroups->nr; i++) {
		for (parent = i - 1; parent > 0; parent = cgroup[parent].parent) {
			if (cgroup_is_within(cgroup[i].path, cgroup[parent].path) &&
			    strcmp(cgroup[i].path, cgroup[parent].path))
				break;
		}
		cgroup[i].parent = parent;
	}
}

/*
 * The table comes first: whoever it tells of has been made before, so that one whose directory
 * is not found after that is gone.  The other way round, one that is made in between would be
 * taken for removed.
 */
static int gather(const struct source *source, struct gathering *gathering)
{
	int error = read_edges(source, &gathering->edges) ?:
		    cgroup_table(source, take_record, gathering);

	if (error)
		return error;
	join_records(gathering);
	error = cgroup_walk(source, "/", take_directory, gathering);
	if (!error)
		place_removed(gathering);
	return error;
}

int cgroups_read(const struct source *source, uint64_t nodes, struct cgroups *cgroups)
{
	int error = -EAGAIN;

	*cgroups = (struct cgroups) {};
	/* Directories of anything else have other paths and inodes than the table tells of */
	if (cgroup_hierarchy_reason(source))
		return -EOPNOTSUPP;
	for (int tries = 0; tries < 3 && error == -EAGAIN; tries++) {
		struct gathering gathering = { .cgroups = cgroups, .nodes = nodes };

		error = gather(source, &gathering);
		free(gathering.prefix);
		if (error)
			cgroups_free(cgroups);
	}
	cgroups_set_parents(cgroups);
	/* Nobody changes the edges again and again */
	return error == -EAGAIN ? -EINVAL : error;
}

void cgroups_free(struct cgroups *cgroups)
{
	for (int i = 0; i < cgroups->nr; i++)
		free(cgroups->cgroup[i].path);
	free(cgroups->cgroup);
	free(cgroups->sum);
	*cgroups = (struct cgroups) {};
}

static int compare_path(const void *key, const void *element)
{
	return cgroup_compare_paths(key, ((const struct cgroup *)element)->path);
}

struct cgroup *cgroups_find(const struct cgroups *cgroups, const char *path)
{
	return cgroups->nr ? bsearch(path, cgroups->cgroup, cgroups->nr, sizeof(*cgroups->cgroup),
				     compare_path) : NULL;
}

/* ---- details ---- */

static num read_pressure(const struct source *source, const char *cgroup, const char *name)
{
	autofree char *path = cgroup_file(cgroup, name), *text = NULL;
	num length = source_read(source, path, &text);

	return length < 0 ? length : parse_pressure_some(text);
}

static void cgroup_read_stat(const struct source *source, struct cgroup *cgroup)
{
	autofree char *path = cgroup_file(cgroup->path, "memory.stat"), *text = NULL;
	long len = source_read(source, path, &text);
	struct cgroup_usage *all = &cgroup->all;
	num shared;

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
}

static void cgroup_read_details(const struct source *source, struct cgroup *cgroup)
{
	autofree char *events = cgroup_file(cgroup->path, "cgroup.events");
	autofree char *writeback = cgroup_file(cgroup->path, "memory.zswap.writeback");

	cgroup_read_stat(source, cgroup);
	cgroup->pressure_memory = read_pressure(source, cgroup->path, "memory.pressure");
	cgroup->pressure_io = read_pressure(source, cgroup->path, "io.pressure");
	cgroup->writeback = source_number(source, writeback);
	cgroup->frozen = system_keyed(source, events, "frozen");
	cgroup->own = cgroup->all;
}

int cgroups_read_details(const struct source *source, struct cgroups *cgroups)
{
	int error = 0;

	for (int i = 0; i < cgroups->nr; i++) {
		struct cgroup *cgroup = &cgroups->cgroup[i];
		bool off_above = cgroup->parent >= 0 && cgroups->cgroup[cgroup->parent].off;
		const num *const read[] = {
			&cgroup->all.anon, &cgroup->pressure_memory, &cgroup->pressure_io,
			&cgroup->writeback, &cgroup->frozen,
		};

		/* There may be a new one of the same path */
		if (!cgroup->removed)
			cgroup_read_details(source, cgroup);
		for (size_t k = 0; k < ARRAY_SIZE(read); k++)
			error = is_passing(*read[k]) ? *read[k] : error;
		cgroup->off = !cgroup->writeback || off_above;
	}
	for (size_t k = 0; k < sizeof(struct cgroup_usage) / sizeof(num) && cgroups->nr; k++)
		cgroups_own(cgroups, (num *)&cgroups->cgroup->own + k, sizeof(*cgroups->cgroup));
	return error;
}

void cgroups_own(const struct cgroups *cgroups, void *first, size_t stride)
{
	for (int i = 0; i < cgroups->nr; i++) {
		int parent = cgroups->cgroup[i].parent;
		/* Parents come first: what is taken off one of them is still of a whole subtree */
		num part = *(const num *)((const char *)first + i * stride);
		num *all = parent < 0 ? NULL : (num *)((char *)first + parent * stride);

		if (all && *all > 0 && part > 0)
			*all = *all > part ? *all - part : 0;
	}
}

void cgroups_sum(struct cgroups *cgroups)
{
	struct age_table *sum = xcalloc(cgroups->nr, sizeof(*sum));

	cgroups->sum = sum;
	for (int i = 0; i < cgroups->nr; i++)
		sum[i] = cgroups->cgroup[i].ages;
	/* A parent comes before its children: from behind, each is complete when it is added */
	for (int i = cgroups->nr - 1; i > 0; i--)
		amount_add_table(&sum[cgroups->cgroup[i].parent], &sum[i]);
}

