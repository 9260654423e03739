// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints, through tracefs: a command from its start to its end, and
 * the pages that come back.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define TRACE_CHUNK		65536
#define MAX_EVENTS		8192
#define MAX_FIELDS		16
#define MAX_PAGES		2048
#define INTERRUPT_MS		20000
#define SLOW_PAGES		60

#define NO_LIMIT		(~0ULL)

enum event_name {
	START,
	BATCH,
	END,
	REFAULT,
	READBACK,
	NR_EVENTS,
};

/* the names are what bpftrace and perf scripts are written with */
static const char * const event_names[NR_EVENTS] = {
	[START]		= "zswap_wb_start",
	[BATCH]		= "zswap_wb_batch",
	[END]		= "zswap_wb_end",
	[REFAULT]	= "zswap_wb_refault",
	[READBACK]	= "zswap_wb_readback",
};

static const char * const event_fields[NR_EVENTS][MAX_FIELDS] = {
	[START] = { "cgroup", "descend", "age", "max_pages", "max_compressed", "rate",
		    "bucket_min", "bucket_max", "type", "dry_run", "nodes" },
	[BATCH] = { "cgroup", "nr", "written", "failed", "skipped", "released_bytes" },
	[END] = { "cgroup", "status", "scanned", "written", "released_bytes", "skipped_young",
		  "skipped_busy", "skipped_protected", "skipped_gone", "failed", "looked" },
	[REFAULT] = { "cgroup", "node", "bucket", "type", "offset" },
	[READBACK] = { "cgroup", "status", "pages", "bytes" },
};

/**
 * struct event - a line of the trace
 * @name: which one
 * @fields: its text: key=value and key=value
 */
struct event {
	enum event_name name;
	const char *fields;
};

/**
 * struct trace - what was traced
 * @text: the file
 * @nr: number of events
 * @nr_of: number of each
 * @event: in the order of time
 */
struct trace {
	char *text;
	size_t nr;
	size_t nr_of[NR_EVENTS];
	struct event event[MAX_EVENTS];
};

static struct trace trace;

/* --- tracefs --- */

static void trace_run(void (*test)(void))
{
	if (zwb_trace_start("zswap_wb"))
		test();
	zwb_trace_stop();
	free(trace.text);
	trace.text = NULL;
}

/* An event's line is `TASK-PID [CPU] FLAGS TIME: NAME: FIELDS`, any other begins with '#'. */
static bool trace_add(char *line)
{
	enum event_name name;

	for (name = 0; name < NR_EVENTS; name++) {
		char *fields = strstr(line, event_names[name]);

		if (!fields)
			continue;
		fields += strlen(event_names[name]);
		if (strncmp(fields, ": ", 2))
			continue;
		if (trace.nr == MAX_EVENTS) {
			zwb_fail("more than %d events", MAX_EVENTS);
			return false;
		}
		trace.nr_of[name]++;
		trace.event[trace.nr++] = (struct event) { .name = name, .fields = fields + 1 };
		return true;
	}
	zwb_fail("not an event: %s", line);
	return false;
}

