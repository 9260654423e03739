// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl metrics: OpenMetrics 1.0 text, on standard output or in a file for
 * node_exporter's textfile collector.
 *
 * The collector reads Prometheus' older text format.  What is written is valid in both: no
 * type but gauge and counter, no timestamp, no exemplar.  Only OpenMetrics leaves "_total" out
 * of a counter's TYPE line, so the collector passes counters on as untyped.  One series that
 * is there twice makes it drop the whole file: names of cgroups are checked for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amount.h"
#include "options.h"
#include "system.h"
#include "utf8.h"

#define COLD_DEFAULT	300	/* seconds */
#define REASONS_MAX	8

struct metrics {
	const char *file;
	bool cgroups, cold_given;
	num cold;

	FILE *out;
	const struct family *family;	/* the one that is being written */
	const struct source *source;
	int nr_reasons;
	const char *reason[REASONS_MAX]; /* why something is left out; each once */
};

static int take_file(const char *argument, void *data)
{
	struct metrics *metrics = data;

	metrics->file = argument;
	return *argument ? 0 : -EINVAL;
}

static int take_cgroups(const char *argument, void *data)
{
	struct metrics *metrics = data;

	(void)argument;
	metrics->cgroups = true;
	return 0;
}

static int take_cold(const char *argument, void *data)
{
	struct metrics *metrics = data;

	metrics->cold_given = true;
	return parse_age(argument, &metrics->cold);
}

static const struct option_spec options[] = {
	{ "file", 'f', "FILE", "replace FILE instead of writing to standard output", take_file },
	{ "cgroups", 0, NULL, "add what each cgroup has in zswap", take_cgroups },
	{ "cold", 0, "AGE", "with --cgroups: what counts as cold (5m)", take_cold },
	{ }
};

static void *new_data(void)
{
	struct metrics *metrics = xcalloc(1, sizeof(*metrics));

	metrics->cold = COLD_DEFAULT;
	return metrics;
}

/* A metric family; its samples are named @name, or @name_total if it is a counter. */
struct family {
	const char *name, *unit;	/* the unit ends the name; NULL: none */
	bool counter;
	const char *help;
};

/* A number that was to come from @file is left out. */
static void leave_out(struct metrics *metrics, const char *file, num error)
{
	const char *why = system_reason_for(metrics->source, file, error);

	for (int i = 0; i < metrics->nr_reasons; i++) {
		if (!strcmp(metrics->reason[i], why))
			return;
	}
	if (metrics->nr_reasons < REASONS_MAX)
		metrics->reason[metrics->nr_reasons++] = why;
}

/* All samples of a family come in a row.  @labels: "" or "{...}"; @file: where @value is from. */
static void put_sample(struct metrics *metrics, const struct family *family, const char *labels,
		       const char *file, num value)
{
	if (value < 0) {
		leave_out(metrics, file, value);
		return;
	}
	if (metrics->family != family) {
		metrics->family = family;
		fprintf(metrics->out, "# TYPE %s %s\n", family->name,
			family->counter ? "counter" : "gauge");
		if (family->unit)
			fprintf(metrics->out, "# UNIT %s %s\n", family->name, family->unit);
		fprintf(metrics->out, "# HELP %s %s\n", family->name, family->help);
	}
	fprintf(metrics->out, "%s%s%s %lld\n", family->name, family->counter ? "_total" : "",
		labels, value);
}

/* @text as the value of a label: valid UTF-8, \ " and newline escaped; to be freed. */
static char *escape(const char *text)
{
	char *valid = utf8_copy(text);
	char *escaped = xcalloc(strlen(valid) + 1, 2);
	char *to = escaped;

	for (const char *from = valid; *from; from++) {
		if (*from == '\\' || *from == '"' || *from == '\n')
			*to++ = '\\';
		*to++ = *from == '\n' ? 'n' : *from;
	}
	free(valid);
	return escaped;
}

static void put_compressor(struct metrics *metrics, const struct system *system)
{
	static const struct family family = {
		"zswap_compressor", NULL, false,
		"1 for the algorithm that new pages are compressed with."
	};
	char *name, *labels;

	if (!system->compressor)
		return;
	name = escape(system->compressor);
	labels = xasprintf("{compressor=\"%s\"}", name);
	put_sample(metrics, &family, labels, "", 1);
	free(labels);
	free(name);
}

