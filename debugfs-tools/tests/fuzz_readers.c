// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Breaks the files of a recorded tree and reads them: fuzz_readers [--seed N] [--runs N] TREE
 *
 * In each run every file is broken once and given to all parsers, and then some files of a
 * copy of the tree are broken at the same time, and the copy is read as a whole.  The same
 * seed breaks the same.  The sanitizers find what is wrong with memory; what is wrong with
 * the results is checked here.
 */
#include <fcntl.h>
#include <getopt.h>

#include "system/amount.h"
#include "lines.h"
#include "system/system.h"
#include "tree.h"

/* ---- chance ---- */

static uint64_t chance_state;

/* Sebastiano Vigna's splitmix64: any seed will do. */
static uint64_t chance(void)
{
	uint64_t z = chance_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Below @limit, which is not 0. */
static size_t chance_below(size_t limit)
{
	return chance() % limit;
}

/* ---- files ---- */

struct bytes {
	char *start;
	size_t len;
};

struct file {
	char *path;		/* below the tree */
	struct bytes bytes;
};

static struct file *files;
static size_t nr_files;
static char **directories;	/* of cgroups, for names to resolve */
static size_t nr_directories;
static size_t tree_length;	/* of the path of the tree, for collect() */

static struct bytes load(const char *path)
{
	struct bytes bytes = { xcalloc(1, 1), 0 };
	FILE *file = fopen(path, "r");
	char chunk[4096];
	size_t got;

	if (!file)
		tree_fail("open", path);
	while ((got = fread(chunk, 1, sizeof(chunk), file))) {
		bytes.start = xrealloc(bytes.start, bytes.len + got);
		memcpy(bytes.start + bytes.len, chunk, got);
		bytes.len += got;
	}
	if (ferror(file))
		tree_fail("read", path);
	fclose(file);
	return bytes;
}

static int collect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	static const char cgroups[] = SYS_CGROUP "/";
	const char *below = path + tree_length;

	(void)st;
	(void)ftw;
	if (type == FTW_D && !strncmp(below, cgroups, strlen(cgroups))) {
		directories = xrealloc(directories, (nr_directories + 1) * sizeof(*directories));
		directories[nr_directories++] = xstrdup(below);
	}
	if (type != FTW_F)
		return 0;
	files = xrealloc(files, (nr_files + 1) * sizeof(*files));
	files[nr_files++] = (struct file) { xstrdup(below), load(path) };
	return 0;
}

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static int compare_directories(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In order of names: what a directory's order is does not matter. */
static void load_tree(const char *tree)
{
	tree_length = strlen(tree);
	if (nftw(tree, collect, 16, FTW_PHYS))
		tree_fail("read", tree);
	if (!nr_files) {
		say_error("%s: no file in it", tree);
		exit(EX_USAGE);
	}
	qsort(files, nr_files, sizeof(*files), compare_files);
	if (nr_directories)
		qsort(directories, nr_directories, sizeof(*directories), compare_directories);
}

static void unload_tree(void)
{
	while (nr_files) {
		nr_files--;
		free(files[nr_files].path);
		free(files[nr_files].bytes.start);
	}
	free(files);
	while (nr_directories)
		free(directories[--nr_directories]);
	free(directories);
}

/* ---- mutations ---- */

/* Take @nr bytes at @at away, and put @len of @text there. */
static void replace_bytes(struct bytes *bytes, size_t at, size_t nr, const char *text, size_t len)
{
	char *start = xcalloc(bytes->len - nr + len, 1);

	memcpy(start, bytes->start, at);
	memcpy(start + at, text, len);
	memcpy(start + at + len, bytes->start + at + nr, bytes->len - at - nr);
	free(bytes->start);
	bytes->start = start;
	bytes->len += len - nr;
}

/* Where the line that has the byte @at begins, and how long it is with its newline. */
static size_t line_at(const struct bytes *bytes, size_t at, size_t *len)
{
	size_t end = at;

	while (at && bytes->start[at - 1] != '\n')
		at--;
	while (end < bytes->len && bytes->start[end] != '\n')
		end++;
	*len = end - at + (end < bytes->len);
	return at;
}

static void flip_bits(struct bytes *bytes)
{
	size_t nr = 1 + chance_below(8);

	while (nr--)
		bytes->start[chance_below(bytes->len)] ^= 1 << chance_below(8);
}

static void put_number(struct bytes *bytes, bool replace)
{
	static const char *const numbers[] = {
		"0", "-1", "1", "16", "64", "4096", "2147483648", "4294967295", "4294967296",
		"9223372036854775807", "9223372036854775808", "-9223372036854775808",
		"18446744073709551615", "18446744073709551616", "0x10", "1e9", "inf", "nan",
		"99999999999999999999999999999999999999999999999999", "+1", "1.5", "\xff",
	};
	const char *number = numbers[chance_below(ARRAY_SIZE(numbers))];
	size_t at = chance_below(bytes->len), end;

	if (replace) {
		while (at < bytes->len && !strchr("0123456789", bytes->start[at]))
			at++;
	}
	end = at;
	while (replace && end < bytes->len && bytes->start[end] >= '0' && bytes->start[end] <= '9')
		end++;
	replace_bytes(bytes, at, end - at, number, strlen(number));
}

static void repeat_line(struct bytes *bytes)
{
	size_t len, at = line_at(bytes, chance_below(bytes->len), &len);
	char *line = xcalloc(len, 1);
	size_t times = 1 + chance_below(20);

	memcpy(line, bytes->start + at, len);
	while (times--)
		replace_bytes(bytes, at, 0, line, len);
	free(line);
}

/* A line goes where another one is. */
static void move_line(struct bytes *bytes)
{
	size_t len, other, at = line_at(bytes, chance_below(bytes->len), &len);
	char *line = xcalloc(len, 1);

	memcpy(line, bytes->start + at, len);
	replace_bytes(bytes, at, len, "", 0);
	if (bytes->len) {
		at = line_at(bytes, chance_below(bytes->len), &other);
		replace_bytes(bytes, at, 0, line, len);
	}
	free(line);
}

static void put_run(struct bytes *bytes)
{
	static const char kinds[] = " \t\n0123456789a/:.-\x80";
	size_t len = 1 + chance_below(chance_below(8) ? 300 : 70000);
	char *run = xcalloc(len, 1);

	memset(run, kinds[chance_below(strlen(kinds))], len);
	replace_bytes(bytes, chance_below(bytes->len + 1), 0, run, len);
	free(run);
}

static void mutate_once(struct bytes *bytes)
{
	static const char nuls[8];
	size_t at, len;

	if (!bytes->len) {
		put_run(bytes);
		return;
	}
	switch (chance_below(10)) {
	case 0:
		bytes->len = chance_below(bytes->len);
		break;
	case 1:
		flip_bits(bytes);
		break;
	case 2:
		put_number(bytes, false);
		break;
	case 3:
	case 4:
		put_number(bytes, true);
		break;
	case 5:
		repeat_line(bytes);
		break;
	case 6:
		move_line(bytes);
		break;
	case 7:
		put_run(bytes);
		break;
	case 8:
		replace_bytes(bytes, chance_below(bytes->len + 1), 0, nuls, 1 + chance_below(8));
		break;
	default:
		at = chance_below(bytes->len);
		len = 1 + chance_below(bytes->len - at);
		replace_bytes(bytes, at, len, "", 0);
	}
}

/* A broken copy of a file, to be freed. */
static struct bytes mutate(const struct file *file)
{
	struct bytes bytes = { xcalloc(file->bytes.len, 1), file->bytes.len };
	size_t times = 1 + chance_below(3);

	memcpy(bytes.start, file->bytes.start, bytes.len);
	while (times--)
		mutate_once(&bytes);
	return bytes;
}

/* ---- what must hold ---- */

static void must(bool good, const char *what)
{
	if (good)
		return;
	say_error("fuzz: wrong: %s", what);
	abort();
}

static void must_be_ages(const struct age_table *table)
{
	int i;

	must(table->nr > 0 && table->nr <= AGE_BUCKETS_MAX, "number of buckets");
	for (i = 0; i < table->nr; i++) {
		const struct age_bucket *bucket = &table->bucket[i];

		must(bucket->min_age >= 0 && bucket->min_age < bucket->max_age, "bounds");
		must(bucket->pages >= 0 && bucket->bytes >= 0 && bucket->incompressible >= 0,
		     "entries");
	}
}

static int must_be_record(const struct cgroup_record *record, void *data)
{
	size_t *total = data;

	must(record->bucket >= 0 && record->bucket < AGE_BUCKETS_MAX && record->node >= 0,
	     "numbers of a record");
	must(*record->path && record->row.pages >= 0 && record->row.bytes >= 0, "contents of a record");
	*total += strlen(record->path);
	return 0;
}

/* ---- parsers ---- */

static void parse_table(const char *text)
{
	struct age_table table;
	struct age_bucket colder;

	if (parse_age_text(text, &table))
		return;
	must_be_ages(&table);
	colder = amount_colder(&table, 60);
	must(colder.pages >= 0 && colder.bytes >= 0, "sums");
}

/* What lines are to the parsers of what users type. */
static void parse_line(const char *line)
{
	uint64_t mask;
	num value = 0;

	must(parse_number(line, &value) || value >= 0, "number");
	must(parse_size(line, &value) || value >= 0, "size");
	must(parse_age(line, &value) || value >= 0, "age");
	must(parse_rate(line, &value) || value >= 0, "rate");
	must(parse_nodes(line, &mask) || mask, "nodes");
}

static void parse_all(const struct bytes *bytes)
{
	/* Its very end is known to the sanitizer, also where a NUL ends it */
	char *whole = xcalloc(bytes->len + 1, 1), *text, *line;
	struct result result;
	size_t total = 0;

	memcpy(whole, bytes->start, bytes->len);
	text = xstrdup(whole);
	parse_table(text);
	must(parse_keyed(text, "anon") >= -4095, "key");
	must(parse_keyed(text, "zswpwb_refault") >= -4095, "key");
	must(parse_keyed(text, "MemTotal") >= -4095, "key");
	must(parse_pressure_some(text) >= -4095, "pressure");
	must(parse_result(text, &result) || result.status <= 0, "result");
	parse_line(text);
	line = strrchr(text, '\n');
	if (line)
		parse_line(line + 1);
	parse_cgroup_table(text, must_be_record, &total);
	free(text);
	free(whole);
}

/* ---- the whole tree ---- */

static void read_cgroups(const struct source *source)
{
	struct cgroups cgroups;
	int i;

	if (cgroups_read(source, chance(), &cgroups))
		return;
	must(cgroups.nr > 0 && cgroups.cgroup[0].parent == -1, "root");
	cgroups_read_details(source, &cgroups);
	cgroups_sum(&cgroups);
	for (i = 0; i < cgroups.nr; i++) {
		must(!i || (cgroups.cgroup[i].parent >= 0 && cgroups.cgroup[i].parent < i),
		     "parent");
		must_be_ages(&cgroups.sum[i]);
	}
	cgroups_free(&cgroups);
}

static void resolve(const struct source *source, const char *name)
{
	uint64_t id;
	char *path;
	int err = cgroup_resolve(source, name, &id, &path);

	must(err <= 0 && !path == (err && err != -ENOTUNIQ), "name");
	free(path);
}

static void resolve_names(const struct source *source)
{
	const char *directory;
	char *id;

	if (nr_directories) {
		directory = directories[chance_below(nr_directories)];
		resolve(source, directory);
		resolve(source, strrchr(directory, '/') + 1);
	}
	id = xasprintf("%zu", chance_below(10000));
	resolve(source, id);
	free(id);
	resolve(source, "pid:1");
}

static void read_tree(const struct source *source)
{
	static const int errors[] = { ENOENT, EACCES, EPERM, EINVAL, EOPNOTSUPP };
	struct system system;
	int i;

	system_read(source, &system);
	if (!system.ages_error)
		must_be_ages(&system.ages);
	for (i = 0; i < system.nr_nodes; i++) {
		if (!system.nodes[i].ages_error)
			must_be_ages(&system.nodes[i].ages);
	}
	for (i = 0; i < (int)ARRAY_SIZE(errors); i++)
		must(*system_reason(source, -errors[i]), "reason");
	system_free(&system);
	read_cgroups(source);
	resolve_names(source);
}

/* Break some files of the copy, read it, and mend them. */
static size_t break_tree(const char *copy, const struct source *source)
{
	/* Now and then all of them */
	size_t nr = chance_below(16) ? 1 + chance_below(8) : nr_files, i;
	size_t *which = xcalloc(nr, sizeof(*which));

	for (i = 0; i < nr; i++) {
		struct bytes bytes;

		which[i] = nr == nr_files ? i : chance_below(nr_files);
		bytes = mutate(&files[which[i]]);
		tree_bytes(copy, files[which[i]].path, bytes.start, bytes.len);
		free(bytes.start);
	}
	read_tree(source);
	for (i = 0; i < nr; i++)
		tree_bytes(copy, files[which[i]].path, files[which[i]].bytes.start,
			   files[which[i]].bytes.len);
	free(which);
	return nr;
}

static size_t fuzz(num seed, num runs)
{
	char *copy = tree_new();
	struct source source;
	size_t i, broken = 0;
	num run;

	for (i = 0; i < nr_directories; i++)
		tree_directory(copy, directories[i]);
	for (i = 0; i < nr_files; i++)
		tree_bytes(copy, files[i].path, files[i].bytes.start, files[i].bytes.len);
	if (source_open(&source, copy))
		tree_fail("open", copy);
	for (run = 0; run < runs; run++) {
		chance_state = (uint64_t)seed << 32 ^ run;
		for (i = 0; i < nr_files; i++, broken++) {
			struct bytes bytes = mutate(&files[i]);

			parse_all(&bytes);
			free(bytes.start);
		}
		broken += break_tree(copy, &source);
	}
	source_close(&source);
	tree_remove(copy);
	return broken;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "runs", required_argument, NULL, 'r' },
		{}
	};
	num seed = 1, runs = 100;
	size_t broken;
	bool bad = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			bad |= parse_number(optarg, &seed) != 0;
		else if (option == 'r')
			bad |= parse_number(optarg, &runs) != 0;
		else
			bad = true;
	}
	if (bad || optind != argc - 1) {
		fprintf(stderr, "usage: %s [--seed N] [--runs N] TREE\n", argv[0]);
		return EX_USAGE;
	}
	load_tree(argv[optind]);
	broken = fuzz(seed, runs);
	unload_tree();
	printf("fuzz: %lld runs, %zu files mutated, no crash\n", runs, broken);
	return EX_DONE;
}