/* Read what was traced since zwb_trace_clear(). */
static bool trace_read(void)
{
	unsigned long long there, written;
	char *line, *save;
	size_t length;

	free(trace.text);
	memset(&trace, 0, sizeof(trace));
	trace.text = zwb_read_file(ZWB_TRACE_DIR "/trace", TRACE_CHUNK, &length);
	if (!trace.text)
		return false;
	for (line = strtok_r(trace.text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (line[0] != '#') {
			if (!trace_add(line))
				return false;
		} else if (sscanf(line, "# entries-in-buffer/entries-written: %llu/%llu", &there,
				  &written) == 2 && there != written) {
			zwb_fail("%llu of %llu events were lost", written - there, written);
			return false;
		}
	}
	return true;
}

/* The text of a field, up to the next blank; NULL with a failure recorded. */
static const char *field_text(const struct event *event, const char *key)
{
	size_t length = strlen(key);
	const char *field;

	for (field = event->fields; field; field = strchr(field + 1, ' ')) {
		if (!strncmp(field + 1, key, length) && field[1 + length] == '=')
			return field + 2 + length;
	}
	zwb_fail("%s has no %s:%s", event_names[event->name], key, event->fields);
	return NULL;
}

static long long field(const struct event *event, const char *key)
{
	const char *text = field_text(event, key);
	char *end;
	long long value;

	if (!text)
		return -1;
	/* what is not limited is all ones */
	value = text[0] == '-' ? strtoll(text, &end, 10) : (long long)strtoull(text, &end, 10);
	if (end == text || (*end && *end != ' '))
		zwb_fail("%s: %s is no number:%s", event_names[event->name], key, event->fields);
	return value;
}

/* Nodes are a bitmap: hexadecimal digits, a comma between each eight. */
static unsigned long long field_nodes(const struct event *event)
{
	const char *text = field_text(event, "nodes");
	unsigned long long nodes = 0;

	for (; text && *text && *text != ' '; text++) {
		if (*text == ',')
			continue;
		nodes = nodes << 4 | strtoull((char[2]) { *text, '\0' }, NULL, 16);
	}
	return nodes;
}

/* The sum of a field over all batches. */
static long long sum_batches(const char *key)
{
	long long sum = 0;
	size_t i;

	for (i = 0; i < trace.nr; i++) {
		if (trace.event[i].name == BATCH)
			sum += field(&trace.event[i], key);
	}
	return sum;
}

/*
 * Read the trace of one command: it begins with its start, ends with its end,
 * and what is in between belongs to it and adds up.
 */
static bool read_command(const struct event **start, const struct event **end)
{
	long long failed, released, skipped, written, left;
	size_t i;

	if (!trace_read())
		return false;
	if (!zwb_equal((long long)trace.nr_of[START], 1) ||
	    !zwb_equal((long long)trace.nr_of[END], 1) || trace.event[0].name != START ||
	    trace.event[trace.nr - 1].name != END) {
		zwb_fail("the trace is not one command from its start to its end");
		return false;
	}
	*start = &trace.event[0];
	*end = &trace.event[trace.nr - 1];
	for (i = 1; i < trace.nr; i++)
		zwb_equal(field(&trace.event[i], "cgroup"), field(*start, "cgroup"));

	written = field(*end, "written");
	failed = field(*end, "failed");
	skipped = field(*end, "skipped_young") + field(*end, "skipped_busy") +
		  field(*end, "skipped_protected") + field(*end, "skipped_gone");
	zwb_equal(field(*end, "scanned"), written + failed + skipped);
	if (field(*start, "dry_run")) {
		zwb_zero((long long)trace.nr_of[BATCH]);
		return true;
	}
	released = field(*end, "released_bytes");
	left = skipped - field(*end, "skipped_young");
	zwb_equal(sum_batches("written"), written);
	zwb_equal(sum_batches("failed"), failed);
	zwb_equal(sum_batches("released_bytes"), released);
	zwb_between(sum_batches("skipped"), 0, left);
	zwb_equal(sum_batches("nr"), written + failed + sum_batches("skipped"));
	return true;
}

/* The end of a command says what the counters say. */
static void expect_counts(const struct event *end, const struct zwb_counts *counts)
{
	zwb_equal(field(end, "scanned"), counts->scanned);
	zwb_equal(field(end, "written"), counts->written);
	zwb_equal(field(end, "released_bytes"), counts->released_bytes);
	zwb_equal(field(end, "skipped_young"), counts->skipped_young);
	zwb_equal(field(end, "skipped_busy"), counts->skipped_busy);
	zwb_equal(field(end, "skipped_protected"), counts->skipped_protected);
	zwb_equal(field(end, "skipped_gone"), counts->skipped_gone);
	zwb_equal(field(end, "failed"), counts->failed);
}

/* And what the answer says. */
static void expect_answer(const struct event *end, const struct zwb_answer *answer)
{
	const struct zwb_counts counts = {
		.scanned = answer->scanned,
		.written = answer->written,
		.released_bytes = answer->released_bytes,
		.skipped_young = answer->skipped_young,
		.skipped_busy = answer->skipped_busy,
		.skipped_protected = answer->skipped_protected,
		.skipped_gone = answer->skipped_gone,
		.failed = answer->failed,
	};

	zwb_equal(field(end, "status"), answer->status);
	expect_counts(end, &counts);
}

/* --- tests --- */

/* A line of a format file: `field:TYPE NAME; offset:N; size:N; signed:N;` with tabs and blanks. */
static bool read_field(char *line, const char **key, int *size, int *is_signed)
{
	char *semicolon = strchr(line, ';');
	int offset;

	if (strncmp(line, "\tfield:", 7) || !semicolon ||
	    sscanf(semicolon, "; offset:%d; size:%d; signed:%d;", &offset, size, is_signed) != 3)
		return false;
	*semicolon = '\0';
	*key = strrchr(line, ' ') + 1;
	return strncmp(*key, "common_", 7);
}

static void check_format(enum event_name name)
{
	const char * const *want = event_fields[name];
	char path[ZWB_PATH_MAX], *text, *line, *save;
	int i = 0, size, is_signed;
	const char *key;
	size_t length;

	snprintf(path, sizeof(path), ZWB_TRACEFS "/events/zswap_wb/%s/format", event_names[name]);
	text = zwb_read_file(path, TRACE_CHUNK, &length);
	if (!text)
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!read_field(line, &key, &size, &is_signed))
			continue;
		if (i == MAX_FIELDS || !want[i] || strcmp(key, want[i]))
			zwb_fail("field %d of %s is %s", i, event_names[name], key);
		else
			i++;
		if (!strcmp(key, "cgroup") && (size != 8 || is_signed))
			zwb_fail("%s: %s is no id of 64 bits", event_names[name], key);
		if ((!strcmp(key, "status") || !strcmp(key, "bucket")) && !is_signed)
			zwb_fail("%s: %s has no sign", event_names[name], key);
	}
	if (want[i])
		zwb_fail("%s has no field %s, or not there", event_names[name], want[i]);
	free(text);
}

