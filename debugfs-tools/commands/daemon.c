// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl daemon - keep writing the cold part of zswap to swap, as long as it stays away.
 *
 * A tick: take a sample; decide about each cgroup (decide/tick.c); carry the decisions out one
 * by one; print those that write, and those that are others than before, as lines of JSON.
 *
 * --status prints what it last decided, from the state that it keeps.
 */
#include <sys/inotify.h>
#include <sys/stat.h>

#include "commands/commands.h"
#include "decide/tick.h"
#include "system/amount.h"
#include "system/transaction.h"
#include "ui/format.h"

#define CONFIG_FILE	"/etc/zswapctl.conf"
#define SAVE_US		60000000 /* the state is saved once in this time, and at the end */
#define PART		(64LL << 20)	/* bytes: a command is given in such parts */
#define PART_BACK	(4 * PART)	/* for each the kernel looks at all that is on the disk */
#define OVERDUE		10	/* intervals without a look that succeeds: others are to see it */

static struct daemon {
	/* The command line */
	const char *config_file;
	const char *state_file;		/* NULL: none; before begin(): not given */
	num ticks_wanted;		/* 0: no end */
	num interval;			/* seconds; 0: not given */
	bool dry_run, once, status;

	const struct source *source;
	struct config config;
	int state_lock;			/* descriptor; negative: none */
	int state_error;		/* of saving it: what was said last */
	num saved_us;			/* clock_us() of the look that was saved, or was to be */
	struct state state;
	bool said_blind;		/* that pressure is not known */
	bool idle;			/* memory is not needed */
	struct sample sample;		/* that is decided about */
	num looked_us;			/* clock_us() before its sample; recorded: by intervals */
	bool reloaded;			/* there has been another configuration since then */
	bool woken;			/* something may have thawed, or is not yet read back */
	bool turns;			/* several are to be read back, each by a part in a tick */
	int watch;			/* descriptor that tells of it; negative: none */
	num ticks;			/* how many there were */
	num began_ms;			/* time of the first, in a recorded tree */
	bool over;			/* no more commands, no more ticks */
	int result;			/* exit status */
} given = { .state_lock = -1, .watch = -1 };

#define WHERE(member)	offsetof(struct daemon, member)

static const struct option_spec options[] = {
	{ "config", 'C', OPTION_FILE, WHERE(config_file), "configuration (" CONFIG_FILE ", if it is there)" },
	{ "status", 0, OPTION_FLAG, WHERE(status),
	  "print whether the daemon is alive, and what it last decided about each cgroup, and exit",
	  .excludes = { "once", "ticks", "interval", "dry-run" } },
	{ "once", 0, OPTION_FLAG, WHERE(once), "one tick, as with --ticks 1" },
	{ "ticks", 0, OPTION_COUNT, WHERE(ticks_wanted), "end after N ticks (with --root after one)" },
	{ "interval", 0, OPTION_SECONDS, WHERE(interval),
	  "from tick to tick, whatever the configuration says (60)" },
	{ "dry-run", 0, OPTION_FLAG, WHERE(dry_run), "decide and say so, write nothing" },
	{ "state", 0, OPTION_FILE, WHERE(state_file),
	  "what survives a restart (" DAEMON_STATE ", if it is no trial)" },
	{ }
};

static void end(struct daemon *daemon, int result)
{
	daemon->over = true;
	if (daemon->result == EX_DONE)
		daemon->result = result;
}

/* ---- configuration ---- */

/* Returns an exit status; the configuration stays as it was unless it is EX_DONE. */
static int read_config(struct daemon *daemon)
{
	autofree char *message = NULL;
	struct config config;

	/* What another system has seen has nothing to do with how this one is configured. */
	if (config_find(daemon->config_file, daemon->source->recorded ? NULL : CONFIG_FILE, &config,
			&message)) {
		say_error("%s", message);
		return EX_USAGE;
	}
	config_free(&daemon->config);
	daemon->config = config;
	if (daemon->interval)
		daemon->config.interval = daemon->interval;
	return EX_DONE;
}

