// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the daemon's configuration: lines "key = value", "[cgroup PATTERN]", comments.  A heading
 * takes the rest of its line, because patterns have brackets and no bounds in length.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/config.h"
#include "system/amount.h"
#include "system/source.h"

#define DAY		86400
#define INTERVAL	60		/* seconds */
#define WEAR		(10LL << 30)	/* bytes a day */
#define AGE_MAX		(3650LL * DAY)

#define BLANKS		" \t\v\f\r"

struct reading {
	struct config *config;
	const char *name;	/* of the file */
	int line;
	int error;		/* the first one */
	char *message;
};

__attribute__((format(printf, 3, 4)))
static void fail(struct reading *reading, int error, const char *format, ...)
{
	autofree char *what = NULL;
	va_list args;

	if (reading->error)
		return;
	va_start(args, format);
	what = xvasprintf(format, args);
	va_end(args);
	reading->error = error;
	reading->message = xasprintf("%s:%d: %s", reading->name, reading->line, what);
}

/* ---- values ---- */

static int take_bool(const char *text, void *value)
{
	static const char *const word[] = {
		"no", "yes", "false", "true", "off", "on", "0", "1"
	};

	for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
		if (!strcmp(text, word[i])) {
			*(num *)value = i % 2;
			return 0;
		}
	}
	return -EINVAL;
}

/* "0.1%" or "0.1": a rate without the minute. */
static int take_percent(const char *text, void *ppm)
{
	autofree char *rate = xasprintf("%s%s/min", text, strchr(text, '%') ? "" : "%");

	return parse_rate(rate, ppm);
}

/* "pool > 20% or free < 10%", "always" */
static int take_when(const char *text, void *value)
{
	struct config_when *when = value;
	char name[5], sign[2], share[32], or[4];
	int length = 0, words;

	*when = (struct config_when){ -1, -1 };
	if (!strcmp(text, "always"))
		return 0;
	do {
		num *to = NULL;

		words = sscanf(text, "%4s %1s %31s%n %3s%n", name, sign, share, &length, or, &length);
		if (words >= 3 && !strcmp(name, "pool") && *sign == '>')
			to = &when->pool;
		else if (words >= 3 && !strcmp(name, "free") && *sign == '<')
			to = &when->free;
		if (!to || take_percent(share, to) || *to > PPM)
			return -EINVAL;
		text += length;
	} while (words == 4 && !strcmp(or, "or"));
	return words == 4 ? -EINVAL : 0;
}

/* ---- keys ---- */

#define DAEMON(member)	false, offsetof(struct config, member)
#define CGROUP(member)	true, offsetof(struct policy, member)

/* Numbers are within @min and @max. */
static const struct key {
	const char *name;
	bool cgroup;		/* sections may have it */
	size_t where;
	int (*take)(const char *text, void *value);
	num min, max;
	const char *want;
	const char *per;	/* what has to follow: a time must be meant */
	const char *none;	/* the word for what is less than @min */
} keys[] = {
	{ "interval", DAEMON(interval), parse_age, 1, 3600, "a time from 1s to 1h" },
	{ "wear", DAEMON(wear), parse_size, 1, INT64_MAX, "SIZE/day or unlimited", "/day",
	  "unlimited" },
	{ "rate", DAEMON(rate), parse_size, 1, INT64_MAX, "SIZE/s or unlimited", "/s",
	  "unlimited" },
	{ "when", DAEMON(when), take_when, 0, 0, "such as pool > 20% or free < 10%, or always" },
	{ "enabled", CGROUP(enabled), take_bool, 0, 1, "yes or no" },
	{ "target-refault", CGROUP(target), parse_rate, 0, PPM, "a rate such as 0.2%/min" },
	{ "min-age", CGROUP(min_age), parse_age, 0, AGE_MAX, "an age such as 5m" },
	{ "max-age", CGROUP(max_age), parse_age, 0, AGE_MAX, "an age such as 1d" },
	{ "pressure-memory", CGROUP(pressure_memory), take_percent, 0, PPM,
	  "a share such as 0.1%" },
	{ "pressure-io", CGROUP(pressure_io), take_percent, 0, PPM, "a share such as 1%" },
	{ "freeze-after", CGROUP(freeze_after), parse_age, 0, AGE_MAX,
	  "a time such as 10m, or off", NULL, "off" },
};