/*
 * Each event has its fields, in their order.
 *
 * Turns red when a name changes, on which somebody's script may rely, or when an
 * id of 64 bits is cut.
 */
static void events_have_their_fields(void)
{
	enum event_name name;

	if (!zwb_need_trace())
		return;
	for (name = 0; name < NR_EVENTS; name++)
		check_format(name);
}

static void trace_commands(void)
{
	int nodes[ZWB_MAX_NODES], nr_nodes = zwb_nodes(nodes, ZWB_MAX_NODES);
	const struct event *start, *end;
	struct zwb_answer answer;
	struct zwb_snap delta;
	struct zwb_load *load;
	const char *kept;

	kept = zwb_cgroup(NULL, "kept");
	if (!kept || !zwb_cgroup_set(kept, "memory.zswap.writeback", "0") ||
	    !zwb_load(kept, ZWB_ANY_NODE, 100, ZWB_TEXT))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 2000, ZWB_TEXT);
	if (!load)
		return;
	zwb_wait_age(load, 2);
	if (!zwb_load(NULL, ZWB_ANY_NODE, 300, ZWB_NOISE) || !zwb_trace_clear())
		return;

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=2 max=%lld", 1500LL * zwb_page_size));
	if (!read_command(&start, &end))
		return;
	zwb_equal(field(end, "written"), 1500);
	/* counted only by who gets to the end of the lists */
	zwb_zero(field(end, "skipped_protected"));
	zwb_zero(field(end, "skipped_young"));
	zwb_zero(field(end, "status"));
	/* what it writes and what is protected, and a few at the ends of walks */
	zwb_between(field(end, "looked"), 1600, 1600 + 20);
	zwb_between((long long)trace.nr_of[BATCH], 2, 1500);
	expect_counts(end, &delta.total);
	ksft_print_msg("1500 pages in %zu batches\n", trace.nr_of[BATCH]);

	if (!zwb_trace_clear())
		return;
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=1d"), -EAGAIN);
	if (!read_command(&start, &end))
		return;
	zwb_equal(field(end, "status"), -EAGAIN);
	zwb_zero((long long)trace.nr_of[BATCH]);
	zwb_equal(field(end, "skipped_young"), 800);
	zwb_equal(field(end, "skipped_protected"), 100);
	/* one look at the first of each list */
	zwb_between(field(end, "looked"), 1, 2 * nr_nodes);
	expect_counts(end, &delta.total);

	if (!zwb_need_answers() || !zwb_trace_clear())
		return;
	zwb_zero(zwb_ask(&answer, "max=%lld", 300LL * zwb_page_size));
	if (!read_command(&start, &end))
		return;
	zwb_equal(field(end, "written"), 300);
	expect_answer(end, &answer);
}

