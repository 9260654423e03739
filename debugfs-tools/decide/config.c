// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the daemon's configuration with libinih.
 *
 * libinih keeps 49 characters of a section's name and ends it at the first ']', and does not
 * tell line numbers.  Paths of cgroups are longer, and patterns have brackets.  So the
 * lines go through a reader here, which counts them and replaces each heading by the
 * number of its section.
 */
#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decide/config.h"
#include "system/amount.h"

#define DAY		86400
#define INTERVAL	60		/* seconds */
#define WEAR		(10LL << 30)	/* bytes a day */

#define TICKS_MAX	1000000
#define PPM		1000000
#define TARGET_MAX	PPM		/* all that is resident, once a minute */

/* What libinih wants a line to be shorter by than its buffer. */
#define LINE_ROOM	3

/* More than any configuration, less than any harm. */
#define TEXT_MAX	0x100000

struct reading {
	struct config *config;
	const char *name;	/* of the file */
	const char *text;	/* what is still to be read */
	int line;
	unsigned int given;	/* a bit for each global-only key */
	int error;		/* the first one */
	char *message;
};

__attribute__((format(printf, 3, 4)))
static void fail(struct reading *reading, int error, const char *format, ...)
{
	va_list args;
	char *what;

	if (reading->error)
		return;
	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		what = NULL;
	va_end(args);
	reading->error = error;
	reading->message = xasprintf("%s:%d: %s", reading->name, reading->line, what ? what : "");
	free(what);
}

int config_interval(const char *text, num *seconds)
{
	num value;
	int error = parse_age(text, &value);

	if (error)
		return error;
	if (value < 1 || value > DAY)
		return -ERANGE;
	*seconds = value;
	return 0;
}

