// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl doctor: what keeps zswap and proactive writeback from working well, a line a check,
 * with what mends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "commands/commands.h"
#include "decide/state.h"
#include "system/amount.h"
#include "system/system.h"
#include "ui/format.h"

#define PPM		1000000
#define NEAR_LIMIT	900000	/* ppm of the pool's limit */
#define SWAP_FULL	900000	/* ppm of the device */
#define STALLED		100000	/* ppm of the last 10 s */
#define GROWING_US	1000000	/* time between the two looks at what grows */
#define NAMES_MAX	3

enum { CHECK, STATE, FINDING, FIX, NR_COLUMNS };

static const struct column columns[NR_COLUMNS] = {
	[CHECK] = { "CHECK", COLUMN_TEXT, true, "what was looked at" },
	[STATE] = { "STATE", COLUMN_TEXT, true, "ok, note (as one may want it), bad or unknown" },
	[FINDING] = { "FINDING", COLUMN_TEXT, true, "what was found" },
	[FIX] = { "FIX", COLUMN_TEXT, true, "what mends it" },
};

static const struct view view = { .name = "checks", .columns = columns, .nr_columns = NR_COLUMNS };

enum verdict { OK, NOTE, BAD, UNKNOWN };

struct doctor {
	const char *state;		/* of the daemon */

	const struct source *source;
	struct table *table;		/* NULL: lines for people */
	struct system system;
	bool bad;
};

static const struct option_spec options[] = {
	{ "state", 0, OPTION_FILE, offsetof(struct doctor, state),
	  "the daemon's state (" DAEMON_STATE ")" },
	{ }
};

static const struct doctor defaults = { .state = DAEMON_STATE };

/* @finding is freed; @fix may be NULL. */
static void say(struct doctor *doctor, const char *check, enum verdict verdict, char *finding,
		const char *fix)
{
	static const char *const name[] = { "ok", "note", "bad", "unknown" };
	struct libscols_line *line;

	if (verdict == OK)
		fix = NULL;
	if (!doctor->table) {
		printf("%-7s %s: %s%s%s%s\n", name[verdict], check, finding,
		       fix ? " (fix: " : "", fix ? fix : "", fix ? ")" : "");
	} else {
		line = table_line(doctor->table, NULL);
		table_text(doctor->table, line, CHECK, check);
		table_text(doctor->table, line, STATE, name[verdict]);
		table_text(doctor->table, line, FINDING, finding);
		table_text(doctor->table, line, FIX, fix);
	}
	free(finding);
	doctor->bad |= verdict == BAD;
}

static void say_unknown(struct doctor *doctor, const char *check, const char *file, num error)
{
	say(doctor, check, UNKNOWN, xstrdup(system_reason_for(doctor->source, file, error)), NULL);
}

/* ---- the kernel ---- */

static void check_zswap(struct doctor *doctor)
{
	const struct system *system = &doctor->system;

	if (system->enabled < 0)
		say_unknown(doctor, "zswap", SYS_PARAMETERS "/enabled", system->enabled);
	else if (!system->enabled)
		say(doctor, "zswap", BAD, xstrdup("disabled"),
		    "echo Y >" SYS_PARAMETERS "/enabled, or zswap.enabled=1 at boot");
	else
		say(doctor, "zswap", OK, xasprintf("enabled, compressor %s", system->compressor ?
						   system->compressor : "unknown"), NULL);
	if (system->shrinker_enabled > 0)
		say(doctor, "shrinker", NOTE,
		    xstrdup("on: it writes back in its own order, beside commands"),
		    "echo N >" SYS_PARAMETERS "/shrinker_enabled");
	else if (!system->shrinker_enabled)
		say(doctor, "shrinker", OK, xstrdup("off"), NULL);
}

