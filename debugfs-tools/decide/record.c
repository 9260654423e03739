// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon has seen and decided, as lines of JSON.
 */
#include "decide/record.h"
#include "system/amount.h"

/* ---- members ---- */

#define CGROUP(member)	offsetof(struct cgroup, member)
#define COLUMN(member)	CGROUP(ages.bucket[0].member), sizeof(struct age_bucket)

static const struct json_field cgroup_fields[] = {
	{ "path", JSON_TEXT, CGROUP(path) },
	{ "id", JSON_COUNT, CGROUP(id) },
	{ "removed", JSON_BOOL, CGROUP(removed) },
	{ "off", JSON_BOOL, CGROUP(off) },
	{ "frozen", JSON_NUM, CGROUP(frozen) },
	{ "anon", JSON_NUM, CGROUP(own.anon) },
	{ "refaulted", JSON_NUM, CGROUP(all.refaulted) },
	{ "stalled_memory", JSON_NUM, CGROUP(pressure_memory) },
	{ "stalled_io", JSON_NUM, CGROUP(pressure_io) },
	{ "pages", JSON_NUM, COLUMN(pages) },
	{ "bytes", JSON_NUM, COLUMN(bytes) },
	{ "loaded", JSON_NUM, COLUMN(loaded) },
	{ }
};

#define SAMPLE(member)	offsetof(struct sample, member)

const struct json_field record_sample_fields[] = {
	{ "boot_id", JSON_TEXT, SAMPLE(boot_id) },
	{ "now_ms", JSON_COUNT, SAMPLE(now_ms) },
	{ "page_size", JSON_COUNT, SAMPLE(page_size) },
	{ "pool", JSON_NUM, SAMPLE(pool) },
	{ "limit", JSON_NUM, SAMPLE(limit) },
	{ "free", JSON_NUM, SAMPLE(free) },
	{ "total", JSON_NUM, SAMPLE(total) },
	{ "edges", JSON_BOUNDS, SAMPLE(bounds), sizeof(struct age_bucket) },
	{ "cgroups", JSON_LIST, SAMPLE(cgroups.cgroup), sizeof(struct cgroup), cgroup_fields,
	  SAMPLE(cgroups.nr) },
	{ }
};

#define RESULT(member)	offsetof(struct result, member)

/* What the kernel answered, but for the status: of a struct result. */
static const struct json_field *record_answer(void)
{
	static struct json_field fields[NR_STATS + 3];
	int nr = 0;

	for (int i = 0; i < NR_STATS; i++) {
		if (stats_counters[i].flags & COUNTER_ANSWER)
			fields[nr++] = (struct json_field){
				stats_counters[i].name, JSON_NUM,
				RESULT(count) + stats_counters[i].where,
			};
	}
	fields[nr++] = (struct json_field){ "coldest_left", JSON_NUM, RESULT(coldest_left) };
	fields[nr] = (struct json_field){ "elapsed_us", JSON_NUM, RESULT(elapsed_us) };
	return fields;
}

/* All of a result: the list is made at run time, since that of the counters is. */
const struct json_field *record_results_fields(void)
{
	static struct json_field result_fields[] = {
		{ "id", JSON_COUNT, offsetof(struct record_result, id) },
		{ "status", JSON_SIGNED, offsetof(struct record_result, result.status) },
		{ "answer", JSON_STRUCT, offsetof(struct record_result, result) },
		{ }
	};
	static const struct json_field fields[] = {
		{ "results", JSON_LIST, offsetof(struct record_tick, result),
		  sizeof(struct record_result), result_fields, offsetof(struct record_tick, nr) },
		{ "interrupted", JSON_BOOL, offsetof(struct record_tick, interrupted) },
		{ }
	};

	result_fields[2].fields = record_answer();
	return fields;
}

/* ---- writing ---- */

int record_begin(FILE *file, const char *config, const struct state *state)
{
	const struct {
		const char *config;
		struct state state;
	} begin = { config, *state };
	static const struct json_field fields[] = {
		{ "recording", JSON_HEAD, RECORD_VERSION },
		{ "config", JSON_TEXT, offsetof(typeof(begin), config) },
		{ "state", JSON_STRUCT, offsetof(typeof(begin), state), 0, state_fields },
		{ }
	};

	return record_line(file, fields, &begin);
}

int record_line(FILE *file, const struct json_field *fields, const void *base)
{
	if (!file)
		return 0;
	/* What fails first may be any part of it */
	errno = 0;
	json_write(file, fields, base);
	putc('\n', file);
	return fflush(file) || ferror(file) ? (errno ? -errno : -EIO) : 0;
}

/* ---- decisions ---- */

/* A decision, and what came of it. */
struct line {
	num tick, now_ms, id, budget, written_bytes;
	const char *cgroup, *action;
	struct choice choice;
};

#define LINE(member)	offsetof(struct line, member)

static const struct json_field line_fields[] = {
	{ "tick", JSON_COUNT, LINE(tick) },
	{ "now_ms", JSON_COUNT, LINE(now_ms) },
	{ "cgroup", JSON_TEXT, LINE(cgroup) },
	{ "id", JSON_NUM, LINE(id) },
	{ "action", JSON_TEXT, LINE(action) },
	{ "reason", JSON_TEXT, LINE(choice.decision.reason) },
	{ "age", JSON_COUNT, LINE(choice.decision.age) },
	{ "max", JSON_COUNT, LINE(choice.decision.max) },
	{ "cold_bytes", JSON_COUNT, LINE(choice.decision.cold) },
	{ "allowed", JSON_RATE, LINE(choice.decision.allowed) },
	{ "forecast", JSON_RATE, LINE(choice.decision.forecast) },
	{ "measured", JSON_RATE, LINE(choice.decision.measured) },
	{ "budget", JSON_NUM, LINE(budget) },
	{ }
};

void record_choice(FILE *out, num tick, const struct sample *sample, num budget,
		   const struct choice *choice)
{
	const struct cgroup *cgroup = &sample->cgroups.cgroup[choice->cgroup];
	enum action action = choice->decision.action;
	struct line line = {
		.tick = tick,
		.now_ms = sample->now_ms,
		.id = cgroup->id,
		.budget = budget,
		.cgroup = cgroup->path,
		.action = action_name(action),
		.choice = *choice,
	};
	const struct json_field done[] = {
		{ "status", choice->carried_out ? JSON_SIGNED : JSON_NUM, LINE(choice.result.status) },
		{ "written_bytes", JSON_NUM, LINE(written_bytes) },
		{ }
	};

	putc('{', out);
	json_members(out, "", line_fields, &line);
	if (action == ACTION_WRITE || action == ACTION_READ) {
		if (!choice->carried_out)
			record_unknown(&line.choice.result);
		line.written_bytes = amount_times(line.choice.result.count.written, sample->page_size);
		json_members(out, ",", done, &line);
		json_members(out, ",", record_answer(), &line.choice.result);
	}
	fputs("}\n", out);
}

/* ---- ticks ---- */

void record_unknown(struct result *result)
{
	/* It is made of numbers only */
	for (num *number = (num *)result; number < (num *)(result + 1); number++)
		*number = -ENODATA;
}

void record_add(struct record_tick *tick, uint64_t id, const struct result *result)
{
	tick->result = xrealloc(tick->result, (tick->nr + 1) * sizeof(*tick->result));
	tick->result[tick->nr++] = (struct record_result){ id, *result };
}

void record_tick_free(struct record_tick *tick)
{
	sample_free(&tick->sample);
	free(tick->result);
	*tick = (struct record_tick){ .nr = 0 };
}