static void reload_config(struct daemon *daemon)
{
	if (read_config(daemon) == EX_DONE) {
		say_error("the configuration was read again");
		daemon->reloaded = true;
	} else {
		say_error("the configuration stays as it was");
	}
}

/* Wait until @deadline, or what cannot wait for it; 0 does not wait. */
static void take_signals(struct daemon *daemon, num deadline)
{
	if (stop_asked)
		end(daemon, EX_DONE);
	while (!daemon->over && !daemon->reloaded) {
		int signal = stop_fetch(daemon->woken ? 0 : deadline);

		if (!signal)
			break;
		if (signal == SIGHUP)
			reload_config(daemon);
		else if (signal == SIGIO)
			daemon->woken = true;
		else
			end(daemon, EX_DONE);
	}
}

/* ---- samples and commands ---- */

/* A recorded tree stands still: its clock goes on by itself. */
static void set_clock(struct daemon *daemon)
{
	struct sample *sample = &daemon->sample;

	if (!daemon->source->recorded)
		return;
	if (!daemon->ticks)
		daemon->began_ms = sample->now_ms;
	sample->now_ms = amount_add(daemon->began_ms,
				    amount_times(daemon->ticks, daemon->config.interval * 1000));
}

/* Returns whether there is a sample.  Without the first one there is no sense in a second. */
static bool look(struct daemon *daemon)
{
	char *why = NULL;
	const char *path;
	int error;

	daemon->looked_us = !daemon->source->recorded ? clock_us() :
			    daemon->looked_us + daemon->config.interval * 1000000;
	error = sample_read(daemon->source, &daemon->sample, &path);
	if (error)
		why = xasprintf("%s: %s", path, system_reason_for(daemon->source, path, error));
	/* Others are to see it, and when it is over */
	daemon->state.changed |= !!strcmp(why ?: "", daemon->state.failing ?: "");
	free(daemon->state.failing);
	daemon->state.failing = why;
	if (error) {
		say_error("%s", why);
		if (!daemon->ticks)
			end(daemon, options_exit_status(error));
		return false;
	}
	if (!daemon->ticks)
		options_say_foreign(&daemon->sample.cgroups);
	set_clock(daemon);
	return true;
}

/* What was seen, or what was decided from it, is no longer to be acted on. */
static bool must_stop(struct daemon *daemon)
{
	/* The clock of a recorded tree is another one. */
	bool late = !daemon->source->recorded &&
		    clock_us() - daemon->looked_us >= daemon->config.interval * 1000000;

	return daemon->reloaded || daemon->woken || daemon->state_error || late;
}

static void run_command(struct daemon *daemon, const struct cgroup *cgroup, struct choice *choice)
{
	const struct decision *decision = &choice->decision;
	struct command command = COMMAND_NONE;
	struct transaction transaction;
	bool reads = decision->action == ACTION_READ, more;
	num part = reads ? PART_BACK : PART, left = reads ? INT64_MAX : decision->max, moved;
	int error;

	command.readback = reads;
	if (!reads)
		command.age = decision->age;
	command.cgroup = cgroup->id;
	command.no_descend = true;

	choice->carried_out = true;
	do {
		command.max = left < part ? left : part;
		error = transaction_run(daemon->source, &command, &transaction);
		transaction_add(&choice->result, &transaction.result);
		left -= part;
		moved = reads ? transaction.result.count.readback : transaction.result.count.written;
		more = !error && left > 0 && moved >= part / daemon->sample.page_size;
		take_signals(daemon, 0);
	} while (more && !(reads && daemon->turns) && !daemon->over && !must_stop(daemon));
	/* What is not yet read back goes on at once, when the others had their turn */
	if (reads && more) {
		error = -EINTR;
		daemon->woken = true;
	}
	if (!transaction.asked) {
		autofree char *reason = transaction_reason(daemon->source, &command,
							   &transaction, error);

		result_unknown(&choice->result);
		/* A kernel that cannot read back can still write: it goes on, and this is said once */
		if (!reads || !choice->state->refused ||
		    error != daemon->state.cgroup[choice->cgroup].result)
			say_error("%s: %s", cgroup->path, reason);
		if (!reads)
			end(daemon, options_exit_status(error));
	}
	choice->result.status = error;
}