/*
 * A command is one start, its batches, and one end, which tells what the
 * counters and the answer tell.
 *
 * Turns red when an event is missing or sent twice, when a field holds another
 * one's value, or what was counted since boot, when a batch is left out, or when
 * `looked` counts entries that were not looked at.
 */
static void command_from_start_to_end(void)
{
	trace_run(trace_commands);
}

static void trace_failures(void)
{
	const struct event *start, *end;
	struct zwb_load *load;
	struct zwb_snap delta;
	int err;

	load = zwb_load(NULL, ZWB_ANY_NODE, 3000, ZWB_TEXT);
	if (!load || !zwb_trace_clear() || !zwb_write_errors(2))
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=0");
	if (!zwb_write_errors(0))
		return;
	zwb_zero(err);
	if (!read_command(&start, &end))
		return;
	/* in batches of one page, or few */
	zwb_between(field(end, "failed"), 2, 2 * ZWB_ERRORS_BATCH);
	zwb_equal(field(end, "written"), 3000 - field(end, "failed"));
	expect_counts(end, &delta.total);
}

/*
 * Failed pages are told of as such, by their batch as well.
 *
 * Turns red when a batch tells of what was submitted.
 */
static void failed_pages_are_traced(void)
{
	if (zwb_need_write_errors())
		trace_run(trace_failures);
}

static void trace_slow_disk(void)
{
	const struct event *start, *end;
	struct zwb_snap delta;
	int large = 0;
	size_t i;

	if (!zwb_load(NULL, ZWB_ANY_NODE, SLOW_PAGES, ZWB_TEXT) || !zwb_trace_clear())
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	if (!read_command(&start, &end))
		return;
	for (i = 0; i < trace.nr; i++)
		large += trace.event[i].name == BATCH && field(&trace.event[i], "nr") > 2;
	ksft_print_msg("%d pages in %zu batches\n", SLOW_PAGES, trace.nr_of[BATCH]);
	/* the one that tells how slow it is */
	zwb_between(large, 0, 1);
	zwb_equal(field(end, "scanned"), SLOW_PAGES);
	zwb_equal(field(end, "written"), SLOW_PAGES);
	zwb_zero(zwb_stored());
	expect_counts(end, &delta.total);
}

/*
 * Once a batch has told that a disk needs 20 ms for a page, it gets one or two at a time, and
 * not first what was fetched before that was known. All are written, and counted once.
 *
 * Turns red when that is launched as it is, when what is not launched is lost, or when it is
 * counted each time that it is fetched.
 */
static void slow_disk_gets_page_after_page(void)
{
	/* one request at a time */
	static const struct zwb_disk_spec slow = {
		.pages = 4096,
		.latency_us = 20000,
		.depth = 1,
	};

	if (zwb_disk_on(&slow) && zwb_disk_largest_request(1))
		trace_run(trace_slow_disk);
}

static void trace_dry_runs(void)
{
	char max[32];
	const char * const commands[] = { "age=0", max, "type=incompressible", "bucket=0-12" };
	const struct event *start, *end;
	struct zwb_answer answer;
	size_t i;

	snprintf(max, sizeof(max), "max=%lld", 256LL * zwb_page_size);
	if (!zwb_load(NULL, ZWB_ANY_NODE, 900, ZWB_TEXT) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, 200, ZWB_NOISE))
		return;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (zwb_is_refused(commands[i]))
			continue;
		if (!zwb_trace_clear())
			return;
		zwb_zero(zwb_ask(&answer, "%s dry_run=1", commands[i]));
		if (!read_command(&start, &end))
			return;
		zwb_equal(field(start, "dry_run"), 1);
		zwb_between(field(end, "written"), 200, 1100);
		expect_answer(end, &answer);
	}
	zwb_equal(zwb_stored(), 1100);
}

