// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl doctor: what keeps zswap and proactive writeback from working well, a line a check,
 * with what mends it.
 */
#include "commands/commands.h"
#include "decide/control.h"
#include "system/amount.h"
#include "ui/format.h"

#define NEAR_LIMIT	900000	/* ppm of the pool's limit */
#define SWAP_FULL	900000	/* ppm of the device */
#define STALLED		10	/* percent of the last 10 s */
#define GROWING_US	1000000	/* time between the two looks at what grows */
#define NAMES_MAX	3
#define INDENT		8	/* of what a line says, behind its state */

/* Root of a container, or a confined one, is refused, too */
#define AS_ROOT		"as root of the host"
#define UNLOCK		"boot without lockdown= and Secure Boot; commands work as it is"

struct row {
	const char *check, *state, *finding, *fix;
};

#define ROW(member)	offsetof(struct row, member)

static const struct column columns[] = {
	{ "CHECK", COLUMN_TEXT, true, "what was looked at", ROW(check) },
	{ "STATE", COLUMN_TEXT, true, "ok, note (as one may want it), bad or unknown", ROW(state) },
	{ "FINDING", COLUMN_TEXT, true, "what was found", ROW(finding) },
	{ "FIX", COLUMN_TEXT, true, "what mends it", ROW(fix) },
};

enum verdict { OK, NOTE, BAD, UNKNOWN };

struct doctor {
	const char *state;		/* of the daemon */

	const struct source *source;
	struct table *table;
	bool lines;			/* for people, instead of it */
	struct system system;
	bool bad, unknown;
};

static const struct option_spec options[] = {
	{ "state", 0, OPTION_FILE, offsetof(struct doctor, state),
	  "the daemon's state (" DAEMON_STATE ")" },
	{ }
};

static struct doctor given = { .state = DAEMON_STATE };

/* What was found, as printf() has it; @fix may be NULL, and is not said if all is well. */
__attribute__((format(printf, 5, 6)))
static void say(struct doctor *doctor, const char *check, enum verdict verdict, const char *fix,
		const char *format, ...)
{
	static const char *const name[] = { "ok", "note", "bad", "unknown" };
	autofree char *finding = NULL, *line = NULL;
	va_list args;

	va_start(args, format);
	finding = xvasprintf(format, args);
	va_end(args);
	if (verdict == OK)
		fix = NULL;
	line = xasprintf("%-*s%s: %s%s%s%s", INDENT, name[verdict], check, finding,
			 fix ? " (fix: " : "", fix ? fix : "", fix ? ")" : "");
	if (doctor->lines)
		table_line(doctor->table, INDENT, line);
	else
		table_row(doctor->table, NULL, &(struct row){ check, name[verdict], finding, fix });
	doctor->bad |= verdict == BAD;
	doctor->unknown |= verdict == UNKNOWN;
}

/* What makes that @file can be read, of which reading says @error. */
static const char *fix_unreadable(const struct source *source, const char *file, num error)
{
	bool ages = !strncmp(file, SYS_DEBUGFS "/age_", strlen(SYS_DEBUGFS "/age_"));

	switch (error) {
	case -EACCES:
	case -EPERM:
		return AS_ROOT;
	case -EINVAL:
	case -ERANGE:
	case -EFBIG:
	case -EISDIR:
		return "a zswapctl as new as the kernel";
	case -ENOENT:
	case -ENOTDIR:
		break;
	default:
		return "try again later";
	}
	if (ages && system_supported(source))
		return SYSTEM_PACKAGE;
	if (cgroup_is_within(file, SYS_DEBUGFS) && source_exists(source, SYS_DEBUGFS))
		return system_debugfs_directories(source) > 0 ? "enable zswap first" :
		       "mount -t debugfs none /sys/kernel/debug";
	return ages ? "a kernel with CONFIG_ZSWAP_WB_DEBUGFS" : "a kernel that has it";
}

static void say_unknown(struct doctor *doctor, const char *check, const char *file, num error)
{
	say(doctor, check, UNKNOWN, fix_unreadable(doctor->source, file, error), "%s",
	    system_reason_for(doctor->source, file, error));
}

/* ---- the kernel ---- */

static void check_zswap(struct doctor *doctor)
{
	const struct system *system = &doctor->system;

	if (system->enabled < 0)
		say_unknown(doctor, "zswap", SYS_PARAMETERS "/enabled", system->enabled);
	else if (!system->enabled)
		say(doctor, "zswap", BAD,
		    "echo Y >" SYS_PARAMETERS "/enabled, or zswap.enabled=1 at boot", "disabled");
	else
		say(doctor, "zswap", OK, NULL, "enabled, compressor %s",
		    system->compressor ? system->compressor : "unknown");
	if (system->shrinker_enabled >= 0)
		say(doctor, "shrinker", system->shrinker_enabled ? NOTE : OK,
		    "echo N >" SYS_PARAMETERS "/shrinker_enabled", system->shrinker_enabled ?
		    "on: it writes back in its own order, beside commands" : "off");
}

