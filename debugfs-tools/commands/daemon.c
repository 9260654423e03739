// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl daemon - keep writing the cold part of zswap to swap, as long as it stays away.
 *
 * A tick: take a sample; see what happened in each cgroup since the last one; decide for
 * each, the one with the oldest pages first, so that the wear budget goes where it does most;
 * carry the decisions out one by one; print each as a line of JSON with its result.
 *
 * Samples and results come from the system or from a recording, and all between them is one
 * code path that has no other input but the configuration: a recording gives the same lines
 * again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "system/amount.h"
#include "decide/config.h"
#include "ui/jsonnum.h"
#include "commands/commands.h"
#include "decide/record.h"
#include "decide/state.h"
#include "system/stop.h"
#include "system/system.h"
#include "system/transaction.h"

#define CONFIG_FILE	"/etc/zswapctl.conf"
#define STATE_DIRECTORY	"/var/lib/zswapctl"
#define STATE_FILE	STATE_DIRECTORY "/state"

struct daemon_options {		/* the command line */
	const char *config, *state, *record, *replay;
	num ticks;		/* 0: no end */
	num interval;		/* seconds; 0: not given */
	bool dry_run, once;
};

#define WHERE(member)	offsetof(struct daemon_options, member)

static const struct option_spec options[] = {
	{ "config", 'C', OPTION_FILE, WHERE(config), "configuration (" CONFIG_FILE ", if it is there)" },
	{ "once", 0, OPTION_FLAG, WHERE(once), "one tick, as with --ticks 1" },
	{ "ticks", 0, OPTION_COUNT, WHERE(ticks), "end after N ticks (with --root after one)" },
	{ "interval", 0, OPTION_SECONDS, WHERE(interval),
	  "from tick to tick, whatever the configuration says (60)" },
	{ "dry-run", 0, OPTION_FLAG, WHERE(dry_run), "decide and say so, write nothing" },
	{ "state", 0, OPTION_FILE, WHERE(state),
	  "what survives a restart (" STATE_FILE ", if it is no trial)" },
	{ "record", 0, OPTION_FILE, WHERE(record), "write down what --replay reads" },
	{ "replay", 0, OPTION_FILE, WHERE(replay),
	  "decide again from a recording, without this system",
	  .excludes = "root record interval" },
	{ }
};

static const struct daemon_options defaults;

struct daemon {
	const struct daemon_options *options;
	const struct source *source;
	struct config config;
	char *state_file;		/* NULL: none */
	int state_lock;			/* descriptor; negative: none */
	int state_error;		/* of saving it: what was said last */
	struct state state;
	struct recorder *recorder;	/* NULL: nothing is recorded */
	struct recording *recording;	/* NULL: not a replay */
	bool dry_run;
	bool said_blind;		/* that pressure is not known */
	struct record_tick now;		/* the tick that is decided about */
	num looked_us;			/* clock_us() before its sample */
	bool reloaded;			/* there has been another configuration since then */
	bool unsaved;			/* what it is about to write could not be noted down */
	num ticks;			/* how many there were */
	num began_ms;			/* uptime of the first, in a recorded tree */
	bool over;			/* no more commands, no more ticks */
	int result;			/* exit status */
};

static void end(struct daemon *daemon, int result)
{
	daemon->over = true;
	if (daemon->result == EX_DONE)
		daemon->result = result;
}

/* ---- signals ---- */

/*
 * SIGTERM, SIGINT and SIGHUP are blocked, and fetched where it suits; but while the kernel
 * is at a command, where the first two end it: see stop.h.
 */
struct signals {
	sigset_t fetched;	/* those that are blocked */
	sigset_t in_command;	/* the mask for a command */
	sigset_t before;
};

static struct signals signals;