static int parse_bool(const char *text, num *value)
{
	static const char *const word[][2] = {
		{ "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
		for (int truth = 0; truth < 2; truth++) {
			if (strcmp(text, word[i][truth]))
				continue;
			*value = truth;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_target(const char *text, num *ppm)
{
	num value;
	int error = parse_rate(text, &value);

	if (error)
		return error;
	if (value > TARGET_MAX)
		return -ERANGE;
	*ppm = value;
	return 0;
}

/* "0.1%" or "0.1": a rate without the minute. */
static int parse_percent(const char *text, num *ppm)
{
	size_t length = strlen(text);
	bool sign = length && text[length - 1] == '%';
	char *rate = xasprintf("%s%s/min", text, sign ? "" : "%");
	num value = 0;
	int error = parse_rate(rate, &value);

	free(rate);
	if (error)
		return error;
	if (value > PPM)
		return -ERANGE;
	*ppm = value;
	return 0;
}

/* A step of less than a page would never write one. */
static int parse_step(const char *text, num *bytes)
{
	num value;
	int error = parse_size(text, &value);

	if (error)
		return error;
	if (value < amount_page_size())
		return -ERANGE;
	*bytes = value;
	return 0;
}

static int parse_ticks(const char *text, num *ticks)
{
	num value;
	int error = parse_number(text, &value);

	if (error)
		return error;
	if (value > TICKS_MAX)
		return -ERANGE;
	*ticks = value;
	return 0;
}

/* Zero would be read as one. */
static int parse_patience(const char *text, num *ticks)
{
	num value;
	int error = parse_ticks(text, &value);

	if (error)
		return error;
	if (!value)
		return -ERANGE;
	*ticks = value;
	return 0;
}

/* "10G/day" or "unlimited".  Not "10G": a day must be meant.  Not 0: who means "none"? */
static int parse_wear(const char *text, num *bytes)
{
	const char *slash = strchr(text, '/');
	num value = 0;
	char *size;
	int error;

	if (!strcmp(text, "unlimited")) {
		*bytes = 0;
		return 0;
	}
	if (!slash || (strcmp(slash, "/day") && strcmp(slash, "/d")))
		return -EINVAL;
	size = xstrdup(text);
	size[slash - text] = '\0';
	error = parse_size(size, &value);
	free(size);
	if (error)
		return error;
	if (!value)
		return -ERANGE;
	*bytes = value;
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(const char *text, num *value);
	const char *want;
} cgroup_key[CONFIG_CGROUP_KEYS] = {
	[CONFIG_ENABLED] = { "enabled", parse_bool, "yes or no" },
	[CONFIG_TARGET] = { "target-refault", parse_target, "a rate such as 0.2%/min" },
	[CONFIG_MIN_AGE] = { "min-age", parse_age, "an age such as 5m" },
	[CONFIG_MAX_AGE] = { "max-age", parse_age, "an age such as 1d" },
	[CONFIG_MIN_STEP] = { "min-step", parse_step, "a size such as 1M, a page at least" },
	[CONFIG_MAX_STEP] = { "max-step", parse_step, "a size such as 64M, a page at least" },
	[CONFIG_PRESSURE_MEMORY] = { "pressure-memory", parse_percent, "a share such as 0.1%" },
	[CONFIG_PRESSURE_IO] = { "pressure-io", parse_percent, "a share such as 1%" },
	[CONFIG_HOLD] = { "hold", parse_ticks, "a number of ticks" },
	[CONFIG_PATIENCE] = { "patience", parse_patience, "a number of ticks, 1 at least" },
};

static int find_cgroup_key(const char *name)
{
	for (int i = 0; i < CONFIG_CGROUP_KEYS; i++) {
		if (!strcmp(cgroup_key[i].name, name))
			return i;
	}
	return -ENOENT;
}

static void bad_value(struct reading *reading, int error, const char *name, const char *value,
		      const char *want)
{
	fail(reading, error, "%s: '%s' is not %s", name, value, want);
}

static void take_cgroup_key(struct reading *reading, struct config_section *section, int key,
			    const char *text)
{
	const char *name = cgroup_key[key].name;
	int error;

	if (section->given & 1u << key) {
		fail(reading, -EINVAL, "%s is given twice", name);
		return;
	}
	section->given |= 1u << key;
	if (key >= CONFIG_MIN_AGE && key <= CONFIG_MAX_STEP)
		section->bounds_line = reading->line;
	error = cgroup_key[key].parse(text, &section->value[key]);
	if (error)
		bad_value(reading, error, name, text, cgroup_key[key].want);
}

static int take_interval(struct config *config, const char *text)
{
	return config_interval(text, &config->interval);
}

static int take_wear(struct config *config, const char *text)
{
	return parse_wear(text, &config->wear);
}

static int take_state(struct config *config, const char *text)
{
	if (text[0] != '/')
		return -EINVAL;
	config->state = xstrdup(text);
	return 0;
}

/* What is one for the whole daemon. */
static const struct {
	const char *name;
	int (*take)(struct config *config, const char *text);
	const char *want;
} daemon_key[] = {
	{ "interval", take_interval, "a time from 1s to 1d" },
	{ "wear", take_wear, "SIZE/day, more than 0, or unlimited" },
	{ "state", take_state, "a path that begins with '/'" },
};

#define NR_DAEMON_KEYS	((int)ARRAY_SIZE(daemon_key))

static int find_daemon_key(const char *name)
{
	for (int i = 0; i < NR_DAEMON_KEYS; i++) {
		if (!strcmp(daemon_key[i].name, name))
			return i;
	}
	return -ENOENT;
}

static void take_daemon_key(struct reading *reading, int key, const char *text)
{
	const char *name = daemon_key[key].name;
	int error;

	if (reading->given & 1u << key) {
		fail(reading, -EINVAL, "%s is given twice", name);
		return;
	}
	reading->given |= 1u << key;
	error = daemon_key[key].take(reading->config, text);
	if (error)
		bad_value(reading, error, name, text, daemon_key[key].want);
}

/* libinih's handler: returns 0 for an error. */
static int take_pair(void *data, const char *heading, const char *name, const char *text)
{
	struct reading *reading = data;
	int nr = *heading ? atoi(heading) : 0;
	int key = find_cgroup_key(name);

	if (reading->error)
		return 0;
	if (key >= 0) {
		take_cgroup_key(reading, &reading->config->section[nr], key, text);
		return !reading->error;
	}
	key = find_daemon_key(name);
	if (key < 0)
		fail(reading, -EINVAL, "unknown key '%s'", name);
	else if (nr)
		fail(reading, -EINVAL, "%s is not for a section: it is one for all", name);
	else
		take_daemon_key(reading, key, text);
	return !reading->error;
}

static struct config_section *add_section(struct config *config)
{
	config->section = xrealloc(config->section,
				   (config->nr + 1) * sizeof(*config->section));
	config->section[config->nr] = (struct config_section){ .pattern = NULL };
	return &config->section[config->nr++];
}

/* What libinih takes for blanks. */
#define BLANKS	" \t\v\f\r"

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, BLANKS);
}

/* The whole of the line is the heading, since a pattern may have any character. */
static char *heading_pattern(struct reading *reading, const char *line)
{
	static const char word[] = "cgroup";
	const char *start = skip_blanks(line + 1);
	const char *end = line + strlen(line) - 1;
	char *pattern;

	if (*end != ']') {
		fail(reading, -EINVAL, "a heading ends with ']' and the line with it");
		return NULL;
	}
	if (strncmp(start, word, strlen(word)) || !strchr(BLANKS, start[strlen(word)])) {
		fail(reading, -EINVAL, "the only sections are [cgroup PATTERN]");
		return NULL;
	}
	start = skip_blanks(start + strlen(word));
	while (end > start && strchr(BLANKS, end[-1]))
		end--;
	if (start >= end || !strchr("/*?[", *start)) {
		fail(reading, -EINVAL, "a pattern is for whole paths, which begin with '/'");
		return NULL;
	}
	pattern = xstrdup(start);
	pattern[end - start] = '\0';
	return pattern;
}

/* A line for libinih; @line has no newline.  An empty one takes the place of an error. */
static void give_line(struct reading *reading, const char *line, char *out, int size)
{
	char *pattern;

	out[0] = '\0';
	if (!*line || strchr(";#", *line))
		return;
	if (*line == '[') {
		pattern = heading_pattern(reading, line);
		if (!pattern)
			return;
		add_section(reading->config)->pattern = pattern;
		snprintf(out, size, "[%d]", reading->config->nr - 1);
		return;
	}
	/* A line that is too long would be taken for two. */
	if (snprintf(out, size, "%s", line) >= size - LINE_ROOM) {
		out[0] = '\0';
		fail(reading, -EINVAL, "the line is too long");
	}
}

/* libinih's reader, as fgets(). */
static char *next_line(char *out, int size, void *data)
{
	struct reading *reading = data;
	size_t length = strcspn(reading->text, "\n");
	const char *start;
	char *line;

	if (!*reading->text || reading->error)
		return NULL;
	line = xcalloc(length + 1, 1);
	memcpy(line, reading->text, length);
	while (length && strchr(BLANKS, line[length - 1]))
		line[--length] = '\0';
	/* With blanks before it, it would be taken for the rest of the line before. */
	start = skip_blanks(line);

	reading->text += strcspn(reading->text, "\n");
	if (*reading->text)
		reading->text++;
	reading->line++;
	give_line(reading, start, out, size);
	free(line);
	return out;
}

/*
 * Bounds that cross in a section, together with what is for all.  Sections that only cross
 * one another are left to the policy, which goes by the careful bound.
 */
static void check_bounds(struct reading *reading)
{
	struct config_section *section = reading->config->section;
	struct config_section both[2] = { section[0] };
	const struct config config = { .nr = 2, .section = both };

	for (int i = 0; i < reading->config->nr; i++) {
		struct policy policy;

		if (!section[i].bounds_line)
			continue;
		both[1] = section[i];
		both[1].pattern = NULL;
		config_policy(&config, "/", &policy);
		reading->line = section[i].bounds_line;
		if (policy.min_age > policy.max_age)
			fail(reading, -EINVAL, "min-age is above max-age");
		if (policy.min_step > policy.max_step)
			fail(reading, -EINVAL, "min-step is above max-step");
	}
}

void config_defaults(struct config *config)
{
	*config = (struct config){ .interval = INTERVAL, .wear = WEAR };
	add_section(config);
}

int config_parse(const char *text, const char *name, struct config *config, char **message)
{
	static const char mark[] = "\xef\xbb\xbf";	/* some editors begin a file with it */
	struct reading reading = { .config = config, .name = name, .text = text };
	int line;

	*message = NULL;
	config_defaults(config);
	if (!strncmp(text, mark, strlen(mark)))
		reading.text += strlen(mark);
	line = ini_parse_stream(next_line, &reading, take_pair, &reading);
	/* libinih goes on behind a line that it can't read. */
	if (line > 0 && (!reading.error || line < reading.line)) {
		free(reading.message);
		reading.error = 0;
		reading.line = line;
		fail(&reading, -EINVAL, "neither KEY = VALUE nor a heading");
	}
	if (!reading.error)
		check_bounds(&reading);
	if (reading.error) {
		config_free(config);
		*message = reading.message;
	}
	return reading.error;
}

static int read_text(const char *path, char **text)
{
	FILE *file = fopen(path, "re");
	char *buf;
	size_t got;
	int error = 0;

	if (!file)
		return -errno;
	buf = xcalloc(TEXT_MAX + 1, 1);
	errno = 0;
	got = fread(buf, 1, TEXT_MAX + 1, file);
	if (ferror(file))
		error = errno ? -errno : -EIO;
	else if (got > TEXT_MAX)
		error = -EFBIG;
	else if (strlen(buf) != got)
		error = -EINVAL;
	fclose(file);
	if (error) {
		free(buf);
		return error;
	}
	*text = buf;
	return 0;
}

int config_read(const char *path, struct config *config, char **message)
{
	char *text = NULL;
	int error = read_text(path, &text);

	if (error) {
		*config = (struct config){ .nr = 0 };
		*message = xasprintf("%s: %s", path, error == -EINVAL ? "this is no text" :
				     strerror(-error));
		return error;
	}
	error = config_parse(text, path, config, message);
	free(text);
	return error;
}

int config_find(const char *named, const char *usual, struct config *config, char **message)
{
	int error = 0;

	*message = NULL;
	if (named)
		return config_read(named, config, message);
	if (usual)
		error = config_read(usual, config, message);
	if (usual && error != -ENOENT)
		return error;
	free(*message);
	*message = NULL;
	config_defaults(config);
	return 0;
}

void config_free(struct config *config)
{
	for (int i = 0; i < config->nr; i++)
		free(config->section[i].pattern);
	free(config->section);
	free(config->state);
	*config = (struct config){ .nr = 0 };
}

static void override(struct policy *policy, bool *enabled, const struct config_section *section)
{
	num *const place[CONFIG_CGROUP_KEYS] = {
		[CONFIG_TARGET] = &policy->target,
		[CONFIG_MIN_AGE] = &policy->min_age,
		[CONFIG_MAX_AGE] = &policy->max_age,
		[CONFIG_MIN_STEP] = &policy->min_step,
		[CONFIG_MAX_STEP] = &policy->max_step,
		[CONFIG_PRESSURE_MEMORY] = &policy->pressure_memory,
		[CONFIG_PRESSURE_IO] = &policy->pressure_io,
	};

	for (int key = 0; key < CONFIG_CGROUP_KEYS; key++) {
		if (place[key] && section->given & 1u << key)
			*place[key] = section->value[key];
	}
	if (section->given & 1u << CONFIG_ENABLED)
		*enabled = section->value[CONFIG_ENABLED];
	if (section->given & 1u << CONFIG_HOLD)
		policy->hold = section->value[CONFIG_HOLD];
	if (section->given & 1u << CONFIG_PATIENCE)
		policy->patience = section->value[CONFIG_PATIENCE];
}

bool config_policy(const struct config *config, const char *path, struct policy *policy)
{
	bool enabled = true;

	policy_defaults(policy);
	for (int i = 0; i < config->nr; i++) {
		const struct config_section *section = &config->section[i];

		if (!section->pattern || !fnmatch(section->pattern, path, 0))
			override(policy, &enabled, section);
	}
	return enabled;
}
