// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Samples, what changed between two of them, what is remembered, and the wear budget.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decide/state.h"
#include "tap.h"
#include "tree.h"

#define DAY_MS	86400000LL
#define GIB	1073741824LL

static void sample_begin(struct sample *sample, num uptime_ms, const char *boot_id)
{
	*sample = (struct sample){
		.uptime_ms = uptime_ms,
		.boot_id = xstrdup(boot_id),
		.page_size = 4096,
		.nr_edges = 2,
		.edge = { 0, 300 },
		.cgroup = xcalloc(16, sizeof(*sample->cgroup)),
	};
}

/* A cgroup whose counters are multiples of @count. */
static struct sample_cgroup *sample_add(struct sample *sample, const char *path, uint64_t id,
					num count)
{
	struct sample_cgroup *cgroup = &sample->cgroup[sample->nr++];

	*cgroup = (struct sample_cgroup){
		.path = xstrdup(path),
		.id = id,
		.writeback = 1,
		.resident = 1000 * count,
		.refaulted = count,
		.stalled_memory = 2 * count,
		.stalled_io = 3 * count,
	};
	return cgroup;
}

static const struct sample_cgroup *sample_get(const struct sample *sample, const char *path)
{
	for (int i = 0; i < sample->nr; i++) {
		if (!strcmp(sample->cgroup[i].path, path))
			return &sample->cgroup[i];
	}
	return NULL;
}

static bool is_child(const struct sample *sample, const char *path, const char *parent)
{
	const struct sample_cgroup *cgroup = sample_get(sample, path);

	if (!parent)
		return cgroup->parent == -1;
	return cgroup->parent >= 0 && !strcmp(sample->cgroup[cgroup->parent].path, parent);
}

static void test_link(void)
{
	struct sample sample;

	sample_begin(&sample, 1000, "b");
	sample_add(&sample, "/a/b/c", 5, 1);
	sample_add(&sample, "/a-b", 4, 1);
	sample_add(&sample, "/a", 3, 1)->writeback = 0;
	sample_add(&sample, "/", 1, 1);
	sample_add(&sample, "/a-b/c", 6, 1)->writeback = -ENOENT;
	sample_add(&sample, "/a-b", 7, 1);
	sample_link(&sample);
	CHECK(sample.nr == 5 && sample_get(&sample, "/a-b")->id == 4, "one of each path");
	CHECK(is_child(&sample, "/", NULL) && is_child(&sample, "/a", "/") &&
	      is_child(&sample, "/a-b", "/") && is_child(&sample, "/a-b/c", "/a-b"), "parents");
	CHECK(is_child(&sample, "/a/b/c", "/a"), "or the nearest ancestor there is");
	CHECK(sample_get(&sample, "/a")->off && sample_get(&sample, "/a/b/c")->off,
	      "writeback is off where it is, and below");
	CHECK(!sample_get(&sample, "/")->off && !sample_get(&sample, "/a-b/c")->off,
	      "and nowhere else");
	sample_free(&sample);
}

static void test_buckets(void)
{
	struct age_table ages;
	struct sample sample;

	sample_begin(&sample, 1000, "b");
	sample_add(&sample, "/", 1, 1);
	CHECK(sample_oldest(&sample, 0) == -1, "no pages: no oldest");
	sample.cgroup[0].pages[0] = 3;
	CHECK(sample_oldest(&sample, 0) == 0, "young ones");
	sample.cgroup[0].pages[1] = 4;
	CHECK(sample_oldest(&sample, 0) == 1, "the oldest of both");
	sample_ages(&sample, 0, &ages);
	CHECK(ages.nr == 2 && !ages.bucket[0].min_age && ages.bucket[0].max_age == 300 &&
	      ages.bucket[1].min_age == 300 && ages.bucket[1].max_age == AGE_NO_BOUND &&
	      ages.bucket[0].pages == 3 && ages.bucket[1].pages == 4, "as policies take them");
	sample_free(&sample);
}

/* The change of the cgroup at @path. */
static const struct change *change_get(const struct sample *sample, const struct change *change,
				       const char *path)
{
	return &change[sample_get(sample, path) - sample->cgroup];
}

/* @stalled: the count of which the subtree's times are multiples. */
static bool changed_by(const struct change *change, num elapsed_ms, num count, num stalled)
{
	return change->elapsed_ms == elapsed_ms && change->refaulted == count &&
	       change->stalled_memory == 2 * stalled && change->stalled_io == 3 * stalled;
}