static int take_value(const struct key *key, const char *text, void *value)
{
	size_t length = strlen(text), per = key->per ? strlen(key->per) : 0;
	autofree char *number = xstrdup(text);
	int error;

	if (key->none && !strcmp(text, key->none)) {
		*(num *)value = key->min - 1;
		return 0;
	}
	if (per && (length < per || strcmp(text + length - per, key->per)))
		return -EINVAL;
	number[length - per] = '\0';
	error = key->take(number, value);
	if (!error && key->max && (*(num *)value < key->min || *(num *)value > key->max))
		error = -ERANGE;
	return error;
}

static void take_pair(struct reading *reading, const char *name, const char *text)
{
	struct config *config = reading->config;
	struct config_section *section = &config->section[config->nr - 1];
	size_t at = 0;

	while (at < ARRAY_SIZE(keys) && strcmp(keys[at].name, name))
		at++;
	if (!strcmp(name, "state")) {
		/* It was a key once */
		fail(reading, -EINVAL, "state is no key: use --state");
	} else if (at == ARRAY_SIZE(keys)) {
		fail(reading, -EINVAL, "unknown key '%s'", name);
	} else if (config->nr > 1 && !keys[at].cgroup) {
		fail(reading, -EINVAL, "%s is not for a section: it is one for all", name);
	} else if (section->given & 1u << at) {
		fail(reading, -EINVAL, "%s is given twice", name);
	} else {
		const struct key *key = &keys[at];
		char *base = key->cgroup ? (char *)&section->policy : (char *)config;
		int error = take_value(key, text, base + key->where);

		section->given |= 1u << at;
		if (error)
			fail(reading, error, "%s: invalid value '%s' (%s)", name, text, key->want);
		if (strstr(name, "-age"))
			section->line = reading->line;
	}
}

/* ---- lines ---- */

static struct config_section *add_section(struct config *config)
{
	config->section = xrealloc(config->section,
				   (config->nr + 1) * sizeof(*config->section));
	config->section[config->nr] = (struct config_section){ .given = 0 };
	return &config->section[config->nr++];
}

/* Without the blanks around it; @text is cut. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && strchr(BLANKS, end[-1]))
		*--end = '\0';
	return text + strspn(text, BLANKS);
}

/* The whole of the line is the heading, since a pattern may have any character. */
static void take_heading(struct reading *reading, char *line)
{
	static const char word[] = "cgroup";
	char *end = line + strlen(line) - 1;

	if (*end != ']') {
		fail(reading, -EINVAL, "a heading ends with ']' and the line with it");
		return;
	}
	*end = '\0';
	line = trim(line + 1);
	if (strncmp(line, word, strlen(word)) || !strchr(BLANKS, line[strlen(word)])) {
		fail(reading, -EINVAL, "invalid section (the only ones are [cgroup PATTERN])");
		return;
	}
	line = trim(line + strlen(word));
	if (!*line) {
		fail(reading, -EINVAL, "invalid section: the pattern is missing");
		return;
	}
	/* A name without a slash is that of a unit, wherever it is, as --cgroup has it */
	add_section(reading->config)->pattern = strchr("/*?[", *line) ? xstrdup(line) :
						xasprintf("*/%s?(.service)", line);
}

static void take_line(struct reading *reading, char *line)
{
	char *equals;

	line = trim(line);
	if (!*line || strchr(";#", *line))
		return;
	equals = strchr(line, '=');
	if (*line == '[') {
		take_heading(reading, line);
	} else if (!equals || equals == line) {
		fail(reading, -EINVAL, "neither KEY = VALUE nor a heading");
	} else {
		*equals = '\0';
		take_pair(reading, trim(line), trim(equals + 1));
	}
}