static void put_system(struct metrics *metrics, const struct system *system)
{
	num limit = amount_ratio(amount_times(system->mem_total, system->max_pool_percent), 100, 1);
	const struct {
		struct family family;
		const char *file;
		num value;
	} list[] = {
		{ { "zswap_enabled", NULL, false, "1 if zswap takes pages." },
		  SYS_PARAMETERS "/enabled", system->enabled },
		{ { "zswap_page_size_bytes", "bytes", false, "Size of a page." },
		  "", amount_bytes(1) },
		{ { "zswap_pool_bytes", "bytes", false, "Memory that the pool takes." },
		  SYS_DEBUGFS "/pool_total_size", system->pool_bytes },
		{ { "zswap_pool_limit_bytes", "bytes", false, "Memory that the pool may take." },
		  SYS_PARAMETERS "/max_pool_percent", limit },
		{ { "zswap_stored_pages", "pages", false, "Pages in zswap." },
		  SYS_DEBUGFS "/stored_pages", system->stored_pages },
		{ { "zswap_incompressible_pages", "pages", false,
		    "Pages in zswap that are stored as they are." },
		  SYS_DEBUGFS "/stored_incompressible_pages", system->incompressible_pages },
		{ { "zswap_writeback_commands", NULL, true,
		    "Commands for proactive writeback." },
		  SYS_ZSWAP "/stats/commands", system->counters.commands },
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		put_sample(metrics, &list[i].family, "", list[i].file, list[i].value);
}

static const struct family scanned = {
	"zswap_writeback_scanned_pages", "pages", true,
	"Pages that commands for proactive writeback looked at."
};

static const struct family written = {
	"zswap_writeback_written_pages", "pages", true, "Pages that commands wrote to swap."
};

static const struct family released = {
	"zswap_writeback_released_bytes", "bytes", true, "Compressed memory that was freed by that."
};

static const struct family skipped = {
	"zswap_writeback_skipped_pages", "pages", true,
	"Pages that commands looked at and left: too young, in the swap cache (busy), memory.zswap.writeback is 0 (protected), freed meanwhile (gone)."
};

static const struct family failed = {
	"zswap_writeback_failed_pages", "pages", true,
	"Pages that were not written for want of memory, or after an I/O error."
};

static const struct family refaulted = {
	"zswap_writeback_refaulted_pages", "pages", true,
	"Pages that commands wrote and that were read back from swap."
};

static const struct family dropped = {
	"zswap_writeback_dropped_pages", "pages", true,
	"Pages that commands wrote and that were freed without being read."
};

/* The nodes add up to what the kernel counts for the system: that is left out. */
static void put_counters(struct metrics *metrics, const struct system *system)
{
	static const struct {
		const struct family *family;
		const char *reason;
		size_t offset;		/* in struct counters */
	} list[] = {
		{ &scanned, NULL, offsetof(struct counters, scanned) },
		{ &written, NULL, offsetof(struct counters, written) },
		{ &released, NULL, offsetof(struct counters, released_bytes) },
		{ &skipped, "young", offsetof(struct counters, skipped_young) },
		{ &skipped, "busy", offsetof(struct counters, skipped_busy) },
		{ &skipped, "protected", offsetof(struct counters, skipped_protected) },
		{ &skipped, "gone", offsetof(struct counters, skipped_gone) },
		{ &failed, NULL, offsetof(struct counters, failed) },
		{ &refaulted, NULL, offsetof(struct counters, refaulted) },
		{ &dropped, NULL, offsetof(struct counters, dropped) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		for (int n = 0; n < system->nr_nodes; n++) {
			const struct node *node = &system->nodes[n];
			const char *counters = (const char *)&node->counters;
			char *labels = list[i].reason ?
				xasprintf("{node=\"%d\",reason=\"%s\"}", node->id, list[i].reason) :
				xasprintf("{node=\"%d\"}", node->id);

			put_sample(metrics, list[i].family, labels, SYS_ZSWAP "/node",
				   *(const num *)(counters + list[i].offset));
			free(labels);
		}
	}
}

static void put_buckets(struct metrics *metrics, const struct system *system)
{
	static const struct {
		struct family family;
		size_t offset;		/* in struct age_bucket */
	} list[] = {
		{ { "zswap_age_bucket_pages", "pages", false,
		    "Pages in zswap for min_age_seconds or longer, and for less than the next." },
		  offsetof(struct age_bucket, pages) },
		{ { "zswap_age_bucket_bytes", "bytes", false, "Their compressed size." },
		  offsetof(struct age_bucket, bytes) },
		{ { "zswap_age_bucket_incompressible_pages", "pages", false,
		    "Pages of those that are stored as they are." },
		  offsetof(struct age_bucket, incompressible) },
		{ { "zswap_age_bucket_loaded_pages", "pages", true,
		    "Asked back from zswap at that age; 0 again when age_edges is written." },
		  offsetof(struct age_bucket, loaded) },
		{ { "zswap_age_bucket_written_pages", "pages", true,
		    "Written by commands at that age; 0 again when age_edges is written." },
		  offsetof(struct age_bucket, written) },
		{ { "zswap_age_bucket_refaulted_pages", "pages", true,
		    "Of those: read back from swap; 0 again when age_edges is written." },
		  offsetof(struct age_bucket, refaulted) },
		{ { "zswap_age_bucket_dropped_pages", "pages", true,
		    "Of those: freed without being read; 0 again when age_edges is written." },
		  offsetof(struct age_bucket, dropped) },
	};
	static const char file[] = SYS_DEBUGFS "/age_buckets";

	for (int n = 0; n < system->nr_nodes; n++) {
		if (system->nodes[n].ages_error)
			leave_out(metrics, file, system->nodes[n].ages_error);
	}
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		for (int n = 0; n < system->nr_nodes; n++) {
			const struct node *node = &system->nodes[n];

			for (int b = 0; b < node->ages.nr; b++) {
				const struct age_bucket *bucket = &node->ages.bucket[b];
				const char *values = (const char *)bucket;
				num value = *(const num *)(values + list[i].offset);
				char *labels;

				/* An older kernel does not count it, and nothing is amiss */
				if (&values[list[i].offset] == (const char *)&bucket->loaded &&
				    value == -ENOENT)
					continue;
				labels = xasprintf("{node=\"%d\",min_age_seconds=\"%lld\"}",
						   node->id, bucket->min_age);

				put_sample(metrics, &list[i].family, labels, file, value);
				free(labels);
			}
		}
	}
}

struct cgroup_sample {
	char *name;		/* escaped */
	num pages, bytes, cold;
};

static int by_name(const void *a, const void *b)
{
	const struct cgroup_sample *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/*
 * Sorted by name, each once: different bytes that are not UTF-8 may make the same name.
 * Returns how many.
 */
static int cgroup_samples(const struct cgroups *cgroups, num cold, struct cgroup_sample *sample)
{
	int nr = 0, unique = 0;

	for (int i = 0; i < cgroups->nr; i++) {
		struct age_bucket total, colder;

		amount_total(&cgroups->cgroup[i].ages, &total);
		if (!total.pages)
			continue;
		sample[nr].name = escape(cgroups->cgroup[i].path);
		sample[nr].pages = total.pages;
		sample[nr].bytes = total.bytes;
		amount_colder(&cgroups->cgroup[i].ages, cold, &colder);
		sample[nr].cold = colder.bytes;
		nr++;
	}
	qsort(sample, nr, sizeof(*sample), by_name);
	for (int i = 0; i < nr; i++) {
		if (unique && !strcmp(sample[unique - 1].name, sample[i].name)) {
			struct cgroup_sample *same = &sample[unique - 1];

			same->pages = amount_add(same->pages, sample[i].pages);
			same->bytes = amount_add(same->bytes, sample[i].bytes);
			same->cold = amount_add(same->cold, sample[i].cold);
			free(sample[i].name);
		} else {
			sample[unique++] = sample[i];
		}
	}
	return unique;
}

static void put_cgroups(struct metrics *metrics)
{
	static const struct {
		struct family family;
		size_t offset;		/* in struct cgroup_sample */
		bool has_age;
	} list[] = {
		{ { "zswap_cgroup_pages", "pages", false,
		    "Pages of the cgroup in zswap, without those of its descendants." },
		  offsetof(struct cgroup_sample, pages), false },
		{ { "zswap_cgroup_bytes", "bytes", false, "Their compressed size." },
		  offsetof(struct cgroup_sample, bytes), false },
		{ { "zswap_cgroup_cold_bytes", "bytes", false,
		    "Compressed size of those that are min_age_seconds old or older." },
		  offsetof(struct cgroup_sample, cold), true },
	};
	static const char file[] = SYS_DEBUGFS "/age_buckets_cgroup";
	struct cgroup_sample *sample;
	struct cgroups cgroups;
	int nr, error = cgroups_read(metrics->source, UINT64_MAX, false, &cgroups);

	if (error) {
		leave_out(metrics, file, error);
		return;
	}
	sample = xcalloc(cgroups.nr, sizeof(*sample));
	nr = cgroup_samples(&cgroups, metrics->cold, sample);
	cgroups_free(&cgroups);

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		for (int c = 0; c < nr; c++) {
			const char *values = (const char *)&sample[c];
			char *labels = list[i].has_age ?
				xasprintf("{cgroup=\"%s\",min_age_seconds=\"%lld\"}",
					  sample[c].name, metrics->cold) :
				xasprintf("{cgroup=\"%s\"}", sample[c].name);

			put_sample(metrics, &list[i].family, labels, file,
				   *(const num *)(values + list[i].offset));
			free(labels);
		}
	}
	for (int c = 0; c < nr; c++)
		free(sample[c].name);
	free(sample);
}

static void put_all(struct metrics *metrics)
{
	struct system system;

	system_read(metrics->source, &system);
	put_compressor(metrics, &system);
	put_system(metrics, &system);
	put_counters(metrics, &system);
	put_buckets(metrics, &system);
	system_free(&system);
	if (metrics->cgroups)
		put_cgroups(metrics);
	fputs("# EOF\n", metrics->out);
}

/* Returns 0 or a negative errno. */
static int write_file(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t nr = write(fd, text, length);

		if (nr < 0 && errno == EINTR)
			continue;
		if (nr < 0)
			return -errno;
		text += nr;
		length -= nr;
	}
	/* A crash must not leave FILE empty: the text is on disk before it is renamed. */
	return fchmod(fd, 0644) || fsync(fd) ? -errno : 0;
}