/*
 * A dry run has a start that says so, and an end; there is no batch, because
 * nothing is written.
 *
 * Turns red when a dry run cannot be told from a real one.
 */
static void dry_run_has_no_batch(void)
{
	if (zwb_need_answers())
		trace_run(trace_dry_runs);
}

/**
 * struct scope - what a start must tell
 * @cgroup: whether the command names one
 * @descend: looked at if it does
 * @age: in seconds
 * @max: in bytes, or NO_LIMIT
 * @max_compressed: in bytes, or NO_LIMIT
 * @rate: in bytes a second, 0 if the command has none
 * @bucket_min: -1 if it does not matter
 * @bucket_max: likewise
 * @type: 1 for incompressible pages only
 * @node: the only one, or -1
 */
struct scope {
	bool cgroup;
	bool descend;
	unsigned long long age;
	unsigned long long max;
	unsigned long long max_compressed;
	unsigned long long rate;
	int bucket_min;
	int bucket_max;
	int type;
	int node;
};

static void expect_scope(const struct scope *scope, unsigned long long cgroup)
{
	unsigned long long max_pages = scope->max;
	unsigned long long rate = scope->rate ?: NO_LIMIT;
	const struct event *start, *end;

	if (max_pages != NO_LIMIT)
		max_pages /= zwb_page_size;
	if (!read_command(&start, &end))
		return;
	zwb_equal((unsigned long long)field(start, "cgroup"), scope->cgroup ? cgroup : 0);
	if (scope->cgroup)
		zwb_equal(field(start, "descend"), scope->descend);
	if ((unsigned long long)field(start, "age") != scope->age)
		zwb_fail("age is not %llu:%s", scope->age, start->fields);
	if ((unsigned long long)field(start, "max_pages") != max_pages)
		zwb_fail("max_pages is not %llu:%s", max_pages, start->fields);
	if ((unsigned long long)field(start, "max_compressed") != scope->max_compressed)
		zwb_fail("max_compressed is not %llu:%s", scope->max_compressed, start->fields);
	if ((unsigned long long)field(start, "rate") != rate)
		zwb_fail("rate is not %llu:%s", rate, start->fields);
	if (scope->bucket_min >= 0)
		zwb_equal(field(start, "bucket_min"), scope->bucket_min);
	if (scope->bucket_max >= 0)
		zwb_equal(field(start, "bucket_max"), scope->bucket_max);
	zwb_equal(field(start, "type"), scope->type);
	zwb_zero(field(start, "dry_run"));
	if (scope->node >= 0)
		zwb_equal(field_nodes(start), 1ULL << scope->node);
	else if (field_nodes(start) & (field_nodes(start) - 1))
		;
	else
		zwb_fail("all nodes are meant:%s", start->fields);
}

