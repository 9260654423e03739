// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Write pages out of compressed memory, and count what that takes.
 *
 *	writeback copy KEY=VALUE...	all pages of a pool
 *	writeback back KEY=VALUE...	all pages of a pool, and back again
 *	writeback budget KEY=VALUE...	half old, half young, and some of the old
 *	writeback idle KEY=VALUE...	commands that have nothing to do
 *	writeback empty KEY=VALUE...	commands among empty cgroups
 *	writeback nodes KEY=VALUE...	one node against both
 *	writeback signal KEY=VALUE...	a command that is interrupted
 *
 * The keys are those of struct options.  Each prints one line or more of
 * "result KEY=VALUE..."; for times and counts see figures.h.
 *
 * But for the last two it runs under -icount shift=1, on the CPU of node 0.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end)
		die("%s is not a number", text);
	return value;
}

static void parse(struct options *o, const char *word)
{
	const char *value = strchr(word, '=');
	const struct {
		const char *key;
		unsigned long *value;
	} numbers[] = {
		{ "pages", &o->pages },
		{ "cgroups", &o->cgroups },
		{ "rotate", &o->rotate },
		{ "profile", &o->profile },
		{ "locks", &o->locks },
		{ "more", &o->more },
		{ "rounds", &o->rounds },
		{ "random", &o->random },
		{ "readahead", &o->readahead },
	};
	size_t i, len;

	if (!value)
		die("%s is not KEY=VALUE", word);
	len = value++ - word;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!strncmp(word, numbers[i].key, len) && !numbers[i].key[len]) {
			*numbers[i].value = number(value);
			return;
		}
	}
	if (!strncmp(word, "method=", len + 1))
		o->method = value;
	else if (!strncmp(word, "compressor=", len + 1))
		o->compressor = value;
	else if (!strncmp(word, "limit=", len + 1))
		o->limit = value;
	else if (!strncmp(word, "label=", len + 1))
		o->label = value;
	else
		die("there is no key %s", word);
}

int main(int argc, char **argv)
{
	struct options options = {
		.label = "-",
		.compressor = "-",
		.method = "ours",
		.limit = "budget",
		.pages = 10000,
		.cgroups = 1,
		.rounds = 5,
	};
	static const struct {
		const char *name;
		void (*run)(const struct options *options);
		bool clock;
	} scenarios[] = {
		{ "copy", scenario_copy, true },
		{ "back", scenario_back, true },
		{ "budget", scenario_budget, true },
		{ "idle", scenario_idle, true },
		{ "empty", scenario_empty, true },
		{ "nodes", scenario_nodes, false },
		{ "signal", scenario_signal, false },
	};
	size_t s;
	int i;

	if (argc < 2)
		die("usage: writeback SCENARIO KEY=VALUE...");
	for (i = 2; i < argc; i++)
		parse(&options, argv[i]);
	stay_on_cpu(0);
	make_templates();
	must_store(0);
	for (s = 0; s < sizeof(scenarios) / sizeof(scenarios[0]); s++) {
		if (strcmp(argv[1], scenarios[s].name))
			continue;
		if (scenarios[s].clock)
			check_clock();
		scenarios[s].run(&options);
		return 0;
	}
	die("there is no scenario %s", argv[1]);
}