/*
 * The kernel takes its default for one that it could not load at boot, and none without that.  One
 * in quotation marks is no reason to say anything.
 */
static void check_compressor(struct doctor *doctor)
{
	static const char option[] = "zswap.compressor=";
	autofree char *text = source_line(doctor->source, "/proc/cmdline"), *fix = NULL;
	const char *used = doctor->system.compressor, *asked = "";
	char *word, *rest = text;

	while ((word = strsep(&rest, " \"")))
		asked = strncmp(word, option, strlen(option)) ? asked : word + strlen(option);
	fix = xasprintf("echo %s >" SYS_PARAMETERS
			"/compressor; at boot, its module in the initramfs", asked);
	if (used && !*used)
		say(doctor, "compressor", BAD, "echo NAME >" SYS_PARAMETERS "/compressor",
		    "none: zswap has no pool, and cannot be enabled");
	else if (used && *asked && strcmp(used, asked))
		say(doctor, "compressor", NOTE, fix, "%s, but zswap.compressor=%s at boot",
		    used, asked);
}

static void check_feature(struct doctor *doctor)
{
	autofree char *lockdown = source_line(doctor->source, "/sys/kernel/security/lockdown");
	int error = doctor->system.ages_error;
	bool denied = options_exit_status(error) == EX_DENIED;

	if (system_supported(doctor->source)) {
		say(doctor, "feature", BAD, SYSTEM_PACKAGE,
		    "this kernel has no proactive zswap writeback");
		return;
	}
	say(doctor, "feature", OK, NULL, "CONFIG_ZSWAP_WB");
	say(doctor, "ages", denied ? UNKNOWN : error ? BAD : OK,
	    fix_unreadable(doctor->source, SYS_DEBUGFS "/age_buckets", error), "%s",
	    error ? system_reason(doctor->source, error) : "readable in debugfs");
	if (lockdown && !strstr(lockdown, "[none]"))
		say(doctor, "lockdown", NOTE, UNLOCK,
		    "locked down: no dry runs, no results of single commands");
}

/* ---- swap ---- */

/* The directory in /sys of the device that a file is on, to be freed; named as in /proc/swaps. */
static char *device_of(const struct source *source, const char *file)
{
	autofree char *text = NULL;
	char *found = xstrdup(""), *line, *rest;
	size_t longest = 0;

	if (source_read(source, "/proc/self/mountinfo", &text) < 0)
		return found;
	/* "25 1 8:2 / /home rw shared:1 - ext4 /dev/sda2 rw" */
	for (rest = text; (line = strsep(&rest, "\n"));) {
		char number[32], mounted[4096], from[4096];
		const char *end = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %31s %*s %4095s", number, mounted) < 2 || !end ||
		    sscanf(end, " - %*s %4095s", from) < 1 || !cgroup_is_within(file, mounted) ||
		    strlen(mounted) < longest)
			continue;
		longest = strlen(mounted);
		free(found);
		/* The numbers of a btrfs are not its device's */
		found = !strncmp(number, "0:", 2) ?
			xasprintf("/sys/class/block/%s", cgroup_name(from)) :
			xasprintf("/sys/dev/block/%s", number);
	}
	return found;
}

/* A number of the device's queue; a partition's is beside it. */
static num queue_number(const struct source *source, const char *device, const char *file)
{
	autofree char *own = xasprintf("%s/queue/%s", device, file);
	autofree char *whole = xasprintf("%s/../queue/%s", device, file);
	num value = source_number(source, own);

	return value < 0 ? source_number(source, whole) : value;
}

/* Blanks in names are \040 there */
static void unescape(char *text)
{
	char *to = text;
	unsigned int c;

	for (; *text; *to++ = c) {
		int length = 1;

		if (sscanf(text, "\\%3o%n", &c, &length) != 1)
			c = *text;
		text += length;
	}
	*to = '\0';
}

static void check_device(struct doctor *doctor, const char *name, const char *type, num size,
			 num used)
{
	bool is_file = !strcmp(type, "file");
	autofree char *check = xasprintf("swap %s", name);
	autofree char *device = is_file ? device_of(doctor->source, name) :
				xasprintf("/sys/class/block/%s", cgroup_name(name));
	autofree char *finding = xasprintf("%s%s, %s %% in use", is_file ? "a file of " : "",
					   format_size(amount_times(size, 1024)).text,
					   format_percent(used, size).text);

	unescape(check);
	if (!strncmp(cgroup_name(device), "zram", 4))
		say(doctor, check, BAD, "swap on a disk, with a higher priority",
		    "zram: writing to it frees no memory");
	else if (amount_ratio(used, size, PPM) >= SWAP_FULL)
		say(doctor, check, BAD, "more swap: nothing is written when it is full",
		    "%s", finding);
	else if (queue_number(doctor->source, device, "rotational") == 1)
		say(doctor, check, NOTE, "a flash device", "rotational: %s; reading back is slow",
		    finding);
	else if (!queue_number(doctor->source, device, "discard_max_bytes"))
		say(doctor, check, NOTE, "on flash, a device with discard, and swapon --discard",
		    "%s; without discard", finding);
	else
		say(doctor, check, OK, NULL, "%s", finding);
}

