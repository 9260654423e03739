// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's configuration: what is taken, what is refused and where, and which section
 * counts for which cgroup.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decide/config.h"
#include "tap.h"
#include "tree.h"

#define GIB	1073741824LL

/* @text is refused with @message. */
static void refused(const char *text, const char *message)
{
	struct config config;
	char *got;
	int error = config_parse(text, "f", &config, &got);
	bool good = error < 0 && got && !strcmp(got, message) && !config.nr && !config.section;

	CHECK(good, "%s", message);
	if (!good) {
		printf("# got %d, %s\n", error, got ? got : "no message");
		config_free(&config);
	}
	free(got);
}

static bool taken(const char *text, struct config *config)
{
	char *message;

	if (!config_parse(text, "f", config, &message))
		return true;
	printf("# %s\n", message);
	free(message);
	return false;
}

static void test_defaults(void)
{
	struct policy policy, wanted;
	struct config config;

	CHECK(taken("", &config), "an empty file");
	CHECK(config.interval == 60 && config.wear == 10 * GIB, "its defaults");
	policy_defaults(&wanted);
	CHECK(config_policy(&config, "/a", &policy) && !memcmp(&policy, &wanted, sizeof(policy)),
	      "and the policy's");
	CHECK(policy.target == 2000 && policy.min_age == 300 && policy.max_age == 86400 &&
	      policy.pressure_memory == 1000 && policy.pressure_io == 10000 &&
	      policy.freeze_after == -1, "which are these");
	CHECK(config.when.pool == 200000 && config.when.free == 100000, "and the need");
	config_free(&config);
}

static void test_all_keys(void)
{
	struct policy policy;
	struct config config;

	CHECK(taken("\xef\xbb\xbf# comment\n"
		    "; comment\n"
		    "interval = 2m\n"
		    "wear=1T/day \r\n"
		    "rate = 1.5M/s\n"
		    "when = free < 5% or pool > 1.5%\n"
		    "  target-refault = 1%/h\n"
		    "min-age= 60\n"
		    "\tmax-age =2d\n"
		    "pressure-memory = 0.05%\n"
		    "pressure-io = 100\n"
		    "freeze-after = 1h30m\n"
		    "enabled = no", &config), "every key");
	CHECK(config.interval == 120 && config.wear == 1024 * GIB && config.rate == 1572864 &&
	      config.when.pool == 15000 && config.when.free == 50000,
	      "the daemon's");
	CHECK(!config_policy(&config, "/", &policy), "enabled = no for all");
	CHECK(policy.target == 166 || policy.target == 167, "1 %%/h in ppm a minute");
	CHECK(policy.min_age == 60 && policy.max_age == 172800 && policy.pressure_memory == 500 &&
	      policy.pressure_io == 1000000 && policy.freeze_after == 5400, "the policy's");
	config_free(&config);

	CHECK(taken("wear = unlimited", &config) && !config.wear, "wear = unlimited: no limit");
	config_free(&config);
}

static bool needed(const char *text, num pool, num free)
{
	struct config config;
	bool is;

	if (!taken(text, &config))
		return false;
	is = config_needed(&config, pool, 1000, free, 1000);
	config_free(&config);
	return is;
}

static void test_need(void)
{
	CHECK(!needed("", 200, 100) && needed("", 201, 500) && needed("", 0, 99),
	      "the pool above 20 %%, or less than 10 %% free");
	CHECK(needed("when = always", 0, 1000), "always");
	CHECK(needed("when = pool > 50%", 501, 0) && !needed("when = pool > 50%", 500, 0),
	      "the pool alone");
	CHECK(needed("when = free < 50%", 0, -EACCES) && needed("when = pool > 5%", -EACCES, 0),
	      "not to know is a need");
}

/* The minimum age that counts for @path; -1 if it is left alone. */
static num min_age(const struct config *config, const char *path)
{
	struct policy policy;

	return config_policy(config, path, &policy) ? policy.min_age : -1;
}

