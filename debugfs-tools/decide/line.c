// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon decides, as lines of JSON.
 */
#include "decide/tick.h"
#include "system/amount.h"

static void add(json_t *line, const char *key, json_t *value)
{
	/* Memory is what it can fail with */
	xchecked(json_object_set_new(line, key, value) ? NULL : line);
}

static void add_result(json_t *line, const struct choice *choice, num page_size)
{
	struct result result = choice->result;

	if (!choice->carried_out)
		result_unknown(&result);
	add(line, "status", choice->carried_out ? json_integer(result.status) : json_null());
	add(line, "written_bytes", json_known(amount_times(result.count.written, page_size)));
	for (const struct counter *counter = stats_counters;
	     counter < stats_counters + NR_STATS; counter++) {
		if (counter->flags & COUNTER_ANSWER)
			add(line, counter->name, json_known(counter_value(&result.count, counter)));
	}
	add(line, "readback", json_known(result.count.readback));
	add(line, "coldest_left", json_known(result.coldest_left));
	add(line, "elapsed_us", json_known(result.elapsed_us));
}

void choice_print(FILE *out, num tick, const struct sample *sample, num budget,
		  const struct choice *choice)
{
	const struct cgroup *cgroup = &sample->cgroups.cgroup[choice->cgroup];
	const struct decision *decision = &choice->decision;
	json_t *line = xchecked(json_pack("{s:I s:I s:o s:I s:s s:s s:I s:I s:I s:o s:o s:o s:o}",
		"tick", tick, "now_ms", sample->now_ms, "cgroup", json_text(cgroup->path),
		"id", (num)cgroup->id, "action", action_name(decision->action),
		"reason", decision->reason, "age", decision->age, "max", decision->max,
		"cold_bytes", decision->cold, "allowed", json_rate(decision->allowed),
		"forecast", json_rate(decision->forecast),
		"measured", json_rate(decision->measured), "budget", json_known(budget)));

	if (decision->action == ACTION_WRITE || decision->action == ACTION_READ)
		add_result(line, choice, sample->page_size);
	json_put(out, line, 0);
	putc('\n', out);
}

void result_unknown(struct result *result)
{
	/* It is made of numbers only */
	for (num *number = (num *)result; number < (num *)(result + 1); number++)
		*number = -ENODATA;
}
