// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl daemon - keep writing the cold part of zswap to swap, as long as it stays away.
 *
 * A tick: take a sample; decide about each cgroup (decide/tick.c); carry the decisions out one
 * by one; print those that write, and those that are others than before, as lines of JSON.
 *
 * What it sees and what comes of its commands can be recorded: nothing else, but the configuration,
 * which is recorded, too, goes into a decision.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "decide/record.h"
#include "decide/tick.h"
#include "system/amount.h"
#include "system/system.h"
#include "system/transaction.h"

#define CONFIG_FILE	"/etc/zswapctl.conf"
#define SAVE_MS		60000	/* the state is saved once in this time at most */
#define PART		(64LL << 20)	/* bytes: a command is given in such parts */
#define OVERDUE		10	/* intervals without a look that succeeds: others are to see it */

struct daemon_options {		/* the command line */
	const char *config, *state, *record;
	num ticks;		/* 0: no end */
	num interval;		/* seconds; 0: not given */
	bool dry_run, once, status;
};

#define WHERE(member)	offsetof(struct daemon_options, member)

static const struct option_spec options[] = {
	{ "config", 'C', OPTION_FILE, WHERE(config), "configuration (" CONFIG_FILE ", if it is there)" },
	{ "status", 0, OPTION_FLAG, WHERE(status),
	  "print whether the daemon is alive, and what it last decided about each cgroup, and exit",
	  .excludes = "once ticks interval dry-run record" },
	{ "once", 0, OPTION_FLAG, WHERE(once), "one tick, as with --ticks 1" },
	{ "ticks", 0, OPTION_COUNT, WHERE(ticks), "end after N ticks (with --root after one)" },
	{ "interval", 0, OPTION_SECONDS, WHERE(interval),
	  "from tick to tick, whatever the configuration says (60)" },
	{ "dry-run", 0, OPTION_FLAG, WHERE(dry_run), "decide and say so, write nothing" },
	{ "state", 0, OPTION_FILE, WHERE(state),
	  "what survives a restart (" DAEMON_STATE ", if it is no trial)" },
	{ "record", 0, OPTION_FILE, WHERE(record),
	  "write down all that it sees, from which its decisions follow" },
	{ }
};

struct daemon {
	const struct daemon_options *options;
	const struct source *source;
	struct config config;
	const char *state_file;		/* NULL: none */
	int state_lock;			/* descriptor; negative: none */
	int state_error;		/* of saving it: what was said last */
	num saved_ms;
	struct state state;
	FILE *record;			/* NULL: nothing is recorded */
	bool dry_run;
	bool said_blind;		/* that pressure is not known */
	bool idle;			/* memory is not needed */
	struct record_tick now;		/* the tick that is decided about */
	num looked_us;			/* clock_us() before its sample */
	bool reloaded;			/* there has been another configuration since then */
	bool woken;			/* something may have thawed since then */
	int watch;			/* descriptor that tells of it; negative: none */
	num ticks;			/* how many there were */
	num began_ms;			/* time of the first, in a recorded tree */
	bool over;			/* no more commands, no more ticks */
	int result;			/* exit status */
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
	const struct daemon_options *options = daemon->options;
	struct config config;

	/* What another system has seen has nothing to do with how this one is configured. */
	if (config_find(options->config, daemon->source->recorded ? NULL : CONFIG_FILE, &config,
			&message)) {
		say_error("%s", message);
		return EX_USAGE;
	}
	config_free(&daemon->config);
	daemon->config = config;
	if (options->interval)
		daemon->config.interval = options->interval;
	return EX_DONE;
}

static void reload_config(struct daemon *daemon)
{
	if (daemon->record) {
		say_error("the configuration stays as it was: it is part of the recording");
	} else if (read_config(daemon) == EX_DONE) {
		say_error("the configuration was read again");
		daemon->reloaded = true;
	} else {
		say_error("the configuration stays as it was");
	}
}

/* Wait until @deadline, or what cannot wait for it; 0 does not wait. */
static void take_signals(struct daemon *daemon, num deadline)
{
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
	struct sample *sample = &daemon->now.sample;

	if (!daemon->source->recorded)
		return;
	if (!daemon->ticks)
		daemon->began_ms = sample->now_ms;
	sample->now_ms = amount_add(daemon->began_ms,
				    amount_times(daemon->ticks, daemon->config.interval * 1000));
}

static void check_record(struct daemon *daemon, int error)
{
	if (!error)
		return;
	say_error("%s: %s", daemon->options->record, strerror(-error));
	end(daemon, EX_FAILED);
}