static void signals_begin(void)
{
	static const int ends[] = { SIGTERM, SIGINT };
	struct sigaction old;

	stop_catch(SIGALRM, &old);
	sigemptyset(&signals.fetched);
	sigaddset(&signals.fetched, SIGHUP);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (stop_catch(ends[i], &old))
			sigaddset(&signals.fetched, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &signals.fetched, &signals.before);
	signals.in_command = signals.before;
	sigaddset(&signals.in_command, SIGHUP);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigdelset(&signals.in_command, ends[i]);
}

static void signals_open(void)
{
	sigprocmask(SIG_SETMASK, &signals.in_command, NULL);
}

static void signals_close(void)
{
	alarm(0);
	sigprocmask(SIG_BLOCK, &signals.fetched, NULL);
}

/* A signal that is pending or comes until @deadline, of clock_us(); 0 if none does. */
static int signals_fetch(num deadline)
{
	for (;;) {
		num left = deadline - clock_us();
		struct timespec timeout = { 0 };
		int signal;

		if (left > 0) {
			timeout.tv_sec = left / 1000000;
			timeout.tv_nsec = left % 1000000 * 1000;
		}
		signal = sigtimedwait(&signals.fetched, NULL, &timeout);
		if (signal > 0)
			return signal;
		if (left <= 0)
			return 0;
	}
}

/* ---- configuration ---- */

/* Returns an exit status; the configuration stays as it was unless it is EX_DONE. */
static int read_config(struct daemon *daemon)
{
	const struct daemon_options *options = daemon->options;
	/* What another system has seen has nothing to do with how this one is configured. */
	bool trial = options->replay || daemon->source->recorded;
	struct config config;
	char *message;

	if (config_find(options->config, trial ? NULL : CONFIG_FILE, &config, &message)) {
		say_error("%s", message);
		free(message);
		return EX_FAILED;
	}
	config_free(&daemon->config);
	daemon->config = config;
	if (options->interval)
		daemon->config.interval = options->interval;
	return EX_DONE;
}

static const char *state_path(const struct daemon *daemon)
{
	if (daemon->options->state)
		return daemon->options->state;
	return daemon->config.state ? daemon->config.state : STATE_FILE;
}

static void reload_config(struct daemon *daemon)
{
	char *state = xstrdup(state_path(daemon));

	if (read_config(daemon) == EX_DONE) {
		say_error("the configuration was read again");
		daemon->reloaded = true;
		if (strcmp(state, state_path(daemon)))
			say_error("another state file needs a restart");
	} else {
		say_error("the configuration stays as it was");
	}
	free(state);
}

/* Wait until @deadline, or until a signal says that it is over; 0 does not wait. */
static void take_signals(struct daemon *daemon, num deadline)
{
	while (!daemon->over) {
		int signal = signals_fetch(deadline);

		if (!signal)
			break;
		if (signal == SIGHUP)
			reload_config(daemon);
		else
			end(daemon, EX_DONE);
	}
}

/* ---- samples and commands ---- */

/* A recorded tree stands still: its clock goes on by itself. */
static void set_clock(struct daemon *daemon)
{
	struct sample *sample = &daemon->now.sample;
	num passed_ms = amount_times(daemon->ticks, daemon->config.interval * 1000);

	if (!daemon->source->recorded)
		return;
	if (!daemon->ticks)
		daemon->began_ms = sample->uptime_ms;
	sample->uptime_ms = amount_add(daemon->began_ms, passed_ms);
}

static void say_record(const struct daemon *daemon, int error)
{
	say_errno(-error, "%s", daemon->options->record);
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
	set_clock(daemon);
	error = daemon->recorder ? recorder_sample(daemon->recorder, &daemon->now.sample) : 0;
	if (error) {
		say_record(daemon, error);
		end(daemon, EX_FAILED);
	}
	return !error;
}

static bool look_back(struct daemon *daemon)
{
	char *message;
	int got = recording_next(daemon->recording, &daemon->now, &message);

	if (got < 0) {
		say_error("%s", message);
		free(message);
		end(daemon, EX_FAILED);
	} else if (!got) {
		end(daemon, EX_DONE);
	}
	return got == 1;
}