static void test_sections(void)
{
	struct policy policy;
	struct config config;

	CHECK(taken("min-age = 10m\n"
		    "[cgroup /system.slice/*]\n"
		    "min-age = 20m\n"
		    "freeze-after = 9\n"
		    "[cgroup /system.slice/redis*.service]\n"
		    "min-age = 30m\n"
		    "[ cgroup   /user.slice/a b ]\n"
		    "min-age = 40m\n"
		    "[cgroup /kube[ps]/a]\n"
		    "enabled = no\n"
		    "[cgroup /kubep/a]\n"
		    "enabled = yes\n"
		    "[cgroup *]\n"
		    "pressure-io = 3%\n", &config), "sections");
	CHECK(min_age(&config, "/") == 600, "no section: what is for all");
	CHECK(min_age(&config, "/system.slice") == 600, "a pattern is for the whole path");
	CHECK(min_age(&config, "/system.slice/x/y") == 1200, "'*' matches '/', too");
	CHECK(min_age(&config, "/system.slice/redis-1.service") == 1800, "the last match wins");
	config_policy(&config, "/system.slice/redis-1.service", &policy);
	CHECK(policy.freeze_after == 9 && policy.pressure_io == 30000, "key by key");
	CHECK(min_age(&config, "/user.slice/a b") == 2400, "blanks in a pattern");
	CHECK(min_age(&config, "/kubes/a") == -1, "brackets in a pattern; left alone");
	CHECK(min_age(&config, "/kubep/a") == 600, "and taken back");
	config_free(&config);
	CHECK(taken("[cgroup redis.service]\nmin-age = 7\n", &config) &&
	      min_age(&config, "/system.slice/redis.service") == 7 &&
	      min_age(&config, "/system.slice/xredis.service") == 300, "a unit by its name");
	config_free(&config);
	CHECK(taken("[cgroup redis]\nmin-age = 7\n", &config) &&
	      min_age(&config, "/system.slice/redis.service") == 7 &&
	      min_age(&config, "/redis") == 7 &&
	      min_age(&config, "/system.slice/redis.service/x") == 300 &&
	      min_age(&config, "/redis.slice") == 300 &&
	      min_age(&config, "/redis-1.service") == 300,
	      "without .service, as --cgroup has it");
	config_free(&config);
	CHECK(taken("[cgroup dev-disk\\x2dby.slice]\nmin-age = 7\n"
		    "[cgroup /a\\x2db*]\nmin-age = 8\n", &config) &&
	      min_age(&config, "/system.slice/dev-disk\\x2dby.slice") == 7 &&
	      min_age(&config, "/a\\x2db.slice") == 8, "backslashes as systemd has them");
	config_free(&config);
}

static void test_family(void)
{
	static const struct {
		const char *path;
		int level;
		const char *name;
	} families[] = {
		{ "/pods/a", 0, "/pods/" }, { "/pods/b", 0, "/pods/" }, { "/pods", 0, "/" },
		{ "/pods/a/c", 0, "/pods/a/" }, { "/pods/a/c", 1, "/pods/" },
		{ "/pods/a", 1, "/" }, { "/pods", 1, NULL }, { "/", 1, NULL },
		{ "/x/1", 0, "[/x/*]" }, { "/x/1", 1, NULL }, { "/x/y/1", 0, "[/x/y/*]" },
	};
	struct config config;

	CHECK(taken("[cgroup /x/*]\n[cgroup /x/y/*]\n", &config), "sections without keys");
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		char *name = config_family(&config, families[i].path, families[i].level);

		const char *wanted = families[i].name;

		CHECK(name && wanted ? !strcmp(name, wanted) : name == wanted, "%s is of %s",
		      families[i].path, name ? name : "none");
		free(name);
	}
	config_free(&config);
}

static void test_long_pattern(void)
{
	char path[1000], text[1100];
	struct config config;

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	snprintf(text, sizeof(text), "[cgroup %s]\nmin-age = 1h\n", path);
	CHECK(taken(text, &config) && min_age(&config, path) == 3600,
	      "a very long path");
	path[sizeof(path) - 2] = 'y';
	CHECK(min_age(&config, path) == 300, "to the last character");
	config_free(&config);
}