/* Whoever reads FILE meanwhile finds all of the old or all of the new text. */
static int replace_file(const char *file, const char *text, size_t length)
{
	/* Always the same name: what a killed run leaves, the next one takes. */
	char *new = xasprintf("%s.new", file);
	int fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	int error;

	if (fd < 0) {
		error = -errno;
		free(new);
		return error;
	}
	error = write_file(fd, text, length);
	if (close(fd) && !error)
		error = -errno;
	if (!error && rename(new, file))
		error = -errno;
	if (error)
		unlink(new);
	free(new);
	return error;
}

static int run(struct context *context, void *data, int nr, char **argument)
{
	struct metrics *metrics = data;
	int error, result = EX_DONE;
	char *text = NULL;
	size_t length = 0;

	(void)nr;
	(void)argument;
	if (metrics->cold_given && !metrics->cgroups) {
		say_error("--cold goes with --cgroups");
		return EX_USAGE;
	}
	if (source_exists(&context->source, SYS_PARAMETERS)) {
		say_error("this kernel has no zswap");
		return EX_MISSING;
	}
	metrics->out = open_memstream(&text, &length);
	if (!metrics->out) {
		say_errno(errno, "metrics");
		return EX_FAILED;
	}
	metrics->source = &context->source;
	put_all(metrics);
	if (fclose(metrics->out)) {
		say_errno(errno, "metrics");
		free(text);
		return EX_FAILED;
	}

	if (system_supported(&context->source)) {
		say_error("this kernel has no proactive zswap writeback");
		result = EX_MISSING;
	}
	for (int i = 0; i < metrics->nr_reasons; i++)
		say_error("some metrics are left out: %s", metrics->reason[i]);
	if (metrics->file) {
		error = replace_file(metrics->file, text, length);
		if (error) {
			say_errno(-error, "%s", metrics->file);
			result = EX_FAILED;
		}
	} else {
		/* options_main() looks after errors. */
		fwrite(text, 1, length, stdout);
	}
	free(text);
	return result;
}

const struct subcommand metrics_subcommand = {
	.name = "metrics",
	.summary = "all of it as OpenMetrics text, for node_exporter's textfile collector",
	.arguments = "",
	.options = options,
	.views = NULL,
	.new_data = new_data,
	.run = run,
};