static void test_changes(void)
{
	struct sample first, second;
	struct change *change;
	struct state state;

	state_begin(&state);
	sample_begin(&first, 5000, "b");
	sample_add(&first, "/", 1, 1000);
	sample_add(&first, "/a", 2, 300);
	sample_add(&first, "/a/x", 3, 100);
	sample_add(&first, "/gone", 4, 50);
	sample_add(&first, "/back", 5, 50);
	sample_add(&first, "/anew", 6, 10);
	sample_add(&first, "/blind", 8, 10)->refaulted = -EACCES;
	sample_link(&first);
	CHECK(!state_changes(&state, &first, &change), "the first sample: no time has passed");
	CHECK(changed_by(change_get(&first, change, "/"), 0, 0, 0) &&
	      changed_by(change_get(&first, change, "/a/x"), 0, 0, 0), "and nothing has happened");
	CHECK(change_get(&first, change, "/a")->resident == 200000 &&
	      change_get(&first, change, "/a/x")->resident == 100000,
	      "what is resident is without the children's");
	free(change);
	state_advance(&state, &first);

	sample_begin(&second, 7000, "b");
	sample_add(&second, "/", 1, 1100);
	sample_add(&second, "/a", 2, 360);
	sample_add(&second, "/a/x", 3, 140);
	sample_add(&second, "/new", 7, 4);
	sample_add(&second, "/back", 5, 49);
	sample_add(&second, "/anew", 66, 11);
	sample_add(&second, "/blind", 8, 10);
	sample_link(&second);
	CHECK(state_changes(&state, &second, &change) == 2000, "two seconds later");
	CHECK(changed_by(change_get(&second, change, "/a/x"), 2000, 40, 40),
	      "a cgroup by itself");
	CHECK(changed_by(change_get(&second, change, "/a"), 2000, 20, 60),
	      "one without its child's refaults, but with all the time in which tasks stalled");
	/* 100 - 60 of /a - 4 of /new - 11 of /anew */
	CHECK(changed_by(change_get(&second, change, "/"), 2000, 25, 100),
	      "the root without those of its children, old and new: %lld",
	      change_get(&second, change, "/")->refaulted);
	CHECK(!change_get(&second, change, "/new")->elapsed_ms, "a new cgroup is only observed");
	CHECK(!change_get(&second, change, "/anew")->elapsed_ms, "one that was made anew, too");
	CHECK(!change_get(&second, change, "/back")->elapsed_ms,
	      "and one whose counters went backwards");
	CHECK(change_get(&second, change, "/blind")->refaulted < 0 &&
	      change_get(&second, change, "/blind")->stalled_io == 0,
	      "what was not known then is not known now");
	free(change);

	second.uptime_ms = 5000;
	CHECK(!state_changes(&state, &second, &change), "a clock that stands still: first again");
	free(change);
	second.uptime_ms = 7000;
	second.boot_id[0] = 'c';
	CHECK(!state_changes(&state, &second, &change), "another boot: first again");
	free(change);
	second.boot_id[0] = 'b';
	second.cgroup[0].refaulted = 1001;
	CHECK(state_changes(&state, &second, &change) &&
	      !change_get(&second, change, "/")->refaulted,
	      "less than the children's is none, not less than none");
	free(change);
	sample_free(&first);
	sample_free(&second);
	state_free(&state);
}

static struct state_cgroup *state_get(const struct state *state, const char *path)
{
	for (int i = 0; i < state->nr; i++) {
		if (!strcmp(state->cgroup[i].path, path))
			return &state->cgroup[i];
	}
	return NULL;
}

static const struct policy_state some = {
	.age = 600,
	.step = 8192,
	.hold = 2,
	.quiet = 3,
	.debt = 99,
};

static bool stands(const struct state *state, const char *path)
{
	const struct state_cgroup *cgroup = state_get(state, path);

	return cgroup && cgroup->begun && cgroup->policy.age == 600 &&
	       cgroup->policy.step == 8192 && cgroup->policy.hold == 2 &&
	       cgroup->policy.quiet == 3 && cgroup->policy.debt == 99;
}

static void state_fill(struct state *state)
{
	struct sample sample;

	state_begin(state);
	sample_begin(&sample, 5000, "b");
	sample_add(&sample, "/", 1, 1000);
	sample_add(&sample, "/a", 2, 300);
	sample_add(&sample, "/b \"\xc3\xa9\\", 3, 30);
	sample_add(&sample, "/c", 4, 30)->stalled_io = -ENOENT;
	sample_link(&sample);
	state_advance(state, &sample);
	sample_free(&sample);
	for (int i = 1; i < 3; i++) {
		state->cgroup[i].begun = true;
		state->cgroup[i].policy = some;
	}
	state->wear = (struct wear){ .left = 12345, .fraction = 678 };
}