static void check_feature(struct doctor *doctor)
{
	char *lockdown;
	int error = doctor->system.ages_error;

	if (system_supported(doctor->source)) {
		say(doctor, "feature", BAD, xstrdup("this kernel has no proactive zswap writeback"),
		    "a kernel with CONFIG_ZSWAP_WB");
		return;
	}
	say(doctor, "feature", OK, xstrdup("CONFIG_ZSWAP_WB"), NULL);
	if (error)
		say(doctor, "ages", BAD, xstrdup(system_reason(doctor->source, error)),
		    error == -ENOENT ? "mount -t debugfs none /sys/kernel/debug" : "as root");
	else
		say(doctor, "ages", OK, xstrdup("readable in debugfs"), NULL);
	lockdown = source_line(doctor->source, "/sys/kernel/security/lockdown");
	if (lockdown && !strstr(lockdown, "[none]"))
		say(doctor, "lockdown", NOTE,
		    xstrdup("locked down: no dry runs, no results of single commands"), NULL);
	free(lockdown);
}

/* ---- swap ---- */

/* A number of the device's queue; a partition's is beside it. */
static num queue_number(const struct source *source, const char *device, const char *file)
{
	static const char *const form[] = {
		"/sys/class/block/%s/queue/%s", "/sys/class/block/%s/../queue/%s",
	};
	num value = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(form) && value < 0; i++) {
		char *path = xasprintf(i ? form[1] : form[0], device, file);

		value = source_number(source, path);
		free(path);
	}
	return value;
}

static void check_device(struct doctor *doctor, const char *name, const char *type, num size,
			 num used)
{
	const char *device = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	char *total = format_size(amount_times(size, 1024));
	char *check = xasprintf("swap %s", name), *percent = format_percent(used, size);

	if (!strncmp(device, "zram", 4))
		say(doctor, check, BAD, xstrdup("zram: writing to it frees no memory"),
		    "swap on a disk, with a higher priority");
	else if (amount_ratio(used, size, PPM) >= SWAP_FULL)
		say(doctor, check, BAD, xasprintf("%s %% of %s in use", percent, total),
		    "more swap: nothing is written when it is full");
	else if (!strcmp(type, "file"))
		say(doctor, check, OK, xasprintf("a file of %s, %s %% in use", total, percent), NULL);
	else if (queue_number(doctor->source, device, "rotational") == 1)
		say(doctor, check, NOTE, xasprintf("rotational: %s, %s %% in use; reading back is slow",
						   total, percent), "a flash device");
	else if (!queue_number(doctor->source, device, "discard_max_bytes"))
		say(doctor, check, NOTE, xasprintf("%s, %s %% in use; without discard", total, percent),
		    "on flash, a device with discard, and swapon --discard");
	else
		say(doctor, check, OK, xasprintf("%s, %s %% in use", total, percent), NULL);
	free(total);
	free(percent);
	free(check);
}

static void check_swap(struct doctor *doctor)
{
	char *text, *line, *save = NULL;
	long length = source_read(doctor->source, "/proc/swaps", &text);
	int nr = 0;

	if (length < 0) {
		say_unknown(doctor, "swap", "/proc/swaps", length);
		return;
	}
	/* "/dev/vda2 partition 2097148 11264 -1", behind a heading; blanks in names are \040 */
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[4096], type[16];
		num size, used;

		if (sscanf(line, "%4095s %15s %lld %lld", name, type, &size, &used) < 4)
			continue;
		check_device(doctor, name, type, size, used);
		nr++;
	}
	free(text);
	if (!nr)
		say(doctor, "swap", BAD, xstrdup("none: zswap has nowhere to write to"),
		    "mkswap and swapon a device");
}

/* ---- the pool ---- */

static void check_pool(struct doctor *doctor)
{
	const struct system *system = &doctor->system;
	num limit = system_limit(system), full = amount_ratio(system->pool_bytes, limit, PPM);
	char *pool = format_size(system->pool_bytes), *most = format_size(limit);
	char *percent = format_percent(system->pool_bytes, limit);
	bool stuck = system->limit_hit > 0 && full >= system->accept_percent * (PPM / 100);

	if (full < 0)
		say_unknown(doctor, "pool", SYS_DEBUGFS "/pool_total_size", system->pool_bytes);
	else if (full >= NEAR_LIMIT || stuck)
		say(doctor, "pool", BAD, xasprintf("%s of %s (%s %%): once full, it takes no pages until below %lld %%",
					       pool, most, percent, system->accept_percent),
		    "zswapctl writeback or daemon, or a larger max_pool_percent");
	else
		say(doctor, "pool", OK, xasprintf("%s of %s (%s %%)", pool, most, percent), NULL);
	free(pool);
	free(most);
	free(percent);
}

