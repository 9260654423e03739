// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the daemon's configuration: lines "key = value", "[cgroup PATTERN]", comments.  A heading
 * takes the rest of its line, because patterns have brackets and no bounds in length.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/config.h"
#include "system/amount.h"

#define DAY		86400
#define INTERVAL	60		/* seconds */
#define WEAR		(10LL << 30)	/* bytes a day */
#define PPM		1000000
#define AGE_MAX		(3650LL * DAY)

/* More than any configuration, less than any harm. */
#define TEXT_MAX	0x100000
#define BLANKS		" \t\v\f\r"

struct reading {
	struct config *config;
	const char *name;	/* of the file */
	int line;
	unsigned int given;	/* a bit for each of the daemon's own keys */
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

/* ---- values ---- */

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

/* "0.1%" or "0.1": a rate without the minute. */
static int parse_percent(const char *text, num *ppm)
{
	size_t length = strlen(text);
	bool sign = length && text[length - 1] == '%';
	char *rate = xasprintf("%s%s/min", text, sign ? "" : "%");
	int error = parse_rate(rate, ppm);

	free(rate);
	return error;
}

static int parse_age_or_off(const char *text, num *seconds)
{
	if (strcmp(text, "off"))
		return parse_age(text, seconds);
	*seconds = -1;
	return 0;
}

/* "10G/day": a time must be meant.  Not 0: who means "none"? */
static int parse_flow(const char *text, const char *per, num *bytes)
{
	const char *slash = strchr(text, '/');
	char *size;
	int error;

	if (!strcmp(text, "unlimited")) {
		*bytes = 0;
		return 0;
	}
	if (!slash || strcmp(slash + 1, per))
		return -EINVAL;
	size = xstrdup(text);
	size[slash - text] = '\0';
	error = parse_size(size, bytes);
	free(size);
	return error || *bytes ? error : -ERANGE;
}

static int parse_wear(const char *text, num *bytes)
{
	return parse_flow(text, "day", bytes);
}

static int parse_speed(const char *text, num *bytes)
{
	return parse_flow(text, "s", bytes);
}

/* ---- keys ---- */

#define DAEMON(member)	false, offsetof(struct config, member)
#define CGROUP(member)	true, offsetof(struct config_section, member)

/* Within @min and @max. */
static const struct key {
	const char *name;
	bool cgroup;		/* sections may have it */
	size_t where;
	int (*parse)(const char *text, num *value);
	num min, max;
	const char *want;
} keys[] = {
	{ "interval", DAEMON(interval), parse_age, 1, DAY, "a time from 1s to 1d" },
	{ "wear", DAEMON(wear), parse_wear, 0, INT64_MAX, "SIZE/day or unlimited" },
	{ "rate", DAEMON(rate), parse_speed, 0, INT64_MAX, "SIZE/s or unlimited" },
	{ "enabled", CGROUP(enabled), parse_bool, 0, 1, "yes or no" },
	{ "target-refault", CGROUP(policy.target), parse_rate, 0, PPM, "a rate such as 0.2%/min" },
	{ "min-age", CGROUP(policy.min_age), parse_age, 0, AGE_MAX, "an age such as 5m" },
	{ "max-age", CGROUP(policy.max_age), parse_age, 0, AGE_MAX, "an age such as 1d" },
	{ "pressure-memory", CGROUP(policy.pressure_memory), parse_percent, 0, PPM,
	  "a share such as 0.1%" },
	{ "pressure-io", CGROUP(policy.pressure_io), parse_percent, 0, PPM, "a share such as 1%" },
	{ "freeze-after", CGROUP(policy.freeze_after), parse_age_or_off, -1, AGE_MAX,
	  "a time such as 10m, or off" },
};

static void take_number(struct reading *reading, struct config_section *section, int at,
			const char *text)
{
	const struct key *key = &keys[at];
	unsigned int *given = key->cgroup ? &section->given : &reading->given;
	char *base = key->cgroup ? (char *)section : (char *)reading->config;
	num value;
	int error;

	if (*given & 1u << at) {
		fail(reading, -EINVAL, "%s is given twice", key->name);
		return;
	}
	*given |= 1u << at;
	error = key->parse(text, &value);
	if (!error && (value < key->min || value > key->max))
		error = -ERANGE;
	if (error)
		fail(reading, error, "%s: invalid value '%s' (%s)", key->name, text, key->want);
	else
		*(num *)(base + key->where) = value;
	if (strstr(key->name, "-age"))
		section->line = reading->line;
}

/* "pool > 20% or free < 10%", "always" */
static void take_when(struct reading *reading, const char *text)
{
	struct config *config = reading->config;
	char *copy = xstrdup(text), *next = copy, *word[3];
	int nr = 0;

	config->when_pool = -1;
	config->when_free = -1;
	if (!strcmp(text, "always"))
		next = NULL;
	for (char *term; next; nr = 0) {
		num ppm, *to = NULL;

		while (nr < 3 && next) {
			term = next + strspn(next, BLANKS);
			next = term + strcspn(term, BLANKS);
			next = *next ? (*next = '\0', next + 1) : NULL;
			word[nr++] = term;
		}
		if (nr == 3 && !strcmp(word[0], "pool") && !strcmp(word[1], ">"))
			to = &config->when_pool;
		else if (nr == 3 && !strcmp(word[0], "free") && !strcmp(word[1], "<"))
			to = &config->when_free;
		if (!to || parse_percent(word[2], &ppm) || ppm > PPM) {
			fail(reading, -EINVAL, "when: invalid value '%s' (%s)", text,
			     "such as pool > 20% or free < 10%, or always");
			break;
		}
		*to = ppm;
		if (!next)
			break;
		next += strspn(next, BLANKS);
		if (strncmp(next, "or", 2) || !strchr(BLANKS, next[2]))
			fail(reading, -EINVAL, "when: 'or' is missing in '%s'", text);
		next = reading->error ? NULL : next + 2;
	}
	free(copy);
}

static void take_pair(struct reading *reading, const char *name, const char *text)
{
	struct config *config = reading->config;
	bool inside = config->nr > 1;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, name))
			continue;
		if (inside && !keys[i].cgroup)
			fail(reading, -EINVAL, "%s is not for a section: it is one for all", name);
		else
			take_number(reading, &config->section[config->nr - 1], i, text);
		return;
	}
	if (strcmp(name, "when") && strcmp(name, "state")) {
		fail(reading, -EINVAL, "unknown key '%s'", name);
	} else if (inside) {
		fail(reading, -EINVAL, "%s is not for a section: it is one for all", name);
	} else if (reading->given & 1u << (*name == 'w' ? 30 : 31)) {
		fail(reading, -EINVAL, "%s is given twice", name);
	} else if (*name == 'w') {
		reading->given |= 1u << 30;
		take_when(reading, text);
	} else {
		reading->given |= 1u << 31;
		if (*text != '/')
			fail(reading, -EINVAL, "state: invalid value '%s' (%s)", text,
			     "a path that begins with '/'");
		else
			config->state = xstrdup(text);
	}
}