static bool carry_out(void *data, struct choice *choice)
{
	struct daemon *daemon = data;

	take_signals(daemon, 0);
	if (daemon->over || (choice->decision.action == ACTION_WRITE && must_stop(daemon)))
		return false;
	if (!daemon->dry_run)
		run_command(daemon, &daemon->sample.cgroups.cgroup[choice->cgroup], choice);
	return true;
}

/* ---- output ---- */

static void print_choice(void *data, const struct choice *choice)
{
	const struct daemon *daemon = data;

	choice_print(stdout, daemon->ticks, &daemon->sample,
		     daemon->config.wear ? (num)daemon->state.wear : -ENODATA, choice);
}

/*
 * Unless it has to be @now: once a minute at most, and only if there is something new.  The minute
 * goes from look to look, not from save to save: with what comes after it a look each minute would at
 * times be too early.
 * The bytes that are @about to be written count as spent: it may be killed before it is saved
 * again.
 */
static void save_state(struct daemon *daemon, bool now, num about)
{
	double wear = daemon->state.wear;
	int error;

	state_look_due(daemon->state_lock,
		       daemon->state.now_ms + OVERDUE * 1000 * daemon->config.interval);
	if (!daemon->state_file || (!daemon->state.changed && !daemon->state_error))
		return;
	if (!now && daemon->saved_us && daemon->looked_us - daemon->saved_us < SAVE_US)
		return;
	if (wear >= 0)
		daemon->state.wear = wear > about ? wear - about : 0;
	error = state_save(daemon->state_file, &daemon->state);
	daemon->saved_us = daemon->looked_us;
	daemon->state.wear = wear;
	/* Once, not every minute. */
	if (error && error != daemon->state_error)
		say_error("%s.new: %s; nothing is written to swap until it can be saved",
			  daemon->state_file, strerror(-error));
	daemon->state_error = error;
	if (!error)
		daemon->state.changed = about;
}

/* ---- ticks ---- */

static void say_blind(struct daemon *daemon, const struct cgroup *cgroup)
{
	if (daemon->said_blind || (cgroup->pressure_memory >= 0 && cgroup->pressure_io >= 0))
		return;
	say_error("%s: unknown pressure is not considered", cgroup->path);
	daemon->said_blind = true;
}

/*
 * What was written whole is read back first when it thaws: that is another tick at once.  So it
 * is if it has thawed since it was looked at.
 */
static void watch_frozen(struct daemon *daemon)
{
	const struct cgroups *cgroups = &daemon->sample.cgroups;

	if (daemon->watch >= 0)
		close(daemon->watch);
	daemon->watch = -1;
	for (int i = 0; i < cgroups->nr && !daemon->source->recorded; i++) {
		autofree char *events = cgroup_file(cgroups->cgroup[i].path, "cgroup.events");
		const struct control_state *control = &daemon->state.cgroup[i].control;

		if (cgroups->cgroup[i].frozen <= 0 || !control->thawed_to_read)
			continue;
		if (daemon->watch < 0)
			daemon->watch = stop_watch();
		inotify_add_watch(daemon->watch, events, IN_MODIFY | IN_ONESHOT);
		if (!system_keyed(daemon->source, events, "frozen"))
			daemon->woken = true;
	}
}