static void trace_scopes(void)
{
	static const struct {
		const char *command;
		struct scope scope;
	} sysfs[] = {
		{ "age=5m", { .age = 300, .max = NO_LIMIT, .max_compressed = NO_LIMIT,
			      .bucket_min = -1, .bucket_max = -1, .node = -1 } },
		{ "7d max=1M", { .age = 7 * 24 * 3600, .max = 1 << 20, .max_compressed = NO_LIMIT,
				 .bucket_min = -1, .bucket_max = -1, .node = -1 } },
		{ "max_compressed=70000 age=1h",
		  { .age = 3600, .max = NO_LIMIT, .max_compressed = 70000, .bucket_min = -1,
		    .bucket_max = -1, .node = -1 } },
		{ "type=incompressible", { .max = NO_LIMIT, .max_compressed = NO_LIMIT,
					   .bucket_min = -1, .bucket_max = -1, .type = 1,
					   .node = -1 } },
		{ "age=18446744073709551615", { .age = NO_LIMIT, .max = NO_LIMIT,
						.max_compressed = NO_LIMIT, .bucket_min = -1,
						.bucket_max = -1, .node = -1 } },
		{ "age=5m rate=300000", { .age = 300, .max = NO_LIMIT, .max_compressed = NO_LIMIT,
					  .rate = 300000, .bucket_min = -1, .bucket_max = -1,
					  .node = -1 } },
		{ "7d rate=18446744073709551614",
		  { .age = 7 * 24 * 3600, .max = NO_LIMIT, .max_compressed = NO_LIMIT,
		    .rate = NO_LIMIT - 1, .bucket_min = -1, .bucket_max = -1, .node = -1 } },
	};
	struct scope scope = { .age = 86400, .max = NO_LIMIT, .max_compressed = NO_LIMIT,
			       .bucket_min = -1, .bucket_max = -1, .node = -1 };
	struct zwb_answer answer;
	unsigned long long id;
	const char *cgroup;
	int first, second;
	size_t i;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, 100, ZWB_TEXT))
		return;
	id = zwb_cgroup_id(cgroup);
	/* none of these finds anything */
	for (i = 0; i < ARRAY_SIZE(sysfs); i++) {
		if (zwb_is_refused(sysfs[i].command))
			continue;
		if (!zwb_trace_clear())
			return;
		zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "%s", sysfs[i].command), -EAGAIN);
		expect_scope(&sysfs[i].scope, id);
		if (zwb_failed()) {
			ksft_print_msg("the command was '%s'\n", sysfs[i].command);
			return;
		}
	}

	scope.cgroup = true;
	scope.descend = true;
	if (!zwb_trace_clear())
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=1d cgroup=%llu", id), -EAGAIN);
	expect_scope(&scope, id);
	scope.descend = false;
	if (!zwb_trace_clear())
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=1d cgroup=%llu descend=0", id), -EAGAIN);
	expect_scope(&scope, id);
	scope.node = second;
	if (!zwb_trace_clear())
		return;
	zwb_equal(zwb_run(NULL, second, "age=1d cgroup=%llu descend=0", id), -EAGAIN);
	expect_scope(&scope, id);
	scope.cgroup = false;
	scope.node = first;
	if (!zwb_trace_clear())
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=1d node=%d", first), -EAGAIN);
	expect_scope(&scope, id);

	if (!zwb_need_answers() || !zwb_trace_clear())
		return;
	scope.age = 0;
	scope.node = -1;
	scope.bucket_min = 3;
	scope.bucket_max = 5;
	zwb_equal(zwb_ask(&answer, "bucket=3-5"), -EAGAIN);
	expect_scope(&scope, id);
	scope.bucket_min = 7;
	scope.bucket_max = 7;
	if (!zwb_trace_clear())
		return;
	zwb_equal(zwb_ask(&answer, "bucket=7"), -EAGAIN);
	expect_scope(&scope, id);
}

/*
 * The start tells what the command was: its scope and its limits, and that there
 * are none.
 *
 * Turns red when a field is forgotten, swapped with another or cut, or when it
 * holds what is left of a limit.
 */
static void start_tells_the_scope(void)
{
	trace_run(trace_scopes);
}

static void trace_refused_commands(void)
{
	static const char * const refused[] = { "agee=1", "\n", "age=0 age=1", "max=0",
						"age=99999999999999999999", "age=0 node=4000",
						"age=1 cgroup=18446744073709551615" };
	size_t i;

	if (!zwb_trace_clear())
		return;
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		int err = zwb_run(NULL, ZWB_GLOBAL, "%s", refused[i]);

		if (!err || err == -EAGAIN)
			zwb_fail("'%s' was not refused", refused[i]);
	}
	if (trace_read())
		zwb_zero((long long)trace.nr);
}

/*
 * A refused command has no start, and so no end.
 *
 * Turns red when a start is sent before all errors were found.
 */