/* ---- lines ---- */

static struct config_section *add_section(struct config *config)
{
	config->section = xrealloc(config->section,
				   (config->nr + 1) * sizeof(*config->section));
	config->section[config->nr] = (struct config_section){ .enabled = 1 };
	return &config->section[config->nr++];
}

/* The whole of the line is the heading, since a pattern may have any character. */
static void take_heading(struct reading *reading, char *line)
{
	static const char word[] = "cgroup";
	char *start = line + 1 + strspn(line + 1, BLANKS), *end = line + strlen(line) - 1;

	if (*end != ']') {
		fail(reading, -EINVAL, "a heading ends with ']' and the line with it");
		return;
	}
	*end = '\0';
	if (strncmp(start, word, strlen(word)) || !strchr(BLANKS, start[strlen(word)])) {
		fail(reading, -EINVAL, "invalid section (the only ones are [cgroup PATTERN])");
		return;
	}
	start += strlen(word);
	start += strspn(start, BLANKS);
	while (end > start && strchr(BLANKS, end[-1]))
		*--end = '\0';
	if (!*start) {
		fail(reading, -EINVAL, "invalid section: the pattern is missing");
		return;
	}
	/* A name without a slash is that of a unit, wherever it is */
	add_section(reading->config)->pattern = strchr("/*?[", *start) ? xstrdup(start) :
						xasprintf("*/%s", start);
}

static void take_line(struct reading *reading, char *line)
{
	char *end = line + strlen(line), *equals, *value;

	while (end > line && strchr(BLANKS, end[-1]))
		*--end = '\0';
	line += strspn(line, BLANKS);
	if (!*line || strchr(";#", *line))
		return;
	if (*line == '[') {
		take_heading(reading, line);
		return;
	}
	equals = strchr(line, '=');
	if (!equals || equals == line) {
		fail(reading, -EINVAL, "neither KEY = VALUE nor a heading");
		return;
	}
	value = equals + 1 + strspn(equals + 1, BLANKS);
	*equals = '\0';
	while (equals > line && strchr(BLANKS, equals[-1]))
		*--equals = '\0';
	take_pair(reading, line, value);
}

