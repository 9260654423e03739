// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon decides, as lines of JSON.
 */
#include "decide/tick.h"
#include "json.h"
#include "system/amount.h"

/* A decision, and what came of it. */
struct line {
	num tick, now_ms, id, budget, written_bytes;
	const char *cgroup, *action;
	struct choice choice;
};

#define LINE(member)	offsetof(struct line, member)

static const struct json_field decided[] = {
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
}, last[] = {
	{ "coldest_left", JSON_NUM, LINE(choice.result.coldest_left) },
	{ "elapsed_us", JSON_NUM, LINE(choice.result.elapsed_us) },
	{ }
};

void choice_print(FILE *out, num tick, const struct sample *sample, num budget,
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
	json_members(out, "", decided, &line);
	if (action == ACTION_WRITE || action == ACTION_READ) {
		if (!choice->carried_out)
			result_unknown(&line.choice.result);
		line.written_bytes = amount_times(line.choice.result.count.written, sample->page_size);
		json_members(out, ",", done, &line);
		for (int i = 0; i < NR_STATS; i++) {
			const struct counter *counter = &stats_counters[i];
			const struct json_field answer[] = {
				{ counter->name, JSON_NUM, LINE(choice.result.count) + counter->where },
				{ }
			};

			if (counter->flags & COUNTER_ANSWER)
				json_members(out, ",", answer, &line);
		}
		json_members(out, ",", last, &line);
	}
	fputs("}\n", out);
}

void result_unknown(struct result *result)
{
	/* It is made of numbers only */
	for (num *number = (num *)result; number < (num *)(result + 1); number++)
		*number = -ENODATA;
}