/* What the pool turned away, and whether it goes on. */
static void check_rejected(struct doctor *doctor)
{
	struct system later;
	char *list = xstrdup("");
	bool any = false, growing = false, known = false;

	/* A recorded tree stands still */
	if (!doctor->source->recorded)
		usleep(GROWING_US);
	system_read(doctor->source, &later);
	for (int i = 0; i < NR_ZSWAP; i++) {
		const struct counter *counter = &zswap_counters[i];
		num before = counter_value(&doctor->system, counter);
		num now = counter_value(&later, counter);

		if (!counter->label && counter->where != offsetof(struct system, limit_hit))
			continue;
		known |= now >= 0;
		if (now <= 0)
			continue;
		xappend(&list, "%s%s %lld%s", *list ? ", " : "", counter->column.name,
				   now, now > before ? " and growing" : "");
		any = true;
		growing |= now > before;
	}
	system_free(&later);
	if (any)
		say(doctor, "rejected", growing ? BAD : NOTE, list,
		    "REJECT-RECLAIM and LIMIT-HIT: a smaller or larger pool; REJECT-POOR: data that does not compress");
	else if (known)
		say(doctor, "rejected", OK, xstrdup("no page"), NULL);
	else
		say_unknown(doctor, "rejected", SYS_DEBUGFS "/pool_limit_hit", doctor->system.limit_hit);
	if (!any)
		free(list);
}

static void check_disk(struct doctor *doctor)
{
	const struct counters *counters = &doctor->system.counters;

	if (counters->corrupted > 0)
		say(doctor, "images", BAD, xasprintf("%lld pages were damaged on the disk",
						     counters->corrupted),
		    "another device; the kernel log tells which");
	else if (counters->failed > 0)
		say(doctor, "writes", NOTE, xasprintf("%lld pages could not be written",
						      counters->failed),
		    "the kernel log tells of I/O errors");
}

/* ---- cgroups, pressure, the daemon ---- */

static void check_cgroups(struct doctor *doctor)
{
	struct cgroups cgroups;
	char *list = xstrdup("");
	int off = 0, error = cgroups_read(doctor->source, UINT64_MAX, true, &cgroups);

	if (error) {
		free(list);
		if (error == -EOPNOTSUPP)
			say(doctor, "cgroups", BAD, xstrdup(system_reason(doctor->source, error)),
			    "cgroup2 for all at " SYS_CGROUP ": cgroup_no_v1=all at boot");
		else
			say_unknown(doctor, "cgroups", SYS_DEBUGFS "/age_buckets_cgroup", error);
		return;
	}
	cgroups_read_details(doctor->source, &cgroups);
	for (int i = 0; i < cgroups.nr; i++) {
		const struct cgroup *cgroup = &cgroups.cgroup[i];

		/* Who says so, not whom it is inherited by */
		if (cgroup->writeback || cgroup->removed)
			continue;
		if (off++ >= NAMES_MAX)
			continue;
		xappend(&list, "%s%s", *list ? ", " : "", cgroup->path);
	}
	if (off)
		say(doctor, "cgroups", NOTE,
		    xasprintf("writeback is off in %d and those below: %s%s", off, list,
			      off > NAMES_MAX ? ", ..." : ""),
		    "echo 1 >memory.zswap.writeback");
	else
		say(doctor, "cgroups", OK, xstrdup("none has writeback off"), NULL);
	if (cgroups.foreign)
		say(doctor, "namespace", NOTE,
		    xasprintf("%d cgroups outside of this cgroup namespace are left alone",
			      cgroups.foreign), NULL);
	cgroups_free(&cgroups);
	free(list);
}