static void test_refused(void)
{
	refused("\nmin-agee = 5m\n",
		"f:2: unknown key 'min-agee'");
	refused("# x\n[cgroup /a]\nfoo = 1\n",
		"f:3: unknown key 'foo'");
	refused("state = /var/lib/zswapctl/state\n",
		"f:1: state is no key: use --state");
	refused("min-age = 5x\n",
		"f:1: min-age: invalid value '5x' (an age such as 5m, 3650d at most)");
	refused("min-age =\n",
		"f:1: min-age: invalid value '' (an age such as 5m, 3650d at most)");
	refused("max-age = 3651d\n",
		"f:1: max-age: invalid value '3651d' (an age such as 1d, 3650d at most)");
	refused("min-age = 5m\nmin-age = 6m\n",
		"f:2: min-age is given twice");
	refused("wear = 1/day\nwear = 1/day\n",
		"f:2: wear is given twice");
	refused("when = always\nwhen = always\n",
		"f:2: when is given twice");
	refused("interval = 0\n",
		"f:1: interval: invalid value '0' (a time from 1s to 1h)");
	refused("interval = 3601\n",
		"f:1: interval: invalid value '3601' (a time from 1s to 1h)");
	refused("[cgroup /a]\ninterval = 60\n",
		"f:2: interval is not for a section: it is one for all");
	refused("[cgroup /a]\nwhen = always\n",
		"f:2: when is not for a section: it is one for all");
	refused("wear = 10G\n",
		"f:1: wear: invalid value '10G' (SIZE/day or unlimited)");
	refused("wear = 10G/h\n",
		"f:1: wear: invalid value '10G/h' (SIZE/day or unlimited)");
	refused("wear = 0/day\n",
		"f:1: wear: invalid value '0/day' (SIZE/day or unlimited)");
	refused("rate = 10G/day\n",
		"f:1: rate: invalid value '10G/day' (SIZE/s or unlimited)");
	refused("when = pool < 5%\n",
		"f:1: when: invalid value 'pool < 5%' (such as pool > 20% or free < 10%, or always)");
	refused("when = pool > 5% or pool > 3%\n",
		"f:1: when: invalid value 'pool > 5% or pool > 3%' (such as pool > 20% or free < 10%, or always)");
	refused("when = pool >\n",
		"f:1: when: invalid value 'pool >' (such as pool > 20% or free < 10%, or always)");
	refused("when = pool > 5% free < 3%\n",
		"f:1: when: invalid value 'pool > 5% free < 3%' (such as pool > 20% or free < 10%, or always)");
	refused("when = pool > 5% or\n",
		"f:1: when: invalid value 'pool > 5% or' (such as pool > 20% or free < 10%, or always)");
	refused("target-refault = 101%/min\n",
		"f:1: target-refault: invalid value '101%/min' (a rate such as 0.2%/min, 100%/min at most)");
	refused("target-refault = 0.2\n",
		"f:1: target-refault: invalid value '0.2' (a rate such as 0.2%/min, 100%/min at most)");
	refused("pressure-io = 100.1%\n",
		"f:1: pressure-io: invalid value '100.1%' (a share such as 1%, 100% at most)");
	refused("pressure-memory = -1\n",
		"f:1: pressure-memory: invalid value '-1' (a share such as 0.1%, 100% at most)");
	refused("freeze-after = never\n",
		"f:1: freeze-after: invalid value 'never' (a time such as 10m, 3650d at most, or off)");
	refused("enabled = maybe\n",
		"f:1: enabled: invalid value 'maybe' (yes or no)");
	refused("min-step = 1M\n",
		"f:1: unknown key 'min-step'");
	refused("pressure-io = 1\nmin-age\npressure-io\n",
		"f:2: neither KEY = VALUE nor a heading");
	refused("= 5\n",
		"f:1: neither KEY = VALUE nor a heading");
	refused("[cgroup /a\nmin-age = 1\n",
		"f:1: a heading ends with ']' and the line with it");
	refused("[cgroup /a] ; x\n",
		"f:1: a heading ends with ']' and the line with it");
	refused("[cgroups /a]\n",
		"f:1: invalid section (the only ones are [cgroup PATTERN])");
	refused("[]\n",
		"f:1: invalid section (the only ones are [cgroup PATTERN])");
	refused("[",
		"f:1: a heading ends with ']' and the line with it");
	refused("[cgroup ]\n",
		"f:1: invalid section: the pattern is missing");
	refused("min-age = 2d\npressure-io = 1\n",
		"f:1: min-age is above max-age");
	refused("max-age = 1m\n",
		"f:1: min-age is above max-age");
	refused("min-age = 2h\n[cgroup /a]\npressure-io = 1\nmax-age = 1h\n",
		"f:4: min-age is above max-age");
}