static void test_advance(void)
{
	struct sample sample;
	struct state state;

	state_fill(&state);
	sample_begin(&sample, 6000, "b");
	sample_add(&sample, "/a", 2, 310);
	sample_add(&sample, "/b \"\xc3\xa9\\", 33, 30);
	sample_add(&sample, "/c", 4, 30);
	sample_link(&sample);
	state_advance(&state, &sample);
	CHECK(state.nr == 3 && !state_get(&state, "/"), "a cgroup that has vanished is forgotten");
	CHECK(stands(&state, "/a") && state_get(&state, "/a")->refaulted == 310,
	      "where a policy stands is kept, with new counters");
	CHECK(!state_get(&state, "/b \"\xc3\xa9\\")->begun, "not if the cgroup was made anew");
	CHECK(!state_get(&state, "/c")->begun, "and not if there was nothing yet");
	sample_free(&sample);

	sample_begin(&sample, 100, "next");
	sample_add(&sample, "/a", 99, 1);
	state_advance(&state, &sample);
	CHECK(stands(&state, "/a") && state_get(&state, "/a")->id == 99,
	      "after a boot the path is what counts");
	CHECK(!strcmp(state.boot_id, "next") && state.uptime_ms == 100, "and the boot is known");
	sample_free(&sample);
	state_free(&state);
}

static void test_file(void)
{
	char *tree = tree_new(), *path = xasprintf("%s/state", tree), *message;
	struct state state, loaded;
	struct rlimit small;
	int lock;
	struct stat st;

	CHECK(state_load(path, &loaded, &message) == -ENOENT && !message && loaded.wear.left < 0,
	      "no file: nothing is remembered");
	state_fill(&state);
	CHECK(!state_save(path, &state), "saved");
	CHECK(!stat(path, &st) && (st.st_mode & 0777) == 0600, "for root alone");
	CHECK(!state_load(path, &loaded, &message), "loaded");
	CHECK(loaded.nr == 4 && stands(&loaded, "/a") && stands(&loaded, "/b \"\xc3\xa9\\") &&
	      !state_get(&loaded, "/")->begun, "the same policies");
	CHECK(state_get(&loaded, "/")->refaulted == 1000 && state_get(&loaded, "/a")->id == 2 &&
	      state_get(&loaded, "/a")->stalled_memory == 600 &&
	      state_get(&loaded, "/a")->stalled_io == 900 &&
	      state_get(&loaded, "/c")->stalled_io < 0, "the same counters");
	CHECK(!strcmp(loaded.boot_id, "b") && loaded.uptime_ms == 5000 &&
	      loaded.wear.left == 12345 && loaded.wear.fraction == 678, "and all else");
	state_free(&loaded);

	state.uptime_ms = 6000;
	CHECK(!state_save(path, &state) && !state_load(path, &loaded, &message) &&
	      loaded.uptime_ms == 6000, "saved again");
	state_free(&loaded);
	getrlimit(RLIMIT_FSIZE, &small);
	small.rlim_cur = 10;
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK(state_save(path, &state) == -EFBIG && !state_load(path, &loaded, &message),
	      "when not all can be written, the old one stays");
	small.rlim_cur = small.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	state_free(&loaded);
	tree_directory(tree, "/state.new");
	CHECK(state_save(path, &state) < 0 && !state_load(path, &loaded, &message),
	      "nor when nothing can");
	state_free(&loaded);
	state_free(&state);

	lock = state_lock(path);
	CHECK(lock >= 0 && state_lock(path) == -EWOULDBLOCK, "one has it, others are kept away");
	close(lock);
	lock = state_lock(path);
	CHECK(lock >= 0, "until it is done");
	close(lock);

	state_begin(&state);
	free(path);
	path = xasprintf("%s/fresh", tree);
	CHECK(!state_save(path, &state) && !state_load(path, &loaded, &message) &&
	      !loaded.boot_id && loaded.wear.left < 0 && !loaded.nr, "an empty one");
	state_free(&loaded);
	state_free(&state);
	free(path);
	tree_remove(tree);
}

/* Texts here have ' for ", which is easier to read. */
#define HEAD	"{'version':1,'boot_id':'b','uptime_ms':0,'wear_left':1,"

static void broken(const char *tree, const char *text, const char *what)
{
	char *path = xasprintf("%s/state", tree), *json = xstrdup(text), *message;
	struct state state;
	int error;

	for (char *c = strchr(json, '\''); c; c = strchr(c, '\''))
		*c = '"';
	tree_file(tree, "/state", json);
	error = state_load(path, &state, &message);
	CHECK(error == -EINVAL && message && !state.nr && !state.boot_id, "%s: %s", what,
	      message ? message : "");
	free(message);
	state_free(&state);
	free(json);
	free(path);
}