static void override(struct policy *policy, num *enabled, const struct config_section *section)
{
	struct config_section to = { .policy = *policy, .enabled = *enabled };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].cgroup && section->given & 1u << i)
			*(num *)((char *)&to + keys[i].where) =
				*(const num *)((const char *)section + keys[i].where);
	}
	*policy = to.policy;
	*enabled = to.enabled;
}

/*
 * Bounds that cross in a section, together with what is for all.  Sections that only cross
 * one another are left to the control, which goes by the careful bound.
 */
static void check_bounds(struct reading *reading)
{
	struct config *config = reading->config;

	for (int i = 0; i < config->nr; i++) {
		struct policy policy;
		num enabled = 1;

		policy_defaults(&policy);
		override(&policy, &enabled, &config->section[0]);
		override(&policy, &enabled, &config->section[i]);
		reading->line = config->section[i].line;
		if (config->section[i].line && policy.min_age > policy.max_age)
			fail(reading, -EINVAL, "min-age is above max-age");
	}
}

int config_parse(const char *text, const char *name, struct config *config, char **message)
{
	static const char mark[] = "\xef\xbb\xbf";	/* some editors begin a file with it */
	struct reading reading = { .config = config, .name = name };
	char *copy, *line, *next;

	*message = NULL;
	*config = (struct config){
		.interval = INTERVAL, .wear = WEAR, .when_pool = 200000, .when_free = 100000,
		.text = xstrdup(text),
	};
	add_section(config);
	if (!strncmp(text, mark, strlen(mark)))
		text += strlen(mark);
	copy = xstrdup(text);
	for (line = copy; line && !reading.error; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		reading.line++;
		take_line(&reading, line);
	}
	free(copy);
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
	size_t got;
	int error = 0;

	if (!file)
		return -errno;
	*text = xcalloc(TEXT_MAX + 2, 1);
	errno = 0;
	got = fread(*text, 1, TEXT_MAX + 1, file);
	if (ferror(file))
		error = errno ? -errno : -EIO;
	else if (got > TEXT_MAX)
		error = -EFBIG;
	else if (strlen(*text) != got)
		error = -EINVAL;
	fclose(file);
	if (error) {
		free(*text);
		*text = NULL;
	}
	return error;
}

int config_find(const char *named, const char *usual, struct config *config, char **message)
{
	const char *path = named ? named : usual;
	char *text = NULL;
	int error = path ? read_text(path, &text) : -ENOENT;

	*message = NULL;
	if (error == -ENOENT && !named)
		return config_parse("", "", config, message);
	if (error) {
		*config = (struct config){ .nr = 0 };
		*message = xasprintf("%s: %s", path,
				     error == -EINVAL ? "invalid: no text" : strerror(-error));
		return error;
	}
	error = config_parse(text, path, config, message);
	free(text);
	return error;
}

void config_free(struct config *config)
{
	for (int i = 0; i < config->nr; i++)
		free(config->section[i].pattern);
	free(config->section);
	free(config->state);
	free(config->text);
	*config = (struct config){ .nr = 0 };
}

static bool matches(const struct config_section *section, const char *path)
{
	return !section->pattern || !fnmatch(section->pattern, path, 0);
}

bool config_policy(const struct config *config, const char *path, struct policy *policy)
{
	num enabled = 1;

	policy_defaults(policy);
	for (int i = 0; i < config->nr; i++) {
		if (matches(&config->section[i], path))
			override(policy, &enabled, &config->section[i]);
	}
	return enabled;
}

char *config_family(const struct config *config, const char *path, int level)
{
	const char *end = path + strlen(path);

	for (int i = config->nr - 1; i > 0; i--) {
		if (matches(&config->section[i], path))
			return level ? NULL : xasprintf("[%s]", config->section[i].pattern);
	}
	for (int i = 0; i <= level; i++) {
		if (end == path)
			return NULL;
		do {
			end--;
		} while (end > path && *end != '/');
	}
	return xasprintf("%.*s/", (int)(end - path), path);
}

bool config_needed(const struct config *config, num pool, num limit, num free, num total)
{
	num full = amount_ratio(pool, limit, PPM), left = amount_ratio(free, total, PPM);

	if (config->when_pool < 0 && config->when_free < 0)
		return true;
	if (config->when_pool >= 0 && (full < 0 || full > config->when_pool))
		return true;
	/* What is not known is below any share */
	return config->when_free >= 0 && left < config->when_free;
}