static void check_swap(struct doctor *doctor)
{
	autofree char *text = NULL;
	long length = source_read(doctor->source, "/proc/swaps", &text);
	char *line, *rest = text;
	int nr = 0;

	if (length < 0) {
		say_unknown(doctor, "swap", "/proc/swaps", length);
		return;
	}
	/* "/dev/vda2 partition 2097148 11264 -1", behind a heading */
	while ((line = strsep(&rest, "\n"))) {
		char name[4096], type[16];
		num size, used;

		if (sscanf(line, "%4095s %15s %lld %lld", name, type, &size, &used) < 4)
			continue;
		check_device(doctor, name, type, size, used);
		nr++;
	}
	if (!nr)
		say(doctor, "swap", BAD, "mkswap and swapon a device",
		    "none: zswap has nowhere to write to");
}

/* ---- the pool ---- */

static void check_pool(struct doctor *doctor)
{
	const struct system *system = &doctor->system;
	num limit = system_limit(system);
	num full = limit ? amount_ratio(system->pool_bytes, limit, PPM) : 0;
	struct brief pool = format_size(system->pool_bytes), most = format_size(limit);
	struct brief percent = format_percent(system->pool_bytes, limit);
	bool stuck = system->limit_hit > 0 && full >= system->accept_percent * (PPM / 100);

	if (full < 0)
		say_unknown(doctor, "pool", system->pool_bytes < 0 ? SYS_DEBUGFS "/pool_total_size" :
			    SYS_PARAMETERS "/max_pool_percent", full);
	else if (!limit)
		say(doctor, "pool", BAD, "more in " SYS_PARAMETERS "/max_pool_percent",
		    "%s of 0B: it takes no pages", pool.text);
	else if (full >= NEAR_LIMIT || stuck)
		say(doctor, "pool", BAD,
		    "zswapctl writeback or daemon, or more in " SYS_PARAMETERS "/max_pool_percent",
		    "%s of %s (%s %%): once full, it takes no pages until below %lld %%",
		    pool.text, most.text, percent.text, system->accept_percent);
	else
		say(doctor, "pool", OK, NULL, "%s of %s (%s %%)", pool.text, most.text,
		    percent.text);
}

/* What the pool turned away, and whether it goes on. */
static void check_rejected(struct doctor *doctor)
{
	autofree char *list = xstrdup("");
	bool growing = false, known = false;
	struct system later;

	/* A tree elsewhere mostly stands still */
	usleep(doctor->source->recorded ? GROWING_US / 10 : GROWING_US);
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
		growing |= now > before;
	}
	system_free(&later);
	if (*list)
		say(doctor, "rejected", growing ? BAD : NOTE,
		    "REJECT-RECLAIM and LIMIT-HIT: zswapctl daemon, or a larger pool; REJECT-POOR: data that does not compress; others: memory, or the kernel's log",
		    "%s", list);
	else if (known)
		say(doctor, "rejected", OK, NULL, "no page");
	else
		say_unknown(doctor, "rejected", SYS_DEBUGFS "/pool_limit_hit", doctor->system.limit_hit);
}

static void check_disk(struct doctor *doctor)
{
	const struct counters *counters = &doctor->system.counters;

	if (counters->corrupted > 0)
		say(doctor, "images", BAD, "another device; the kernel log tells which",
		    "%lld reads of pages that were damaged on the disk", counters->corrupted);
	else if (counters->failed > 0)
		say(doctor, "writes", NOTE, "the kernel log tells of I/O errors",
		    "%lld pages could not be written", counters->failed);
}

/* ---- cgroups, pressure, the daemon ---- */