/* The decision about a cgroup, and what came of it. */
struct choice {
	int cgroup;		/* index in the sample */
	int oldest;		/* bucket */
	num budget;		/* bytes that were left for it */
	struct policy_state before; /* the policy's, when it was decided */
	struct policy_decision decision;
	bool carried_out;	/* there is a result */
	struct result result;
};

/* What is known of a command that no file would take. */
static void result_unknown(struct result *result)
{
	*result = (struct result){ .coldest_left = -ENODATA, .elapsed_us = -ENODATA };
	for (int i = 0; i < NR_STATS; i++)
		*counter_at(&result->count, &stats_counters[i]) = -ENODATA;
}

static void run_command(struct daemon *daemon, const struct sample_cgroup *cgroup,
			struct choice *choice)
{
	struct transaction transaction;
	struct command command = COMMAND_NONE;
	int error;

	command.age = choice->decision.age;
	command.max = choice->decision.max;
	command.cgroup = cgroup->id;
	command.no_descend = true;

	signals_open();
	error = transaction_run(daemon->source, &command, &transaction);
	signals_close();

	choice->carried_out = true;
	choice->result = transaction.result;
	if (!transaction.asked)
		result_unknown(&choice->result);
	choice->result.status = error;
	if (!transaction.asked) {
		char *reason = transaction_reason(daemon->source, &command, &transaction, error);

		say_error("%s: %s", cgroup->path, reason);
		free(reason);
		end(daemon, options_exit_status(error));
	}
	if (stop_asked)
		end(daemon, EX_DONE);
	error = daemon->recorder ? recorder_result(daemon->recorder, cgroup->id, &choice->result)
				 : 0;
	if (error) {
		say_record(daemon, error);
		end(daemon, EX_FAILED);
	}
}

static void interrupt_recording(struct daemon *daemon)
{
	int error = daemon->recorder ? recorder_interrupted(daemon->recorder) : 0;

	if (error) {
		say_record(daemon, error);
		end(daemon, EX_FAILED);
	}
}

/* What was seen, or what was decided from it, is no longer to be acted on. */
static bool must_stop(struct daemon *daemon)
{
	/* The clock of a recorded tree is another one. */
	bool late = !daemon->source->recorded &&
		    clock_us() - daemon->looked_us >= daemon->config.interval * 1000000;

	take_signals(daemon, 0);
	return daemon->over || daemon->reloaded || daemon->unsaved || late;
}

/*
 * Live, or as it was recorded.  Returns false if the command must not be given: then no other
 * is in this tick, nor is one when it is replayed.
 */
static bool carry_out(struct daemon *daemon, struct choice *choice)
{
	const struct sample_cgroup *cgroup = &daemon->now.sample.cgroup[choice->cgroup];
	const struct result *recorded = NULL;

	if (daemon->recording) {
		if (!daemon->dry_run)
			recorded = record_find(&daemon->now, cgroup->id);
		if (recorded) {
			choice->carried_out = true;
			choice->result = *recorded;
		}
		return recorded || !daemon->now.interrupted;
	}
	if (must_stop(daemon)) {
		interrupt_recording(daemon);
		return false;
	}
	if (!daemon->dry_run)
		run_command(daemon, cgroup, choice);
	return true;
}

/* ---- decisions ---- */

static int compare_choices(const void *a, const void *b)
{
	const struct choice *left = a, *right = b;

	if (left->oldest != right->oldest)
		return left->oldest > right->oldest ? -1 : 1;
	/* Cgroups are sorted by path. */
	return left->cgroup - right->cgroup;
}