/* "some avg10=1.23 ..." as ppm; negative: not known */
static num pressure(const struct source *source, const char *path)
{
	char *text;
	num ppm = source_read(source, path, &text);
	double percent;

	if (ppm >= 0)
		ppm = sscanf(text, "some avg10=%lf", &percent) == 1 ? (num)(percent * 10000 + 0.5) :
		      -EINVAL;
	free(text);
	return ppm;
}

static void check_pressure(struct doctor *doctor, const char *check, const char *path,
			   const char *fix)
{
	num ppm = pressure(doctor->source, path);

	if (ppm < 0)
		say(doctor, check, NOTE, xstrdup("unknown: it is not considered"),
		    "CONFIG_PSI, psi=1 at boot");
	else
		say(doctor, check, ppm >= STALLED ? BAD : OK,
		    xasprintf("some task stalled in %lld.%lld %% of the last 10 s", ppm / 10000,
			      ppm / 1000 % 10), fix);
}

/* The reason that most cgroups have. */
static const char *usual_reason(const struct state *state, int *most)
{
	const char *reason = NULL;

	*most = 0;
	for (int i = 0; i < state->nr; i++) {
		int nr = 0;

		for (int j = 0; j < state->nr && state->cgroup[i].reason; j++)
			nr += state->cgroup[j].begun && state->cgroup[j].reason &&
			      !strcmp(state->cgroup[i].reason, state->cgroup[j].reason);
		/* Thousands of cgroups: the first ones will do */
		if (nr > *most) {
			*most = nr;
			reason = state->cgroup[i].reason;
		}
		if (i >= 100)
			break;
	}
	return reason;
}

static void check_daemon(struct doctor *doctor)
{
	char *message, *lock = xasprintf("%s.lock", doctor->state);
	int error, fd = -1, most;
	struct state state;
	const char *reason;
	bool alive = false;

	if (doctor->source->recorded && !strcmp(doctor->state, DAEMON_STATE))
		goto out;
	/* Not state_lock(): that would make the file */
	fd = source_open_file(doctor->source, lock, O_RDONLY);
	alive = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	error = state_load(doctor->state, &state, &message);
	reason = usual_reason(&state, &most);
	if (error && error != -ENOENT)
		say(doctor, "daemon", BAD, xasprintf("%s: %s", doctor->state, message ? message :
						     strerror(-error)), "remove it");
	else if (!alive)
		say(doctor, "daemon", NOTE, xstrdup("not running"), "systemctl start zswapctl");
	else
		say(doctor, "daemon", OK, reason ? xasprintf("running; %d cgroups: %s", most, reason)
						 : xstrdup("running"), NULL);
	free(message);
	state_free(&state);
	if (fd >= 0)
		close(fd);
out:
	free(lock);
}

static int run(struct context *context, void *data)
{
	struct doctor *doctor = data;
	int result;

	doctor->source = &context->source;
	if (output_is_table(&context->output)) {
		doctor->table = table_new(&view, &context->output);
		if (!doctor->table)
			return EX_USAGE;
	}
	system_read(doctor->source, &doctor->system);
	if (source_exists(doctor->source, SYS_PARAMETERS)) {
		say(doctor, "zswap", BAD, xstrdup("this kernel has no zswap"), "CONFIG_ZSWAP");
	} else {
		check_zswap(doctor);
		check_feature(doctor);
		check_swap(doctor);
		check_pool(doctor);
		check_rejected(doctor);
		check_disk(doctor);
		check_cgroups(doctor);
		check_pressure(doctor, "memory pressure", "/proc/pressure/memory",
			       "less memory in use, or more of it");
		check_pressure(doctor, "io pressure", "/proc/pressure/io",
			       "zswapctl writeback --rate, or a faster device");
		check_daemon(doctor);
	}
	result = doctor->bad ? EX_FAILED : EX_DONE;
	if (doctor->table)
		table_print(doctor->table);
	table_free(doctor->table);
	system_free(&doctor->system);
	return result;
}

const struct subcommand doctor_subcommand = {
	.name = "doctor",
	.summary = "what keeps zswap from working well, and what mends it",
	.options = options,
	.views = { &view },
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = run,
};