static void refused_command_is_not_traced(void)
{
	trace_run(trace_refused_commands);
}

static int compare_slots(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The events are the refaults of these pages, each once, and nothing else. */
static void expect_refaults(const unsigned long long *slots, long long pages,
			    unsigned long long cgroup, int node, int bucket)
{
	static unsigned long long want[MAX_PAGES], got[MAX_PAGES];
	long long i, differences = 0;

	if (!trace_read() || !zwb_equal((long long)trace.nr_of[REFAULT], pages) ||
	    !zwb_equal((long long)trace.nr, pages))
		return;
	for (i = 0; i < pages; i++) {
		const struct event *event = &trace.event[i];

		if (!zwb_equal((unsigned long long)field(event, "cgroup"), cgroup) ||
		    !zwb_equal(field(event, "node"), node) ||
		    !zwb_equal(field(event, "bucket"), bucket))
			return;
		want[i] = slots[i];
		got[i] = ZWB_SLOT(field(event, "type"), field(event, "offset"));
	}
	qsort(want, pages, sizeof(want[0]), compare_slots);
	qsort(got, pages, sizeof(got[0]), compare_slots);
	for (i = 0; i < pages; i++)
		differences += got[i] != want[i];
	zwb_zero(differences);
}

static void trace_refaults(void)
{
	static unsigned long long cold_slots[MAX_PAGES], warm_slots[MAX_PAGES];
	const char *cold_cgroup, *warm_cgroup;
	struct zwb_load *cold, *warm;
	int first, second;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	cold_cgroup = zwb_cgroup(NULL, "cold");
	warm_cgroup = cold_cgroup ? zwb_cgroup(NULL, "warm") : NULL;
	cold = warm_cgroup ? zwb_load(cold_cgroup, second, 600, ZWB_TEXT) : NULL;
	if (!cold)
		return;
	zwb_wait_age(cold, 4);
	warm = zwb_load(warm_cgroup, first, 500, ZWB_TEXT);
	if (!warm || !zwb_load_slots(cold, cold_slots) || !zwb_load_slots(warm, warm_slots))
		return;
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "age=0"));
	if (!zwb_still_younger(warm, 4) || !zwb_trace_clear())
		return;

	if (!zwb_load_touch(cold, 0, 600))
		return;
	expect_refaults(cold_slots, 600, zwb_cgroup_id(cold_cgroup), second, 1);
	if (!zwb_trace_clear() || !zwb_load_touch(warm, 0, 200))
		return;
	expect_refaults(warm_slots, 200, zwb_cgroup_id(warm_cgroup), first, 0);

	/* no events for what is dropped, or for a second read */
	if (!zwb_trace_clear() || !zwb_load_touch(warm, 0, 200))
		return;
	expect_refaults(NULL, 0, 0, 0, 0);

	/* from before the edges: in no bucket */
	if (!zwb_edges_write("0 4 8") || !zwb_trace_clear() || !zwb_load_touch(warm, 200, 100))
		return;
	expect_refaults(warm_slots + 200, 100, zwb_cgroup_id(warm_cgroup), first, -1);
	if (!zwb_trace_clear())
		return;
	zwb_load_stop(warm);
	expect_refaults(NULL, 0, 0, 0, 0);
}

static void trace_refaults_with_edges(void)
{
	if (!zwb_need_tables() || !zwb_edges_write("0 4"))
		return;
	trace_refaults();
	zwb_edges_restore();
}

/*
 * Each page that comes back is an event of its own, which tells whose it is,
 * where it was, and in which bucket.
 *
 * Turns red when events and counters do not go together, when the node or the
 * cgroup is that of the reader, when a bucket of old edges is told as if it was
 * one of the new ones, or when dropped pages are told of.
 */
static void refaults_are_traced(void)
{
	trace_run(trace_refaults_with_edges);
}