/* Who is to be decided about: who has, or once had, pages, and is not to be left alone. */
static int find_candidates(struct daemon *daemon, struct choice *choice)
{
	const struct sample *sample = &daemon->now.sample;
	int nr = 0;

	for (int i = 0; i < sample->nr; i++) {
		struct state_cgroup *state = &daemon->state.cgroup[i];
		int oldest = sample_oldest(sample, i);
		struct policy policy;

		if (!config_policy(&daemon->config, sample->cgroup[i].path, &policy)) {
			state->begun = false;
			continue;
		}
		if (!state->begun && oldest < 0)
			continue;
		if (!state->begun)
			policy_begin(&policy, &state->policy);
		state->begun = true;
		choice[nr++] = (struct choice){ .cgroup = i, .oldest = oldest };
	}
	qsort(choice, nr, sizeof(*choice), compare_choices);
	return nr;
}

static void decide(struct daemon *daemon, const struct change *change, num budget,
		   struct choice *choice)
{
	const struct sample *sample = &daemon->now.sample;
	const struct sample_cgroup *cgroup = &sample->cgroup[choice->cgroup];
	struct age_table ages;
	const struct policy_sample since = {
		.elapsed_ms = change->elapsed_ms,
		.page_size = sample->page_size,
		.ages = &ages,
		.off = cgroup->off,
		.resident = change->resident,
		.refaulted = change->refaulted,
		.stalled_memory = change->stalled_memory,
		.stalled_io = change->stalled_io,
	};
	struct policy_state *state = &daemon->state.cgroup[choice->cgroup].policy;
	struct policy policy;

	if (!daemon->said_blind && (cgroup->stalled_memory < 0 || cgroup->stalled_io < 0)) {
		say_error("%s: the pressure is not known, and not considered", cgroup->path);
		daemon->said_blind = true;
	}
	config_policy(&daemon->config, cgroup->path, &policy);
	sample_ages(sample, choice->cgroup, &ages);
	choice->budget = budget;
	choice->before = *state;
	policy_decide(&policy, state, &since, budget, &choice->decision);
}

static bool unlimited(num budget)
{
	return budget == INT64_MAX;
}

static void add_result(json_t *line, const struct choice *choice, num page_size)
{
	struct result result = choice->result;

	if (!choice->carried_out)
		result_unknown(&result);
	jsonnum_add_num(line, "written", amount_times(result.count.written, page_size));
	jsonnum_add_num(line, "released", result.count.released_bytes);
	jsonnum_add(line, "status",
		    choice->carried_out ? json_integer(result.status) : json_null());
	for (int i = 0; i < NR_STATS; i++) {
		const struct counter *counter = &stats_counters[i];

		if (counter->flags & COUNTER_ANSWER &&
		    strcmp(counter->name, "written") && strcmp(counter->name, "released_bytes"))
			jsonnum_add_num(line, counter->name, counter_value(&result.count, counter));
	}
	jsonnum_add_num(line, "coldest_left", result.coldest_left);
	jsonnum_add_num(line, "elapsed_us", result.elapsed_us);
}

static void print_choice(const struct daemon *daemon, const struct choice *choice)
{
	const struct sample *sample = &daemon->now.sample;
	const struct sample_cgroup *cgroup = &sample->cgroup[choice->cgroup];
	const struct policy_decision *decision = &choice->decision;
	const char *action = policy_action_name(decision->action);
	json_t *line = json_object();
	char *text;

	jsonnum_add_num(line, "tick", daemon->ticks);
	jsonnum_add_num(line, "uptime_ms", sample->uptime_ms);
	jsonnum_add(line, "cgroup", json_string(cgroup->path));
	jsonnum_add_num(line, "id", cgroup->id);
	jsonnum_add(line, "action", json_string(action));
	jsonnum_add(line, "reason", json_string(decision->reason));
	jsonnum_add_num(line, "age", decision->age);
	jsonnum_add_num(line, "max", decision->max);
	jsonnum_add_num(line, "cold_bytes", decision->cold);
	jsonnum_add_num(line, "rate_ppm_per_min", decision->rate);
	jsonnum_add_num(line, "pressure_memory_ppm", decision->pressure_memory);
	jsonnum_add_num(line, "pressure_io_ppm", decision->pressure_io);
	jsonnum_add_num(line, "budget", unlimited(choice->budget) ? -ENODATA : choice->budget);
	if (decision->action == POLICY_WRITE)
		add_result(line, choice, sample->page_size);
	text = jsonnum_line(line);
	puts(text);
	free(text);
	json_decref(line);
}