/* Returns whether there is a sample.  Without the first one there is no sense in a second. */
static bool look(struct daemon *daemon)
{
	const char *path;
	int error;

	daemon->looked_us = clock_us();
	error = sample_read(daemon->source, &daemon->now.sample, &path);
	if (error) {
		say_error("%s: %s", path, system_reason_for(daemon->source, path, error));
		if (!daemon->ticks)
			end(daemon, options_exit_status(error));
		return false;
	}
	if (!daemon->ticks)
		options_say_foreign(&daemon->now.sample.cgroups);
	set_clock(daemon);
	return true;
}

/* What was seen, or what was decided from it, is no longer to be acted on by writing. */
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
	num page_size = daemon->now.sample.page_size, left = decision->max;
	int error;

	if (decision->action == ACTION_READ)
		command.verb = COMMAND_READBACK;
	else
		command.age = decision->age;
	command.cgroup = cgroup->id;
	command.no_descend = true;

	choice->carried_out = true;
	do {
		if (decision->action == ACTION_WRITE)
			command.max = left < PART ? left : PART;
		error = transaction_run(daemon->source, &command, &transaction);
		transaction_add(&choice->result, &transaction.result);
		left -= PART;
		take_signals(daemon, 0);
	} while (!error && left > 0 && transaction.result.count.written >= PART / page_size &&
		 !daemon->over && !must_stop(daemon));
	if (!transaction.asked)
		record_unknown(&choice->result);
	choice->result.status = error;
	if (!transaction.asked) {
		autofree char *reason = transaction_reason(daemon->source, &command,
							   &transaction, error);

		say_error("%s: %s", cgroup->path, reason);
		/* A kernel that cannot read back can still write */
		if (decision->action == ACTION_WRITE)
			end(daemon, options_exit_status(error));
	}
	if (stop_asked)
		end(daemon, EX_DONE);
	record_add(&daemon->now, cgroup->id, &choice->result);
}

static bool carry_out(void *data, struct choice *choice)
{
	struct daemon *daemon = data;

	take_signals(daemon, 0);
	if (daemon->over || (choice->decision.action == ACTION_WRITE && must_stop(daemon))) {
		daemon->now.interrupted = true;
		return false;
	}
	if (!daemon->dry_run)
		run_command(daemon, &daemon->now.sample.cgroups.cgroup[choice->cgroup], choice);
	return true;
}

/* ---- output ---- */

static void print_choice(void *data, const struct choice *choice)
{
	const struct daemon *daemon = data;

	record_choice(stdout, daemon->ticks, &daemon->now.sample,
		      daemon->config.wear ? (num)daemon->state.wear : -ENODATA, choice);
}

/*
 * Not more often than once a minute, and only if there is something new.  The bytes that are @about
 * to be written count as spent: it may be killed before it is saved again.
 */
static void save_state(struct daemon *daemon, bool now, num about)
{
	double wear = daemon->state.wear;
	int error;

	state_look_due(daemon->state_lock,
		       daemon->state.now_ms + OVERDUE * 1000 * daemon->config.interval);
	if (!daemon->state_file || (!daemon->state.changed && !daemon->state_error))
		return;
	if (!now && daemon->saved_ms && daemon->state.now_ms - daemon->saved_ms < SAVE_MS)
		return;
	if (wear >= 0)
		daemon->state.wear = wear > about ? wear - about : 0;
	error = state_save(daemon->state_file, &daemon->state);
	daemon->state.wear = wear;
	/* Once, not every minute. */
	if (error && error != daemon->state_error)
		say_error("%s: %s; nothing is written to swap until it can be saved",
			  daemon->state_file, strerror(-error));
	daemon->state_error = error;
	if (error)
		return;
	daemon->state.changed = about;
	daemon->saved_ms = daemon->state.now_ms;
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
	const struct cgroups *cgroups = &daemon->now.sample.cgroups;

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
	const struct tick_hands hands = { daemon, carry_out, print_choice };
	struct choice *choice;
	num about = 0;
	int nr;

	daemon->reloaded = false;
	daemon->woken = false;
	if (!look(daemon))
		return;
	check_record(daemon, record_line(daemon->record, record_sample_fields,
					 &daemon->now.sample));
	daemon->ticks++;
	nr = tick_decide(&daemon->state, &daemon->config, &daemon->now.sample, &choice);
	for (int i = 0; i < nr; i++) {
		say_blind(daemon, &daemon->now.sample.cgroups.cgroup[choice[i].cgroup]);
		about += choice[i].decision.action == ACTION_WRITE ? choice[i].decision.max : 0;
	}
	/* If it cannot be saved, nothing is written: the budget would be forgotten */
	if (daemon->ticks == 1) {
		daemon->state.changed = true;
		save_state(daemon, true, about);
	}
	if (nr && choice->look.needed == daemon->idle) {
		daemon->idle = !daemon->idle;
		say_error(daemon->idle ? REASON_NOT_NEEDED : "memory is needed");
	}
	tick_carry_out(&daemon->state, &daemon->config, choice, nr, &hands);
	watch_frozen(daemon);
	save_state(daemon, false, 0);
	if (fflush(stdout))
		say_error("standard output: %s", strerror(errno));
	if (ferror(stdout))
		end(daemon, EX_FAILED);
	check_record(daemon, record_line(daemon->record, record_results_fields(), &daemon->now));
	free(choice);
	record_tick_free(&daemon->now);
}