/* The trace is one readback, which is told with what was counted and what it said. */
static void expect_readback(unsigned long long cgroup, int status, long long pages,
			    long long bytes)
{
	const struct event *event = &trace.event[0];

	if (!trace_read() || !zwb_equal((long long)trace.nr, 1) ||
	    !zwb_equal((long long)trace.nr_of[READBACK], 1))
		return;
	zwb_equal((unsigned long long)field(event, "cgroup"), cgroup);
	zwb_equal(field(event, "status"), status);
	zwb_equal(field(event, "pages"), pages);
	zwb_equal(field(event, "bytes"), bytes);
}

/* Of all that is in zswap; -1 after a failure. */
static long long zswap_bytes(void)
{
	static struct zwb_table table;

	return zwb_table_read(ZWB_GLOBAL, &table) ? zwb_table_sum(&table, 0, -1).bytes : -1;
}

/* A signal comes for a readback that has only begun. */
static void trace_interrupted_readback(const char *cgroup, long long pages)
{
	long long deadline = zwb_now() + INTERRUPT_MS * ZWB_NS_PER_MS, bytes = zswap_bytes();
	struct zwb_snap before, delta;
	struct zwb_async command;

	zwb_snap(&before);
	if (!zwb_start(&command, ZWB_READBACK, 0, "cgroup=%llu rate=64K", zwb_cgroup_id(cgroup)))
		return;
	zwb_go(&command);
	do {
		zwb_pause();
		zwb_since(&delta, &before);
	} while (!delta.total.readback && zwb_now() < deadline);
	kill(command.pid, SIGUSR1);
	zwb_equal(zwb_wait(&command), -EINTR);
	zwb_since(&delta, &before);
	zwb_between(delta.total.readback, 1, pages - 1);
	expect_readback(zwb_cgroup_id(cgroup), -EINTR, delta.total.readback, zswap_bytes() - bytes);
}

static void trace_readbacks(void)
{
	const char *text = zwb_cgroup(NULL, "text"), *noise = zwb_cgroup(NULL, "noise");
	struct zwb_snap delta;
	long long bytes;

	if (!text || !noise || !zwb_load(text, ZWB_ANY_NODE, 400, ZWB_TEXT) ||
	    !zwb_load(noise, ZWB_ANY_NODE, 300, ZWB_NOISE) || !zwb_write_all(700) ||
	    !zwb_trace_clear())
		return;
	zwb_readback(&delta, "cgroup=%llu max=%lld", zwb_cgroup_id(text), 150LL * zwb_page_size);
	zwb_equal(delta.total.readback, 150);
	bytes = zswap_bytes();
	zwb_between(bytes, 150, 150 * zwb_page_size / 2);
	expect_readback(zwb_cgroup_id(text), 0, 150, bytes);

	if (!zwb_trace_clear())
		return;
	trace_interrupted_readback(noise, 300);
	if (!zwb_trace_clear())
		return;
	bytes = zswap_bytes();
	zwb_readback(&delta, "max=1G");
	zwb_equal(zwb_stored(), 700);
	expect_readback(0, 0, delta.total.readback, zswap_bytes() - bytes);

	/* there is nothing left */
	if (!zwb_trace_clear())
		return;
	zwb_equal(zwb_readback(&delta, "cgroup=%llu", zwb_cgroup_id(noise)), -EAGAIN);
	expect_readback(zwb_cgroup_id(noise), -EAGAIN, 0, 0);
}

/*
 * Pages that come back with a command are told of by one event, which has its scope, what
 * it said, and what it brought back: pages, and their size in zswap.
 *
 * Turns red when it is not sent, or once a page or batch, when a field holds another
 * one's value or what was asked for, or when bytes are those of the pages or of the disk.
 */
static void readbacks_are_traced(void)
{
	if (zwb_need_readback() && zwb_need_tables())
		trace_run(trace_readbacks);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(events_have_their_fields),
	ZWB_TEST(command_from_start_to_end),
	ZWB_TEST(failed_pages_are_traced),
	ZWB_TEST(slow_disk_gets_page_after_page),
	ZWB_TEST(dry_run_has_no_batch),
	ZWB_TEST(start_tells_the_scope),
	ZWB_TEST(refused_command_is_not_traced),
	ZWB_TEST(refaults_are_traced),
	ZWB_TEST(readbacks_are_traced),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