static void test_file(void)
{
	static const char hole[] = "min-age = 1\n\0min-age = 2\n";
	char *tree = tree_new(), *path = xasprintf("%s/conf", tree), *message, *wanted;
	struct config config;

	CHECK(!config_find(NULL, path, &config, &message) && !message && config.interval == 60,
	      "the usual one need not be there");
	config_free(&config);
	CHECK(config_find(path, NULL, &config, &message) == -ENOENT, "one that is named must");
	wanted = xasprintf("%s: No such file or directory", path);
	CHECK(!strcmp(message, wanted), "is said: %s", message + strlen(tree));
	free(wanted);
	free(message);
	tree_file(tree, "/conf", "interval = 5\n");
	CHECK(!config_find(NULL, path, &config, &message) && config.interval == 5,
	      "one that was made meanwhile counts");
	config_free(&config);
	CHECK(!config_find(NULL, NULL, &config, &message) && config.interval == 60,
	      "without any, the defaults do");
	config_free(&config);
	tree_file(tree, "/conf", "min-age = 1\nfoo = 2\n");
	CHECK(config_find(NULL, path, &config, &message) == -EINVAL, "a bad one is no default");
	free(message);
	CHECK(config_find(path, NULL, &config, &message) == -EINVAL, "a bad file");
	wanted = xasprintf("%s:2: unknown key 'foo'", path);
	CHECK(!strcmp(message, wanted), "is said: %s", message + strlen(tree));
	free(wanted);
	free(message);
	tree_bytes(tree, "/conf", hole, sizeof(hole) - 1);
	CHECK(config_find(path, NULL, &config, &message) == -EINVAL, "a file with a NUL");
	free(message);
	CHECK(config_find(tree, NULL, &config, &message) == -EISDIR, "a directory");
	free(message);
	free(path);
	tree_remove(tree);
}

/* The example with its keys no longer comments: "#min-age = 5m". */
static void test_example(void)
{
	struct policy policy, defaults;
	char *text = NULL, line[256], *message;
	struct config config;
	size_t length;
	FILE *from = fopen("zswapctl.conf", "r"), *to = open_memstream(&text, &length);

	while (from && fgets(line, sizeof(line), from)) {
		bool key = line[0] == '#' && (strstr(line, " = ") || line[1] == '[');

		fputs(line + key, to);
	}
	if (from)
		fclose(from);
	fclose(to);
	CHECK(!config_parse(text, "f", &config, &message), "the example is taken");
	if (message)
		printf("# %s\n", message);
	CHECK(config.nr == 3 && __builtin_popcount(config.section[0].given) == 11,
	      "and has every key");
	policy_defaults(&defaults);
	CHECK(config_policy(&config, "/a", &policy) && !memcmp(&policy, &defaults, sizeof(policy)),
	      "what it shows for cgroups are the defaults");
	CHECK(config.interval == 60 && config.wear == 10 * GIB && !config.rate &&
	      config.when.pool == 200000 && config.when.free == 100000, "and for the daemon");
	config_free(&config);
	free(message);
	free(text);
}

/* What comes out does not matter, as long as nothing is read or written that must not be. */
static void test_any(void)
{
	static const char text[] =
		"interval = 60\nwhen = pool > 1% or free < 2%\nwear = 10G/day\n[cgroup /a*]\nmin-age = 1h\n"
		"pressure-io = 1.5%\n[cgroup /b[c]d]\nenabled = no\n";
	static const char bytes[] = "\n[];#= \t/%9\xff*";
	char changed[sizeof(text)], *message;
	struct config config;
	int runs = 0;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		for (size_t b = 0; b < sizeof(bytes); b++) {
			memcpy(changed, text, sizeof(text));
			changed[i] = bytes[b];
			config_parse(changed, "f", &config, &message);
			config_free(&config);
			free(message);
			runs++;
		}
	}
	CHECK(runs, "%d texts with a wrong character each", runs);
}

int main(void)
{
	test_defaults();
	test_all_keys();
	test_need();
	test_sections();
	test_family();
	test_long_pattern();
	test_refused();
	test_file();
	test_example();
	test_any();
	return tap_done();
}