static void tick(struct daemon *daemon)
{
	struct tick_hands hands = { daemon, carry_out, print_choice };
	struct choice *choice;
	int nr, reads = 0;
	num about = 0;

	daemon->reloaded = false;
	daemon->woken = false;
	if (!look(daemon)) {
		if (daemon->ticks)
			save_state(daemon, false, 0);
		return;
	}
	daemon->ticks++;
	nr = tick_decide(&daemon->state, &daemon->config, &daemon->sample, &choice);
	for (int i = 0; i < nr; i++) {
		say_blind(daemon, &daemon->sample.cgroups.cgroup[choice[i].cgroup]);
		about += choice[i].decision.action == ACTION_WRITE ? choice[i].decision.max : 0;
		reads += choice[i].decision.action == ACTION_READ;
	}
	daemon->turns = reads > 1;
	/* If it cannot be saved, nothing is written: the budget would be forgotten */
	if (daemon->ticks == 1) {
		daemon->state.changed = true;
		save_state(daemon, true, about);
	}
	if (nr && choice->look.needed == daemon->idle) {
		daemon->idle = !daemon->idle;
		say_error(daemon->idle ? REASON_NOT_NEEDED : "memory is needed");
	}
	hands.left_out = daemon->state_error ? "state not saved" : NULL;
	tick_carry_out(&daemon->state, &daemon->config, choice, nr, &hands);
	watch_frozen(daemon);
	save_state(daemon, false, 0);
	if (fflush(stdout))
		say_error("standard output: %s", strerror(errno));
	if (ferror(stdout))
		end(daemon, EX_FAILED);
	free(choice);
	sample_free(&daemon->sample);
}

static void loop(struct daemon *daemon)
{
	num last = clock_us(), next;

	take_signals(daemon, 0);
	for (num tries = 1; !daemon->over; tries++) {
		tick(daemon);
		if (daemon->ticks_wanted && tries >= daemon->ticks_wanted)
			break;
		do {
			daemon->reloaded = false;
			next = last + daemon->config.interval * 1000000;
			take_signals(daemon, daemon->source->recorded ? 0 : next);
		} while (daemon->reloaded && !daemon->over);
		/* One that is woken before does not move those to come */
		if (clock_us() >= next)
			last = clock_us();
	}
	/* What was learned meanwhile is worth it */
	daemon->state.changed = daemon->ticks;
	save_state(daemon, true, 0);
	if (daemon->state_error)
		end(daemon, EX_FAILED);
}

/* ---- --status ---- */

#define ROW(member)	offsetof(struct state_cgroup, member)

static const struct column columns[] = {
	{ "CGROUP", COLUMN_PATH, true, "its path", ROW(path) },
	{ "ID", COLUMN_COUNT, false, "the kernel's number for it", ROW(id) },
	{ "AGE", COLUMN_AGE, true, "the age from which on pages are written", ROW(control.age) },
	{ "FORECAST", COLUMN_RATE, true, "pages a minute that this may bring back",
	  ROW(shown.forecast) },
	{ "MEASURED", COLUMN_RATE, true, "pages a minute that came back lately",
	  ROW(shown.measured) },
	{ "ALLOWED", COLUMN_RATE, true, "pages a minute that may come back", ROW(shown.allowed) },
	{ "DEBT", COLUMN_RATE, false, "pages that came back beyond that, not yet paid off",
	  ROW(control.debt) },
	{ "REASON", COLUMN_TEXT, true, "why it last did what it did", ROW(reason) },
};

char *daemon_health(num overdue_ms, const struct state *state)
{
	const char *what = overdue_ms > 0 ? ", but no look succeeded for ten intervals" :
			   state->failing ? ", but its last look failed" : "";

	if (overdue_ms < 0)
		return xstrdup("not running");
	return xasprintf("running%s%s%s", what, state->failing ? ": " : "", state->failing ?: "");
}

/* The table is an object of its own: what is about all of it goes in front. */
static void print_json(struct table *table, bool running, num seconds_ago, const struct state *state)
{
	autofree char *text = table_render(table, 0);
	json_t *head = xchecked(json_pack("{s:b, s:o, s:o, s:s?}", "running", running, "seconds_ago",
					  json_known(seconds_ago), "budget",
					  json_known((num)state->wear), "failing",
					  running ? state->failing : NULL));

	printf("{\n   ");
	json_dumpf(head, stdout, JSON_COMPACT | JSON_EMBED);
	printf(",%s", text + 1);
	json_decref(head);
}