static void save_state(struct daemon *daemon)
{
	int error = daemon->state_file ? state_save(daemon->state_file, &daemon->state) : 0;

	/* Once, not every minute. */
	if (error && error != daemon->state_error)
		say_error("%s: %s; nothing is written to swap until it can be saved",
			  daemon->state_file, strerror(-error));
	daemon->state_error = error;
}

/*
 * Before the commands, as if all of them had written what they may: who is killed meanwhile
 * has used up too much of the wear budget, not too little.  A replay goes by what was
 * recorded about this.
 */
static void save_before(struct daemon *daemon, const struct choice *choice, int nr)
{
	const struct wear wear = daemon->state.wear;
	num max = 0;

	for (int i = 0; i < nr; i++)
		max = amount_add(max, choice[i].decision.max);
	daemon->unsaved = false;
	if (!max || daemon->recording)
		return;
	wear_spend(&daemon->state.wear, max);
	save_state(daemon);
	daemon->unsaved = daemon->state_error;
	daemon->state.wear = wear;
}

/*
 * Take off the budget what was written: all that was asked for if nobody knows the amount, or
 * in a dry run.
 */
static void account(struct daemon *daemon, const struct choice *choice, bool done)
{
	num page_size = daemon->now.sample.page_size, written = 0;

	if (choice->carried_out)
		written = amount_times(choice->result.count.written, page_size);
	else if (done)
		written = choice->decision.max;
	wear_spend(&daemon->state.wear, written < 0 ? choice->decision.max : written);
	policy_result(&choice->before, &daemon->state.cgroup[choice->cgroup].policy,
		      &choice->decision, written);
}

/* With @choice in order: all is decided before anything is written. */
static void decide_all(struct daemon *daemon, const struct change *change, num budget,
		       struct choice *choice, int nr)
{
	bool go = true;

	for (int i = 0; i < nr; i++) {
		decide(daemon, &change[choice[i].cgroup], budget, &choice[i]);
		if (!unlimited(budget))
			budget -= choice[i].decision.max;
	}
	save_before(daemon, choice, nr);
	for (int i = 0; i < nr; i++) {
		if (choice[i].decision.action == POLICY_WRITE) {
			go = go && carry_out(daemon, &choice[i]);
			account(daemon, &choice[i], go);
		}
		print_choice(daemon, &choice[i]);
	}
}

static void tick(struct daemon *daemon)
{
	struct change *change;
	struct choice *choice;
	num elapsed_ms, budget;
	int nr;

	daemon->reloaded = false;
	if (!(daemon->recording ? look_back(daemon) : look(daemon)))
		return;
	daemon->ticks++;
	elapsed_ms = state_changes(&daemon->state, &daemon->now.sample, &change);
	state_advance(&daemon->state, &daemon->now.sample);
	budget = wear_grow(&daemon->state.wear, daemon->config.wear, elapsed_ms);

	choice = xcalloc(daemon->now.sample.nr, sizeof(*choice));
	nr = find_candidates(daemon, choice);
	decide_all(daemon, change, budget, choice, nr);
	save_state(daemon);
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		say_errno(errno ? errno : EIO, "standard output");
		end(daemon, EX_FAILED);
	}
	free(choice);
	free(change);
	record_tick_free(&daemon->now);
}

/* ---- from beginning to end ---- */

static void loop(struct daemon *daemon)
{
	bool waits = !daemon->recording && !daemon->source->recorded;
	num next = clock_us();

	take_signals(daemon, 0);
	for (num tries = 1; !daemon->over; tries++) {
		tick(daemon);
		if (daemon->options->ticks && tries >= daemon->options->ticks)
			break;
		/* A tick that took longer than the interval is followed by one, not by many. */
		next += daemon->config.interval * 1000000;
		if (next < clock_us())
			next = clock_us();
		take_signals(daemon, waits ? next : 0);
	}
}