static void check_cgroups(struct doctor *doctor)
{
	autofree char *list = xstrdup("");
	struct cgroups cgroups;
	int off = 0, error = cgroups_read(doctor->source, UINT64_MAX, &cgroups) ?:
			     cgroups_read_details(doctor->source, &cgroups);

	if (error == -EOPNOTSUPP)
		say(doctor, "cgroups", BAD,
		    "cgroup2 for all at " SYS_CGROUP ": cgroup_no_v1=all at boot",
		    "%s", system_reason(doctor->source, error));
	else if (error)
		say_unknown(doctor, "cgroups", SYS_DEBUGFS "/age_buckets_cgroup", error);
	for (int i = 0; i < cgroups.nr && !error; i++) {
		const struct cgroup *cgroup = &cgroups.cgroup[i];

		/* Who says so, not whom it is inherited by */
		if (cgroup->writeback || cgroup->removed)
			continue;
		if (off++ >= NAMES_MAX)
			continue;
		xappend(&list, "%s%s", *list ? ", " : "", cgroup->path);
	}
	if (off)
		say(doctor, "cgroups", NOTE, "echo 1 >" SYS_CGROUP "/.../memory.zswap.writeback",
		    "writeback is off in %d and those below: %s%s", off, list,
		    off > NAMES_MAX ? ", ..." : "");
	else if (!error)
		say(doctor, "cgroups", OK, NULL, "none has writeback off");
	if (cgroups.foreign)
		say(doctor, "namespace", NOTE, "zswapctl on the host, which sees them",
		    "%d cgroups outside of this cgroup namespace are left alone", cgroups.foreign);
	cgroups_free(&cgroups);
}

static void check_pressure(struct doctor *doctor, const char *check, const char *path,
			   const char *fix)
{
	autofree char *text = NULL;
	double percent;

	if (source_read(doctor->source, path, &text) < 0 ||
	    sscanf(text, "some avg10=%lf", &percent) != 1)
		say(doctor, check, NOTE, "CONFIG_PSI, psi=1 at boot",
		    "unknown: it is not considered");
	else
		say(doctor, check, percent >= STALLED ? BAD : OK, fix,
		    "some task stalled in %.1f %% of the last 10 s", percent);
}

static int compare_reasons(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The reason that most cgroups have: "2 of 3 cgroups: REASON", to be freed; NULL: none has one. */
static char *usual_reason(const struct state *state)
{
	autofree const char **reasons = xcalloc(state->nr + 1, sizeof(*reasons));
	int nr = 0, most = 0, last = 0;

	for (int i = 0; i < state->nr; i++) {
		if (state->cgroup[i].begun && state->cgroup[i].reason)
			reasons[nr++] = state->cgroup[i].reason;
	}
	qsort(reasons, nr, sizeof(*reasons), compare_reasons);
	/* Where there are more in a row than ever before, and where those end */
	for (int i = 0; i < nr; i++) {
		if (i >= most && !strcmp(reasons[i], reasons[i - most])) {
			most++;
			last = i;
		}
	}
	return nr ? xasprintf("%d of %d cgroups: %s", most, nr, reasons[last]) : NULL;
}

static void check_daemon(struct doctor *doctor)
{
	autofree char *message = NULL, *reason = NULL, *health = NULL;
	num overdue = state_overdue_ms(doctor->source, doctor->state);
	bool failing;
	struct state state;
	int error;

	if (doctor->source->recorded && !strcmp(doctor->state, DAEMON_STATE))
		return;
	error = state_load(doctor->state, &state, &message);
	reason = usual_reason(&state);
	health = daemon_health(overdue, &state);
	failing = reason && strstr(reason, ": " REASON_REFUSED);
	if (options_exit_status(error) == EX_DENIED)
		say(doctor, "daemon", UNKNOWN, AS_ROOT, "%s: %s", doctor->state, message);
	else if (error && error != -ENOENT)
		say(doctor, "daemon", BAD, "move it away", "%s: %s", doctor->state, message);
	else if (overdue < 0)
		say(doctor, "daemon", NOTE, "systemctl start zswapctl", "%s", health);
	else
		say(doctor, "daemon", overdue || failing ? BAD : state.failing ? NOTE : OK,
		    "journalctl -u zswapctl tells why", "%s%s%s", health, reason ? "; " : "",
		    reason ?: "");
	state_free(&state);
}

static int run(struct context *context, void *data)
{
	struct doctor *doctor = data;
	int result;

	doctor->source = &context->source;
	doctor->lines = !output_is_table(&context->output);
	doctor->table = context->table;
	system_read(doctor->source, &doctor->system);
	if (source_exists(doctor->source, SYS_PARAMETERS)) {
		say(doctor, "zswap", BAD, SYSTEM_PACKAGE, "this kernel has no zswap");
	} else {
		check_zswap(doctor);
		check_compressor(doctor);
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
	result = doctor->bad ? EX_FAILED : doctor->unknown ? EX_UNKNOWN : EX_DONE;
	if (!doctor->lines)
		table_print(doctor->table);
	system_free(&doctor->system);
	return result;
}

const struct subcommand doctor_subcommand = {
	.name = "doctor",
	.summary = "what keeps zswap from working well, and what mends it",
	.options = options,
	.views = { { VIEW("checks", columns) } },
	.data = &given,
	.run = run,
};
