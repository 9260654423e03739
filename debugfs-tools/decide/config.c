// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the daemon's configuration: lines "key = value", "[cgroup PATTERN]", comments.  A heading
 * takes the rest of its line, because patterns have brackets and no bounds in length.
 */
#include <fcntl.h>
#include <fnmatch.h>

#include "decide/config.h"
#include "system/amount.h"
#include "system/source.h"
#include "ui/format.h"

#define INTERVAL	60		/* seconds */
#define WEAR		(10LL << 30)	/* bytes a day */

#define BLANKS		" \t\v\f\r"

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
		if (!to || *to >= 0 || take_percent(share, to) || *to > PPM)
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
	{ "target-refault", CGROUP(target), parse_rate, 0, PPM,
	  "a rate such as 0.2%/min, 100%/min at most" },
	{ "min-age", CGROUP(min_age), parse_age, 0, AGE_MAX, "an age such as 5m, 3650d at most" },
	{ "max-age", CGROUP(max_age), parse_age, 0, AGE_MAX, "an age such as 1d, 3650d at most" },
	{ "pressure-memory", CGROUP(pressure_memory), take_percent, 0, PPM,
	  "a share such as 0.1%, 100% at most" },
	{ "pressure-io", CGROUP(pressure_io), take_percent, 0, PPM,
	  "a share such as 1%, 100% at most" },
	{ "freeze-after", CGROUP(freeze_after), parse_age, 0, AGE_MAX,
	  "a time such as 10m, 3650d at most, or off", NULL, "off" },
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

/* This and the next ones return what is wrong, to be freed, or NULL. */
static char *take_pair(struct config *config, const char *name, const char *text, int line)
{
	struct config_section *section = &config->section[config->nr - 1];
	const struct key *key = keys;
	unsigned int bit;
	char *base;

	while (key < keys + ARRAY_SIZE(keys) && strcmp(key->name, name))
		key++;
	/* It was a key once */
	if (!strcmp(name, "state"))
		return xstrdup("state is no key: use --state");
	if (key == keys + ARRAY_SIZE(keys))
		return xasprintf("unknown key '%s'", name);
	if (config->nr > 1 && !key->cgroup)
		return xasprintf("%s is not for a section: it is one for all", name);
	bit = 1u << (key - keys);
	if (section->given & bit)
		return xasprintf("%s is given twice", name);
	section->given |= bit;
	if (strstr(name, "-age"))
		section->line = line;
	base = key->cgroup ? (char *)&section->policy : (char *)config;
	return take_value(key, text, base + key->where) ?
	       xasprintf("%s: invalid value '%s' (%s)", name, text, key->want) : NULL;
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
static char *take_heading(struct config *config, char *line)
{
	static const char word[] = "cgroup";
	char *end = line + strlen(line) - 1;

	if (*end != ']')
		return xstrdup("a heading ends with ']' and the line with it");
	*end = '\0';
	line = trim(line + 1);
	if (strncmp(line, word, strlen(word)) || !strchr(BLANKS, line[strlen(word)]))
		return xstrdup("invalid section (the only ones are [cgroup PATTERN])");
	line = trim(line + strlen(word));
	if (!*line)
		return xstrdup("invalid section: the pattern is missing");
	/* Another beginning is the name of a unit, wherever it is, as --cgroup has it */
	add_section(config)->pattern = strchr("/*?[", *line) ? xstrdup(line) :
				       xasprintf("*/%s?(.service)", line);
	return NULL;
}

static char *take_line(struct config *config, char *line, int number)
{
	char *equals;

	line = trim(line);
	if (!*line || strchr(";#", *line))
		return NULL;
	if (*line == '[')
		return take_heading(config, line);
	equals = strchr(line, '=');
	if (!equals || equals == line)
		return xstrdup("neither KEY = VALUE nor a heading");
	*equals = '\0';
	return take_pair(config, trim(line), trim(equals + 1), number);
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
static char *check_bounds(const struct config *config, int *line)
{
	for (int i = 0; i < config->nr; i++) {
		struct policy both = config->section[0].policy;

		override(&both, &config->section[i]);
		*line = config->section[i].line;
		if (*line && both.min_age > both.max_age)
			return xstrdup("min-age is above max-age");
	}
	return NULL;
}

int config_parse(const char *text, const char *name, struct config *config, char **message)
{
	static const char mark[] = "\xef\xbb\xbf";	/* some editors begin a file with it */
	autofree char *copy = xstrdup(text), *wrong = NULL, *clean = NULL;
	char *line, *rest = copy;
	int number = 0;

	*message = NULL;
	*config = (struct config){
		.interval = INTERVAL, .wear = WEAR, .when = { 200000, 100000 },
	};
	policy_defaults(&add_section(config)->policy);
	if (!strncmp(rest, mark, strlen(mark)))
		rest += strlen(mark);
	while (!wrong && (line = strsep(&rest, "\n")))
		wrong = take_line(config, line, ++number);
	if (!wrong)
		wrong = check_bounds(config, &number);
	if (!wrong)
		return 0;
	/* It quotes the text, but nothing changes a terminal */
	clean = utf8_printable(wrong, true);
	*message = xasprintf("%s:%d: %s", name, number, clean);
	config_free(config);
	return -EINVAL;
}

int config_find(const char *named, const char *usual, struct config *config, char **message)
{
	autofree char *text = NULL;
	const char *path = named ? named : usual;
	/* Nobody is waited for; but /dev/null is how one says "the defaults" */
	bool regular = path && strcmp(path, "/dev/null");
	const struct source here = { .root = AT_FDCWD, .regular = regular };
	long error = path ? source_read(&here, path, &text) : -ENOENT;

	*message = NULL;
	if (error == -ENOENT && !named)
		return config_parse("", "", config, message);
	if (error < 0) {
		*config = (struct config){ .nr = 0 };
		*message = xasprintf("%s: %s", path,
				     error == -EINVAL ? "invalid: no text file" : strerror(-error));
		return error;
	}
	return config_parse(text, path, config, message);
}

void config_free(struct config *config)
{
	for (int i = 0; i < config->nr; i++)
		free(config->section[i].pattern);
	free(config->section);
	*config = (struct config){ .nr = 0 };
}

/* systemd's names have backslashes, which are not to be doubled. */
static bool matches(const struct config_section *section, const char *path)
{
	return !fnmatch(section->pattern, path, FNM_EXTMATCH | FNM_NOESCAPE);
}

bool config_policy(const struct config *config, const char *path, struct policy *policy)
{
	*policy = config->section[0].policy;
	for (int i = 1; i < config->nr; i++) {
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