/* What @section has, in the place of what was there. */
static void override(struct policy *policy, const struct config_section *section)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].cgroup && section->given & 1u << i)
			*(num *)((char *)policy + keys[i].where) =
				*(const num *)((const char *)&section->policy + keys[i].where);
	}
}

/*
 * Bounds that cross in a section, together with what is for all.  Sections that only cross
 * one another are left to the control, which goes by the careful bound.
 */
static void check_bounds(struct reading *reading)
{
	struct config *config = reading->config;

	for (int i = 0; i < config->nr; i++) {
		struct policy both;

		policy_defaults(&both);
		override(&both, &config->section[0]);
		override(&both, &config->section[i]);
		reading->line = config->section[i].line;
		if (config->section[i].line && both.min_age > both.max_age)
			fail(reading, -EINVAL, "min-age is above max-age");
	}
}

int config_parse(const char *text, const char *name, struct config *config, char **message)
{
	static const char mark[] = "\xef\xbb\xbf";	/* some editors begin a file with it */
	struct reading reading = { .config = config, .name = name };
	autofree char *copy = NULL;
	char *line, *rest;

	*message = NULL;
	*config = (struct config){
		.interval = INTERVAL, .wear = WEAR, .when = { 200000, 100000 },
		.text = xstrdup(text),
	};
	add_section(config);
	if (!strncmp(text, mark, strlen(mark)))
		text += strlen(mark);
	copy = rest = xstrdup(text);
	while (!reading.error && (line = strsep(&rest, "\n"))) {
		reading.line++;
		take_line(&reading, line);
	}
	if (!reading.error)
		check_bounds(&reading);
	if (reading.error) {
		config_free(config);
		*message = reading.message;
	}
	return reading.error;
}

int config_find(const char *named, const char *usual, struct config *config, char **message)
{
	autofree char *text = NULL;
	const char *path = named ? named : usual;
	const struct source here = { .root = AT_FDCWD };
	long error = path ? source_read(&here, path, &text) : -ENOENT;

	*message = NULL;
	if (error == -ENOENT && !named)
		return config_parse("", "", config, message);
	if (error < 0) {
		*config = (struct config){ .nr = 0 };
		*message = xasprintf("%s: %s", path,
				     error == -EINVAL ? "invalid: no text" : strerror(-error));
		return error;
	}
	return config_parse(text, path, config, message);
}

void config_free(struct config *config)
{
	for (int i = 0; i < config->nr; i++)
		free(config->section[i].pattern);
	free(config->section);
	free(config->text);
	*config = (struct config){ .nr = 0 };
}

/* systemd's names have backslashes, which are not to be doubled. */
static bool matches(const struct config_section *section, const char *path)
{
	return !section->pattern ||
	       !fnmatch(section->pattern, path, FNM_EXTMATCH | FNM_NOESCAPE);
}

bool config_policy(const struct config *config, const char *path, struct policy *policy)
{
	policy_defaults(policy);
	for (int i = 0; i < config->nr; i++) {
		if (matches(&config->section[i], path))
			override(policy, &config->section[i]);
	}
	return policy->enabled;
}

char *config_family(const struct config *config, const char *path, int level)
{
	const char *end = path + strlen(path);

	for (int i = config->nr - 1; i > 0; i--) {
		if (matches(&config->section[i], path))
			return level ? NULL : xasprintf("[%s]", config->section[i].pattern);
	}
	for (int i = 0; i <= level; i++) {
		end = memrchr(path, '/', end - path);
		if (!end)
			return NULL;
	}
	return xasprintf("%.*s/", (int)(end - path), path);
}

bool config_needed(const struct config *config, num pool, num limit, num free, num total)
{
	num full = amount_ratio(pool, limit, PPM), left = amount_ratio(free, total, PPM);

	if (config->when.pool < 0 && config->when.free < 0)
		return true;
	if (config->when.pool >= 0 && (full < 0 || full > config->when.pool))
		return true;
	/* What is not known is below any share */
	return config->when.free >= 0 && left < config->when.free;
}
