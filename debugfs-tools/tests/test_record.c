// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recordings: what is written is read back, and what makes no sense is refused with the line
 * where it stands.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "tap.h"
#include "tree.h"

static void sample_make(struct sample *sample, num uptime_ms, const char *path)
{
	*sample = (struct sample){
		.uptime_ms = uptime_ms,
		.boot_id = xstrdup("boot"),
		.page_size = 4096,
		.nr_edges = 3,
		.edge = { 0, 60, 300 },
		.nr = 2,
		.cgroup = xcalloc(2, sizeof(*sample->cgroup)),
	};
	sample->cgroup[0] = (struct sample_cgroup){
		.path = xstrdup("/"),
		.id = 1,
		.writeback = 0,
		.resident = 5000000000,
		.refaulted = -ENOENT,
		.stalled_memory = 7,
		.stalled_io = -EACCES,
		.pages = { 1, 2, 3 },
	};
	sample->cgroup[1] = (struct sample_cgroup){
		.path = xstrdup(path),
		.id = INT64_MAX,
		.writeback = -ENOENT,
		.refaulted = 9,
		.pages = { 0, 0, 1LL << 40 },
	};
	sample_link(sample);
}

static bool same_cgroup(const struct sample_cgroup *a, const struct sample_cgroup *b)
{
	bool same = !strcmp(a->path, b->path) && a->id == b->id && a->parent == b->parent &&
		    a->off == b->off && a->resident == b->resident &&
		    a->stalled_memory == b->stalled_memory &&
		    !memcmp(a->pages, b->pages, sizeof(a->pages));

	/* What is not known is not known; why does not matter. */
	return same && (a->refaulted == b->refaulted || (a->refaulted < 0 && b->refaulted < 0)) &&
	       (a->writeback == b->writeback || (a->writeback < 0 && b->writeback < 0)) &&
	       (a->stalled_io == b->stalled_io || (a->stalled_io < 0 && b->stalled_io < 0));
}

static bool same_sample(const struct sample *a, const struct sample *b)
{
	if (a->uptime_ms != b->uptime_ms || strcmp(a->boot_id, b->boot_id) ||
	    a->page_size != b->page_size || a->nr_edges != b->nr_edges ||
	    memcmp(a->edge, b->edge, sizeof(a->edge)) || a->nr != b->nr)
		return false;
	for (int i = 0; i < a->nr; i++) {
		if (!same_cgroup(&a->cgroup[i], &b->cgroup[i]))
			return false;
	}
	return true;
}

static const struct result result = {
	.status = -EAGAIN,
	.scanned = 10,
	.written = 1,
	.released_bytes = 2,
	.skipped_young = 3,
	.skipped_busy = 4,
	.skipped_protected = 5,
	.skipped_gone = 6,
	.failed = -EACCES,
	.coldest_left = 8,
	.elapsed_us = 9,
};

static bool same_result(const struct result *got)
{
	return got && got->status == -EAGAIN && got->scanned == 10 && got->written == 1 &&
	       got->released_bytes == 2 && got->skipped_young == 3 && got->skipped_busy == 4 &&
	       got->skipped_protected == 5 && got->skipped_gone == 6 && got->failed < 0 &&
	       got->coldest_left == 8 && got->elapsed_us == 9;
}

/* Two ticks; the second one was interrupted. */
static void record(const char *path, const struct sample *first, const struct sample *second)
{
	struct recorder *recorder;
	struct state state;

	state_begin(&state);
	state.wear.left = 4711;
	CHECK(!recorder_open(path, &state, &recorder), "a recording begins");
	CHECK(!recorder_sample(recorder, first) && !recorder_result(recorder, 20, &result) &&
	      !recorder_result(recorder, 21, &result) && !recorder_sample(recorder, second) &&
	      !recorder_interrupted(recorder) && !recorder_close(recorder), "and is written");
	state_free(&state);
}