static void test_broken(void)
{
#define COUNTERS	"'refaulted':1,'stalled_memory':1,'stalled_io':1"
	static const struct {
		const char *what, *members;
	} cgroup[] = {
		{ "no path", "'id':1," COUNTERS },
		{ "no absolute path", "'path':'a','id':1," COUNTERS },
		{ "no id", "'path':'/a'," COUNTERS },
		{ "a negative id", "'path':'/a','id':-1," COUNTERS },
		{ "a text for a number",
		  "'path':'/a','id':1,'refaulted':'1','stalled_memory':1,'stalled_io':1" },
		{ "half a policy", "'path':'/a','id':1,'age':1," COUNTERS },
		{ "a negative step",
		  "'path':'/a','id':1,'age':1,'step':-1,'hold':0,'quiet':0,'debt':0," COUNTERS },
		{ "a hold without end",
		  "'path':'/a','id':1,'age':1,'step':1,'hold':2147483648,'quiet':0,'debt':0,"
		  COUNTERS },
		{ "a real number",
		  "'path':'/a','id':1,'age':1.5,'step':1,'hold':0,'quiet':0,'debt':0," COUNTERS },
		{ "the same member twice", "'path':'/a','path':'/a','id':1," COUNTERS },
		{ "the same cgroup twice",
		  "'path':'/a','id':1," COUNTERS "},{'path':'/a','id':1," COUNTERS },
	};
	char *tree = tree_new(), *text, *message;
	struct state state;
	struct stat st;
	off_t length;
	int refused = 0;

	broken(tree, "", "nothing");
	broken(tree, "[]", "a list");
	broken(tree, "{}", "an empty object");
	broken(tree, "{'version':2}", "a newer version");
	broken(tree, "{'version':1,'boot_id':1}", "a boot id that is none");
	broken(tree, HEAD "'wear_fraction':86400000,'cgroups':[]}",
	       "a fraction that is more than one");
	broken(tree, HEAD "'wear_fraction':0}", "no list");
	for (size_t i = 0; i < ARRAY_SIZE(cgroup); i++) {
		text = xasprintf("%s'wear_fraction':0,'cgroups':[{%s}]}", HEAD, cgroup[i].members);
		broken(tree, text, cgroup[i].what);
		free(text);
	}

	text = xasprintf("%s/state", tree);
	state_fill(&state);
	state_save(text, &state);
	state_free(&state);
	stat(text, &st);
	/* Without the newline it is still whole. */
	for (length = st.st_size - 2; length > 0 && !truncate(text, length); length--) {
		refused += state_load(text, &state, &message) == -EINVAL;
		state_free(&state);
		free(message);
	}
	CHECK(refused == st.st_size - 2, "a file that is cut off anywhere: %d times", refused);
	free(text);
	tree_remove(tree);
}

static void test_wear(void)
{
	struct wear wear = { .left = -1 };
	num sum = 0;

	CHECK(wear_grow(&wear, 24 * GIB, 60000) == GIB + 24 * GIB / 1440,
	      "begins with an hour's share");
	wear_spend(&wear, 10 * GIB);
	CHECK(!wear.left, "is used up");
	CHECK(wear_grow(&wear, 24 * GIB, DAY_MS / 2) == 12 * GIB, "grows by the share of a day");
	CHECK(wear_grow(&wear, 24 * GIB, 10 * DAY_MS) == 24 * GIB, "is saved for a day at most");
	CHECK(wear_grow(&wear, GIB, 0) == GIB, "or less, when the day's amount was made smaller");
	wear_spend(&wear, -5);
	CHECK(wear.left == GIB, "what is not known is not spent here");
	CHECK(wear_grow(&wear, 0, 60000) == INT64_MAX && wear.left == GIB, "no limit");

	wear = (struct wear){ .left = 0 };
	for (int i = 0; i < 86400; i++) {
		sum += wear_grow(&wear, 1000003, 1000);
		wear_spend(&wear, wear.left);
	}
	CHECK(sum == 1000003, "not a byte is lost in fractions: %lld", sum);
	CHECK(wear_grow(&wear, INT64_MAX, INT64_MAX) == INT64_MAX, "absurd numbers");
}

int main(void)
{
	/* Too long a file is an error, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	test_link();
	test_buckets();
	test_changes();
	test_advance();
	test_file();
	test_broken();
	test_wear();
	return tap_done();
}
