// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One look at all that the daemon decides from.
 */
#include "decide/state.h"
#include "system/amount.h"
#include "ui/format.h"

#define UPTIME	"/proc/uptime"
#define BOOT_ID	"/proc/sys/kernel/random/boot_id"

num sample_awake_ms(const struct source *source)
{
	autofree char *text = NULL;
	double seconds;
	num now;

	if (!source->recorded)
		return clock_us() / 1000;
	now = source_read(source, UPTIME, &text);
	if (now < 0)
		return now;
	/* "12.34 56.78": seconds since boot, and something else */
	return sscanf(text, "%lf ", &seconds) == 1 && seconds >= 0 && seconds < 1e12 ?
	       (num)(seconds * 1000 + 0.5) : -EINVAL;
}

static int read_clock(const struct source *source, struct sample *sample, const char **path)
{
	*path = UPTIME;
	sample->now_ms = sample_awake_ms(source);
	if (sample->now_ms < 0)
		return sample->now_ms;
	*path = BOOT_ID;
	sample->boot_id = source_line(source, BOOT_ID);
	return sample->boot_id ? 0 : source_exists(source, BOOT_ID) ?: -EINVAL;
}

num state_since_ms(const struct source *source, const struct state *state)
{
	autofree char *boot_id = source_line(source, BOOT_ID);
	num now_ms = sample_awake_ms(source);

	if (!boot_id || !state->boot_id || strcmp(boot_id, state->boot_id))
		return -ESTALE;
	return amount_since(now_ms, state->now_ms);
}

static int read_system(const struct source *source, struct sample *sample)
{
	struct system system;
	int error;

	system_read(source, &system);
	error = system.ages_error;
	sample->bounds = system.ages;
	sample->pool = system.pool_bytes;
	sample->limit = system_limit(&system);
	sample->free = system.mem_available;
	sample->total = system.mem_total;
	system_free(&system);
	if (!error && !amount_same_bounds(&sample->bounds, &sample->cgroups.cgroup[0].ages))
		error = -ESTALE;
	return error;
}

static int blame(const char **path, const char *file, int error)
{
	*path = file;
	return error;
}

void sample_utf8_paths(struct cgroups *cgroups)
{
	for (int i = 0; i < cgroups->nr; i++) {
		autofree char *path = cgroups->cgroup[i].path;

		cgroups->cgroup[i].path = utf8_copy(path);
	}
	/* In the order of the new names */
	cgroups_set_parents(cgroups);
}

int sample_read(const struct source *source, struct sample *sample, const char **path)
{
	struct cgroups *cgroups = &sample->cgroups;
	int error;

	*sample = (struct sample){ .page_size = amount_page_size() };
	error = read_clock(source, sample, path) ?:
		blame(path, SYS_DEBUGFS "/age_buckets_cgroup",
		      cgroups_read(source, UINT64_MAX, cgroups)) ?:
		blame(path, SYS_DEBUGFS "/age_buckets", read_system(source, sample)) ?:
		blame(path, SYS_CGROUP, cgroups_read_details(source, cgroups));
	if (error) {
		sample_free(sample);
		return error;
	}
	/* What is read from a state can only be UTF-8 */
	sample_utf8_paths(cgroups);
	return 0;
}

void sample_free(struct sample *sample)
{
	cgroups_free(&sample->cgroups);
	free(sample->boot_id);
	*sample = (struct sample){ .now_ms = 0 };
}