/*
 * A state that makes no sense is none: everything begins with care again.  One that is
 * nobody's business here is an error.  Returns an exit status.
 */
static int load_state(struct daemon *daemon)
{
	char *message;
	int error, result = EX_DONE;

	daemon->state_lock = state_lock(daemon->state_file);
	if (daemon->state_lock == -EWOULDBLOCK) {
		say_error("%s: another daemon works with this state", daemon->state_file);
		return EX_FAILED;
	}
	if (daemon->state_lock < 0) {
		say_errno(-daemon->state_lock, "%s.lock", daemon->state_file);
		return options_exit_status(daemon->state_lock);
	}
	error = state_load(daemon->state_file, &daemon->state, &message);
	if (error == -EACCES || error == -EPERM) {
		say_errno(-error, "%s", daemon->state_file);
		result = EX_DENIED;
	} else if (error && error != -ENOENT) {
		say_error("%s: %s; it begins anew", daemon->state_file,
			  message ? message : strerror(-error));
	}
	free(message);
	return result;
}

/* Where the state is: a trial leaves the daemon's alone. */
static char *find_state(const struct daemon *daemon)
{
	bool trial = daemon->options->replay || daemon->options->dry_run ||
		     daemon->source->recorded;

	if (trial && !daemon->options->state)
		return NULL;
	return xstrdup(state_path(daemon));
}

static int begin_replay(struct daemon *daemon)
{
	char *message;
	int error = recording_open(daemon->options->replay, &daemon->recording, &daemon->state,
				   &message);

	if (error) {
		say_error("%s", message);
		free(message);
		return EX_FAILED;
	}
	if (!daemon->state_file)
		return EX_DONE;
	state_free(&daemon->state);
	return load_state(daemon);
}

static int begin_live(struct daemon *daemon)
{
	const struct daemon_options *options = daemon->options;
	int error, result;

	if (system_supported(daemon->source)) {
		say_error("%s", system_reason_for(daemon->source,
						  SYS_ZSWAP "/proactive_writeback", -ENOENT));
		return EX_MISSING;
	}
	/* systemd makes it; by hand there may be none.  Saving tells whether it is there. */
	if (daemon->state_file && !strcmp(daemon->state_file, STATE_FILE))
		mkdir(STATE_DIRECTORY, 0700);
	state_begin(&daemon->state);
	result = daemon->state_file ? load_state(daemon) : EX_DONE;
	if (result != EX_DONE || !options->record)
		return result;
	error = recorder_open(options->record, &daemon->state, &daemon->recorder);
	if (error)
		say_record(daemon, error);
	return error ? EX_FAILED : EX_DONE;
}

static int run_daemon(struct daemon *daemon)
{
	int result;

	signals_begin();
	result = read_config(daemon);
	if (result != EX_DONE)
		return result;
	daemon->state_file = find_state(daemon);
	result = daemon->options->replay ? begin_replay(daemon) : begin_live(daemon);
	if (result != EX_DONE)
		return result;
	loop(daemon);
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
	};
	int result, error;

	if (options->once)
		options->ticks = 1;
	/* A tree stands still: there is no second look that would tell more. */
	if (context->source.recorded && !options->ticks)
		options->ticks = 1;
	result = run_daemon(&daemon);

	error = recorder_close(daemon.recorder);
	if (error) {
		say_record(&daemon, error);
		result = EX_FAILED;
	}
	recording_close(daemon.recording);
	state_free(&daemon.state);
	config_free(&daemon.config);
	free(daemon.state_file);
	if (daemon.state_lock >= 0)
		close(daemon.state_lock);
	return result;
}

const struct subcommand daemon_subcommand = {
	.name = "daemon",
	.summary = "keep writing what is cold and stays away",
	.options = options,
	.views = NULL,
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = run,
};
