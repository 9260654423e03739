/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decide again as it was recorded, without the system: the same lines follow, or something else but
 * what is recorded goes into decisions.
 *
 * A recording may come from anywhere: whatever is in it is checked before it is used, and
 * the first invalid line ends the reading, with its number.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <errno.h>
#include <string.h>

#include "decide/record.h"
#include "decide/tick.h"
#include "ui/format.h"

/* A path of the kernel's is shorter. */
#define PATH_LENGTH	4096
#define PAGE_SIZE_MAX	(1 << 20)

struct recording {
	FILE *file;		/* NULL: none */
	const char *name;
	int line;		/* the last one that was read, from 1 on */
};

/* -EINVAL, with a message that tells the line. */
static int broken(const struct recording *recording, char **message, const char *what)
{
	*message = xasprintf("%s:%d: %s", recording->name, recording->line, what);
	return -EINVAL;
}

/* The next object, a line that is not blank; NULL at the end.  Returns 0 or -EINVAL. */
static int next_object(struct recording *recording, json_t **object, char **message)
{
	autofree char *line = NULL, *why = NULL, *what = NULL;
	json_error_t wrong;
	size_t room = 0;
	ssize_t length;

	*object = NULL;
	errno = 0;
	do {
		recording->line++;
		length = getline(&line, &room, recording->file);
	} while (length >= 0 && (size_t)length == strspn(line, " \t\r\n"));
	if (length < 0)
		return feof(recording->file) ? 0 :
		       broken(recording, message, errno ? strerror(errno) : "read error");
	*object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &wrong);
	if (*object)
		return 0;
	why = utf8_printable(wrong.text, false);
	what = xasprintf("invalid: %s", why);
	return broken(recording, message, what);
}

static void recording_close(struct recording *recording)
{
	if (recording->file)
		fclose(recording->file);
	recording->file = NULL;
}

static int read_head(struct recording *recording, struct state *state, char **config,
		     char **message)
{
	autofree char *why = NULL, *what = NULL;
	const char *text;
	json_t *object;
	num version;
	int error = next_object(recording, &object, message);

	if (error)
		return error;
	version = json_version(object, "recording");
	text = json_string_value(json_object_get(object, "config"));
	if (version < 0)
		error = broken(recording, message, "invalid: no recording of zswapctl daemon");
	else if (version != RECORD_VERSION || !text)
		error = broken(recording, message, "invalid: another version has recorded this");
	else if (state_from_json(json_object_get(object, "state"), state, &why))
		error = broken(recording, message, what = xasprintf("state: %s", why));
	else
		*config = xstrdup(text);
	json_decref(object);
	return error;
}

/*
 * Open a recording.  Returns 0 or a negative errno; *@message, to be freed, then says where
 * and why.  @state gets what was remembered, *@config the configuration, to be freed.
 */
static int recording_open(const char *path, struct recording *recording, struct state *state,
			  char **config, char **message)
{
	int error;

	*recording = (struct recording){ .file = fopen(path, "re"), .name = path };
	*message = NULL;
	*config = NULL;
	state_begin(state);
	if (!recording->file) {
		error = -errno;
		*message = xasprintf("%s: %s", path, strerror(-error));
		return error;
	}
	error = read_head(recording, state, config, message);
	if (error)
		recording_close(recording);
	return error;
}

/* What is divided by and compared must be there. */
static int sample_from_json(const json_t *json, struct sample *sample)
{
	if (json_to_struct(json, record_sample_fields, sample) || !sample->boot_id ||
	    sample->page_size < 1 || sample->page_size > PAGE_SIZE_MAX)
		return -EINVAL;
	for (int i = 0; i < sample->cgroups.nr; i++) {
		struct cgroup *cgroup = &sample->cgroups.cgroup[i];

		if (!cgroup->path || cgroup->path[0] != '/' || strlen(cgroup->path) > PATH_LENGTH)
			return -EINVAL;
		cgroup->all.anon = cgroup->own.anon;
		cgroup->ages.nr = sample->bounds.nr;
		for (int b = 0; b < sample->bounds.nr; b++) {
			cgroup->ages.bucket[b].min_age = sample->bounds.bucket[b].min_age;
			cgroup->ages.bucket[b].max_age = sample->bounds.bucket[b].max_age;
		}
	}
	cgroups_set_parents(&sample->cgroups);
	return 0;
}

/* The next tick: 1, 0 at the end, or a negative errno with a *@message; then @tick is empty. */
static int recording_next(struct recording *recording, struct record_tick *tick, char **message)
{
	json_t *object;
	int error;

	*tick = (struct record_tick){ .nr = 0 };
	*message = NULL;
	error = next_object(recording, &object, message);
	if (error || !object)
		return error;
	if (sample_from_json(object, &tick->sample))
		error = broken(recording, message, "invalid or missing sample");
	json_decref(object);
	object = NULL;
	if (!error)
		error = next_object(recording, &object, message);
	if (!error && !object)
		tick->interrupted = true;
	else if (!error && json_to_struct(object, record_results_fields(), tick))
		error = broken(recording, message, "invalid result");
	json_decref(object);
	if (error)
		record_tick_free(tick);
	return error ? error : 1;
}

/* The result of the command for cgroup @id, or NULL. */
static const struct result *record_find(const struct record_tick *tick, uint64_t id)
{
	for (int i = 0; i < tick->nr; i++) {
		if ((uint64_t)tick->result[i].id == id)
			return &tick->result[i].result;
	}
	return NULL;
}

/* ---- deciding ---- */

struct replay {
	struct recording recording;
	struct config config;
	struct state state;
	struct record_tick now;
	num ticks;
};

static bool replay_result(void *data, struct choice *choice)
{
	const struct record_tick *now = &((struct replay *)data)->now;
	const struct result *result =
		record_find(now, now->sample.cgroups.cgroup[choice->cgroup].id);

	if (result) {
		choice->carried_out = true;
		choice->result = *result;
	}
	return result || !now->interrupted;
}

static void replay_print(void *data, const struct choice *choice)
{
	const struct replay *replay = data;

	record_choice(stdout, replay->ticks, &replay->now.sample,
		      replay->config.wear ? (num)replay->state.wear : -ENODATA, choice);
}

/* The lines of the recording at @path.  Returns an exit status. */
__attribute__((unused))
static int replay_run(const char *path)
{
	struct replay replay = { .ticks = 0 };
	const struct tick_hands hands = { &replay, replay_result, replay_print };
	autofree char *message = NULL, *text = NULL;
	struct choice *choice;
	int nr, got;

	got = recording_open(path, &replay.recording, &replay.state, &text, &message);
	if (!got)
		got = config_parse(text, path, &replay.config, &message);
	while (!got && (got = recording_next(&replay.recording, &replay.now, &message)) == 1) {
		replay.ticks++;
		nr = tick_decide(&replay.state, &replay.config, &replay.now.sample, &choice);
		tick_carry_out(&replay.state, &replay.config, choice, nr, &hands);
		free(choice);
		record_tick_free(&replay.now);
		got = 0;
	}
	if (got)
		say_error("%s", message);
	recording_close(&replay.recording);
	state_free(&replay.state);
	config_free(&replay.config);
	return got ? EX_FAILED : EX_DONE;
}

#endif