static int print_status(const struct context *context, const char *path)
{
	autofree char *message = NULL, *age = NULL, *health = NULL;
	struct state state;
	int error = state_load(path, &state, &message);
	num overdue = state_overdue_ms(&context->source, path);
	num since = state_since_ms(&context->source, &state);
	num budget = (num)state.wear;

	if (error)
		return options_say_file(path, message, error);
	health = daemon_health(overdue, &state);
	for (int i = 0; i < state.nr; i++) {
		if (state.cgroup[i].begun)
			table_row(context->table, NULL, &state.cgroup[i]);
	}
	if (context->output.json)
		print_json(context->table, overdue >= 0, since < 0 ? since : since / 1000, &state);
	else
		table_print(context->table);
	state_free(&state);
	if (context->output.json)
		return EX_DONE;
	if (since >= 0)
		age = xasprintf("%s ago", format_age(since / 1000).text);
	say_error("the daemon is %s; as of %s, budget left: %s",
		  health, age ?: "an earlier boot",
		  budget < 0 ? "unlimited" : format_size(budget).text);
	return EX_DONE;
}

/* ---- from beginning to end ---- */

/*
 * An invalid state of ours is none: everything begins with care again.  A file that is not
 * ours is left alone.  Returns an exit status.
 */
static int load_state(struct daemon *daemon)
{
	autofree char *message = NULL;
	bool denied;
	int error;

	daemon->state_lock = state_lock(daemon->state_file);
	if (daemon->state_lock == -EWOULDBLOCK) {
		say_error("%s: another daemon works with this state", daemon->state_file);
		return EX_USAGE;
	}
	if (daemon->state_lock < 0) {
		message = xasprintf("%s.lock", daemon->state_file);
		return options_say_file(message, NULL, daemon->state_lock);
	}
	error = state_load(daemon->state_file, &daemon->state, &message);
	if (!error || error == -ENOENT)
		return EX_DONE;
	denied = error == -EACCES || error == -EPERM;
	say_error("%s: %s%s", daemon->state_file, message, denied ? "" :
		  error == -EEXIST ? "; it is not overwritten" : "; it begins anew");
	return denied ? EX_DENIED : error == -EEXIST ? EX_USAGE : EX_DONE;
}

static int begin(struct daemon *daemon)
{
	int result = read_config(daemon);

	if (result != EX_DONE)
		return result;
	/* A trial leaves the daemon's state alone. */
	if (daemon->dry_run)
		daemon->state_file = NULL;
	else if (!daemon->source->recorded && !daemon->state_file)
		daemon->state_file = DAEMON_STATE;
	daemon->dry_run |= daemon->source->recorded;
	result = options_supported(daemon->source);
	if (result != EX_DONE)
		return result;
	/* systemd makes it; by hand there may be none.  Saving tells whether it is there. */
	if (daemon->state_file && !strcmp(daemon->state_file, DAEMON_STATE))
		mkdir(DAEMON_DIRECTORY, 0700);
	state_begin(&daemon->state);
	return daemon->state_file ? load_state(daemon) : EX_DONE;
}

static int run(struct context *context, void *data)
{
	struct daemon *daemon = data;
	int result;

	daemon->source = &context->source;
	if (!daemon->status && output_is_table(&context->output)) {
		say_error("options of tables need --status");
		return EX_USAGE;
	}
	if (daemon->status)
		return print_status(context, daemon->state_file ?: DAEMON_STATE);
	/* A recorded tree stands still: there is no second look that would tell more. */
	if (daemon->once || (daemon->source->recorded && !daemon->ticks_wanted))
		daemon->ticks_wanted = 1;
	stop_begin();
	result = begin(daemon);
	if (result != EX_DONE)
		return result;
	loop(daemon);
	return daemon->result;
}

const struct subcommand daemon_subcommand = {
	.name = "daemon",
	.summary = "keep writing what is cold and stays away",
	.options = options,
	.views = { { VIEW("cgroups", columns) } },
	.data = &given,
	.ignored = SIGHUP,
	.run = run,
};