static void test_round(const char *path)
{
	struct recording *recording;
	struct sample first, second;
	struct record_tick tick;
	struct state state;
	char *message;

	sample_make(&first, 1000, "/a \"b\"\n\\\xc3\xa9");
	sample_make(&second, 61000, "/c");
	record(path, &first, &second);

	CHECK(!recording_open(path, &recording, &state, &message) && state.wear.left == 4711,
	      "it is read: the state");
	CHECK(recording_next(recording, &tick, &message) == 1 &&
	      same_sample(&tick.sample, &first), "the first sample");
	CHECK(tick.nr == 2 && same_result(record_find(&tick, 20)) &&
	      same_result(record_find(&tick, 21)) && !record_find(&tick, 22) && !tick.interrupted,
	      "its results");
	record_tick_free(&tick);
	CHECK(recording_next(recording, &tick, &message) == 1 &&
	      same_sample(&tick.sample, &second) && !tick.nr && tick.interrupted,
	      "the second sample, which was interrupted");
	record_tick_free(&tick);
	CHECK(!recording_next(recording, &tick, &message) && !message, "and the end");
	recording_close(recording);
	state_free(&state);
	sample_free(&first);
	sample_free(&second);
}

/* Read all of a file.  Returns how many ticks, or the error; *@message tells why. */
static int read_all(const char *path, char **message)
{
	struct recording *recording;
	struct record_tick tick;
	struct state state;
	int nr = 0, got;

	got = recording_open(path, &recording, &state, message);
	if (got)
		return got;
	while ((got = recording_next(recording, &tick, message)) == 1) {
		record_tick_free(&tick);
		nr++;
	}
	recording_close(recording);
	state_free(&state);
	return got ? got : nr;
}

#define HEAD	"{\"zswapctl\":\"recording\",\"version\":1}\n"
#define STATE	"{\"state\":{\"version\":1,\"boot_id\":null,\"uptime_ms\":0,\"wear_left\":null,\"wear_fraction\":0,\"cgroups\":[]}}\n"
#define CGROUP	"{\"path\":\"/\",\"id\":1,\"writeback\":1,\"resident\":1,\"refaulted\":1,\"stalled_memory\":1,\"stalled_io\":1,\"pages\":[1]}"
#define SAMPLE(page_size, edges, cgroups) \
	"{\"sample\":{\"boot_id\":\"b\",\"uptime_ms\":1,\"page_size\":" page_size \
	",\"edges\":[" edges "],\"cgroups\":[" cgroups "]}}\n"
#define BAD_SAMPLE ":3: a sample is missing, or makes no sense"
#define GOOD	SAMPLE("4096", "0", CGROUP)
#define RESULT	"{\"result\":{\"id\":1,\"status\":0,\"scanned\":1,\"written\":1,\"released_bytes\":1,\"skipped_young\":1,\"skipped_busy\":1,\"skipped_protected\":1,\"skipped_gone\":1,\"failed\":1,\"coldest_left\":1,\"elapsed_us\":1}}\n"

static void test_refused(const char *tree, const char *path)
{
	static const struct {
		const char *what, *text, *message; /* message: NULL if it is taken */
	} list[] = {
		{ "nothing", "", ":1: the file is empty" },
		{ "a blank line", "\n", ":1: the line is empty" },
		{ "no JSON", "x\n", ":1: '[' or '{' expected near 'x'" },
		{ "no object", "[]\n", ":1: this is no object" },
		{ "something else", "{\"version\":1}\n",
		  ":1: this is no recording of zswapctl daemon" },
		{ "no version", "{\"zswapctl\":\"recording\"}\n",
		  ":1: this is no recording of zswapctl daemon" },
		{ "a newer one", "{\"zswapctl\":\"recording\",\"version\":2}\n",
		  ":1: a newer zswapctl has recorded this" },
		{ "the first line only", HEAD, ":2: the file ends after the first line" },
		{ "no state", HEAD GOOD, ":2: the state is missing" },
		{ "a bad state", HEAD "{\"state\":{}}\n",
		  ":2: state: it is no state of zswapctl daemon" },
		{ "no sample", HEAD STATE, NULL },
		{ "a sample", HEAD STATE GOOD, NULL },
		{ "a sample and a result", HEAD STATE GOOD RESULT GOOD, NULL },
		{ "something new", HEAD STATE GOOD "{\"new\":1}\n" RESULT, NULL },
		{ "no newline at the end", HEAD STATE GOOD "{\"sample\":{}}",
		  ":4: the file ends in the middle of a line" },
		{ "a result first", HEAD STATE RESULT, BAD_SAMPLE },
		{ "an empty sample", HEAD STATE "{\"sample\":{}}\n",
		  BAD_SAMPLE },
		{ "no page size", HEAD STATE SAMPLE("0", "0", CGROUP),
		  BAD_SAMPLE },
		{ "a large page size", HEAD STATE SAMPLE("65537", "0", CGROUP),
		  BAD_SAMPLE },
		{ "edges that do not rise", HEAD STATE SAMPLE("4096", "60,60", ""),
		  BAD_SAMPLE },
		{ "a negative edge", HEAD STATE SAMPLE("4096", "-1", ""),
		  BAD_SAMPLE },
		{ "17 edges",
		  HEAD STATE SAMPLE("4096", "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", ""),
		  BAD_SAMPLE },
		{ "pages without an edge", HEAD STATE SAMPLE("4096", "", CGROUP),
		  BAD_SAMPLE },
		{ "edges without pages", HEAD STATE SAMPLE("4096", "0,1", CGROUP),
		  BAD_SAMPLE },
		{ "no cgroup", HEAD STATE SAMPLE("4096", "0", "1"),
		  BAD_SAMPLE },
		{ "a bad result", HEAD STATE GOOD "{\"result\":{\"id\":1}}\n",
		  ":4: there is no sense in this result" },
		{ "a number out of range",
		  HEAD STATE GOOD "{\"result\":{\"id\":9223372036854775808}}\n",
		  ":4: too big integer near '9223372036854775808'" },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		char *message = NULL, *wanted = xasprintf("%s%s", path, list[i].message ?
							  list[i].message : "");
		bool good;
		int got;

		tree_file(tree, "/r", list[i].text);
		got = read_all(path, &message);
		if (list[i].message)
			good = got == -EINVAL && message && !strcmp(message, wanted);
		else
			good = got >= 0 && !message;
		CHECK(good, "%s: %s", list[i].what,
		      list[i].message ? list[i].message + 1 : "taken");
		if (!good)
			printf("# %d %s\n", got, message ? message : "");
		free(message);
		free(wanted);
	}
}