static void loop(struct daemon *daemon)
{
	num last = clock_us(), next;

	take_signals(daemon, 0);
	for (num tries = 1; !daemon->over; tries++) {
		tick(daemon);
		if (daemon->options->ticks && tries >= daemon->options->ticks)
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
}

/* ---- from beginning to end ---- */

/*
 * An invalid state of ours is none: everything begins with care again.  A file that is not
 * ours is left alone.  Returns an exit status.
 */
static int load_state(struct daemon *daemon)
{
	autofree char *message = NULL;
	int error, result = EX_DONE;

	daemon->state_lock = state_lock(daemon->state_file);
	if (daemon->state_lock == -EWOULDBLOCK) {
		say_error("%s: another daemon works with this state", daemon->state_file);
		return EX_USAGE;
	}
	if (daemon->state_lock < 0) {
		say_error("%s.lock: %s", daemon->state_file, strerror(-daemon->state_lock));
		return options_exit_status(daemon->state_lock);
	}
	error = state_load(daemon->state_file, &daemon->state, &message);
	if (error == -EEXIST) {
		say_error("%s: %s; it is not overwritten", daemon->state_file, message);
		result = EX_USAGE;
	} else if (error == -EACCES || error == -EPERM) {
		say_error("%s: %s", daemon->state_file, message);
		result = EX_DENIED;
	} else if (error && error != -ENOENT) {
		say_error("%s: %s; it begins anew", daemon->state_file, message);
	}
	return result;
}

static int begin(struct daemon *daemon)
{
	const struct daemon_options *options = daemon->options;
	int result = read_config(daemon);

	if (result != EX_DONE)
		return result;
	/* A trial leaves the daemon's state alone. */
	if (!options->dry_run && (!daemon->source->recorded || options->state))
		daemon->state_file = options->state ?: DAEMON_STATE;
	if (system_supported(daemon->source)) {
		say_error("%s", system_reason_for(daemon->source,
						  SYS_ZSWAP "/proactive_writeback", -ENOENT));
		options_say_package(daemon->source);
		return EX_MISSING;
	}
	/* systemd makes it; by hand there may be none.  Saving tells whether it is there. */
	if (daemon->state_file && !strcmp(daemon->state_file, DAEMON_STATE))
		mkdir(DAEMON_DIRECTORY, 0700);
	state_begin(&daemon->state);
	result = daemon->state_file ? load_state(daemon) : EX_DONE;
	if (result != EX_DONE || !options->record)
		return result;
	daemon->record = fopen(options->record, "we");
	check_record(daemon, daemon->record ?
		     record_begin(daemon->record, daemon->config.text, &daemon->state) : -errno);
	return daemon->result;
}

static int run(struct context *context, void *data)
{
	struct daemon_options *options = data;
	struct daemon daemon = {
		.options = options,
		.source = &context->source,
		.dry_run = options->dry_run || context->source.recorded,
		.state_lock = -1,
		.watch = -1,
	};
	int result;

	if (options->once)
		options->ticks = 1;
	/* A tree stands still: there is no second look that would tell more. */
	if (context->source.recorded && !options->ticks)
		options->ticks = 1;
	if (options->status) {
		result = daemon_status(context, options->state ?: DAEMON_STATE);
	} else {
		stop_begin();
		result = begin(&daemon);
		if (result == EX_DONE) {
			loop(&daemon);
			result = daemon.result;
		}
	}
	if (daemon.record && fclose(daemon.record)) {
		check_record(&daemon, -errno);
		result = EX_FAILED;
	}
	state_free(&daemon.state);
	config_free(&daemon.config);
	if (daemon.state_lock >= 0)
		close(daemon.state_lock);
	return result;
}

const struct subcommand daemon_subcommand = {
	.name = "daemon",
	.summary = "keep writing what is cold and stays away",
	.options = options,
	.views = { &daemon_view },
	.size = sizeof(struct daemon_options),
	.ignored = SIGHUP,
	.run = run,
};