static void test_bytes(const char *tree, const char *path)
{
	static const char text[] = HEAD STATE GOOD RESULT GOOD;
	static const char hole[] = HEAD STATE "{\"sample\"\0:{}}\n";
	const size_t length = sizeof(text) - 1;
	static const char bytes[] = "\n\"{[,:-9\xff";
	char changed[sizeof(text)], *message = NULL;
	int cut = 0, runs = 0, deep = 100000, got;

	for (size_t i = 0; i < length; i++) {
		tree_bytes(tree, "/r", text, i);
		/* At the end of a line there may be an end. */
		cut += (read_all(path, &message) < 0) == (text[i - !!i] != '\n' ||
							  i < strlen(HEAD STATE));
		free(message);
		message = NULL;
	}
	CHECK(cut == (int)length, "cut off anywhere but behind a line: refused, %d of %zu times",
	      cut, length);
	for (size_t i = 0; i < length; i += 3) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			memcpy(changed, text, sizeof(text));
			changed[i] = bytes[b];
			tree_bytes(tree, "/r", changed, length);
			read_all(path, &message);
			free(message);
			message = NULL;
			runs++;
		}
	}
	CHECK(runs, "%d files with a wrong byte each", runs);
	tree_bytes(tree, "/r", hole, sizeof(hole) - 1);
	got = read_all(path, &message);
	CHECK(got == -EINVAL && message, "a NUL: %s", message ? message + strlen(path) : "");
	free(message);
	message = xcalloc(deep + 2, 1);
	memset(message, '[', deep);
	message[deep] = '\n';
	tree_file(tree, "/r", message);
	free(message);
	got = read_all(path, &message);
	CHECK(got == -EINVAL && message, "lists in lists: %s",
	      message ? message + strlen(path) : "");
	free(message);
	got = read_all(tree, &message);
	CHECK(got < 0 && message, "a directory: %s", message ? message + strlen(tree) : "");
	free(message);
}

static void test_full(void)
{
	struct recorder *recorder;
	struct state state;

	state_begin(&state);
	CHECK(recorder_open("/dev/full", &state, &recorder) == -ENOSPC && !recorder,
	      "a full disk is an error");
	CHECK(recorder_open("/nowhere/at/all", &state, &recorder) == -ENOENT,
	      "as is no directory");
}

int main(void)
{
	char *tree = tree_new(), *path = xasprintf("%s/r", tree);

	test_round(path);
	test_refused(tree, path);
	test_bytes(tree, path);
	test_full();
	free(path);
	tree_remove(tree);
	return tap_done();
}
