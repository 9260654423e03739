// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text into numbers and back: what users type, what the kernel says, and what neither
 * should have said.
 */
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "system/amount.h"
#include "ui/format.h"
#include "lines.h"
#include "tap.h"

/* A result that no parser leaves behind */
#define UNTOUCHED	(-77)

struct typed {
	const char *text;
	int err;
	num value;
};

static void test_typed(const char *what, int (*parse)(const char *, void *),
		       const struct typed *typed, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		num wanted = typed[i].err ? UNTOUCHED : typed[i].value, value = UNTOUCHED;
		int err = parse(typed[i].text, &value);

		CHECK(err == typed[i].err && value == wanted, "%s '%s' is %lld, status %d", what,
		      typed[i].text, value, err);
	}
}

static void test_numbers(void)
{
	static const struct typed numbers[] = {
		{ "0", 0, 0 },
		{ "007", 0, 7 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "18446744073709551615", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, 0 },
	};
	static const struct typed sizes[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "4096B", 0, 4096 },
		{ "64K", 0, 65536 },
		{ "64k", 0, 65536 },
		{ "64KB", 0, 65536 },
		{ "64KiB", 0, 65536 },
		{ "64kib", 0, 65536 },
		{ "64M", 0, 64LL << 20 },
		{ "3G", 0, 3LL << 30 },
		{ "2TiB", 0, 2LL << 40 },
		{ "8388607T", 0, 8388607LL << 40 },
		{ "8388608T", -ERANGE, 0 },
		{ "9007199254740992K", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "M", -EINVAL, 0 },
		{ "1.5G", 0, 1610612736 },
		{ "1.5", -EINVAL, 0 },
		{ "0.5B", -EINVAL, 0 },
		{ "13207024435", 0, 13207024435 },
		{ "9007199254740993", 0, 9007199254740993 },
		{ "9223372036854775807B", 0, INT64_MAX },
		{ "9223372036854775808", -ERANGE, 0 },
		{ "9007199254740991K", 0, 9007199254740991LL << 10 },
		{ "99999999999999999999K", -ERANGE, 0 },
		{ "99999999999999999999X", -EINVAL, 0 },
		{ "99999999999999999999.5K", -ERANGE, 0 },
		{ "7.5E", 0, 8646911284551352320 },
		{ "8.5E", -ERANGE, 0 },
		{ "8E", -ERANGE, 0 },
		{ "-64M", -EINVAL, 0 },
		{ "64Mi", -EINVAL, 0 },
		{ "64iB", -EINVAL, 0 },
		{ "64MM", -EINVAL, 0 },
		{ "64MBB", -EINVAL, 0 },
		{ "64P", 0, 64LL << 50 },
		{ "64 M", -EINVAL, 0 },
		{ "64M ", -EINVAL, 0 },
	};
	static const struct typed ages[] = {
		{ "0", 0, 0 },
		{ "3600", 0, 3600 },
		{ "90s", 0, 90 },
		{ "60m", 0, 3600 },
		{ "1h", 0, 3600 },
		{ "2d", 0, 172800 },
		{ "106751991167300d", 0, 9223372036854720000 },
		{ "106751991167301d", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "h", -EINVAL, 0 },
		{ "1H", -EINVAL, 0 },
		{ "1w", -EINVAL, 0 },
		{ "1hh", -EINVAL, 0 },
		{ "1h30m", 0, 5400 },
		{ "1m20s", 0, 80 },
		{ "1d1s", 0, 86401 },
		{ "30m1h", -EINVAL, 0 },
		{ "1h1h", -EINVAL, 0 },
		{ "1h30", -EINVAL, 0 },
		{ "1.5h", -EINVAL, 0 },
		{ "-1h", -EINVAL, 0 },
		{ "inf", -EINVAL, 0 },
	};
	static const struct typed rates[] = {
		{ "0.2%/min", 0, 2000 },
		{ "0.20000%/min", 0, 2000 },
		{ "1%/min", 0, 10000 },
		{ "1%/s", 0, 600000 },
		{ "1%/h", 0, 166 },
		{ "1%/d", 0, 6 },
		{ "100%/min", 0, 1000000 },
		{ "0.00019%/min", 0, 1 },
		{ "0.00001%/min", 0, 1 },
		{ "0.000000000000000000000000000001%/d", 0, 1 },
		{ "0%/min", 0, 0 },
		{ "0.0000%/d", 0, 0 },
		{ "0.000000000000000000000000000000%/s", 0, 0 },
		{ "9223372036%/min", 0, 92233720360000 },
		{ "0.29%/min", 0, 2900 },
		/* Only absurd ones are not exact, where a long double is a double */
		{ "922337203685477%/min", 0,
		  LDBL_MANT_DIG < 63 ? 9223372036854769664 : 9223372036854770000 },
		{ "922337203685478%/min", -ERANGE, 0 },
		{ "922337203685477.9%/min", -ERANGE, 0 },
		{ "15372286728092%/s", -ERANGE, 0 },
		{ "99999999999999999999%/d", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "%/min", -EINVAL, 0 },
		{ ".2%/min", -EINVAL, 0 },
		{ "0.%/min", -EINVAL, 0 },
		{ "0.2", -EINVAL, 0 },
		{ "0.2%", -EINVAL, 0 },
		{ "0.2%/", -EINVAL, 0 },
		{ "0.2%/m", -EINVAL, 0 },
		{ "0.2%/minute", -EINVAL, 0 },
		{ "0.2 %/min", -EINVAL, 0 },
		{ "0,2%/min", -EINVAL, 0 },
		{ "-1%/min", -EINVAL, 0 },
		{ "20/min", -EINVAL, 0 },
	};
	num value;

	CHECK(parse_number("1\n", &value) == -EINVAL, "a newline is no part of a number");
	test_typed("number", parse_number, numbers, ARRAY_SIZE(numbers));
	test_typed("size", parse_size, sizes, ARRAY_SIZE(sizes));
	test_typed("age", parse_age, ages, ARRAY_SIZE(ages));
	test_typed("rate", parse_rate, rates, ARRAY_SIZE(rates));
}

static void test_nodes(void)
{
	static const struct {
		const char *text;
		int err;
		uint64_t mask;
	} lists[] = {
		{ "0", 0, 1 },
		{ "0,2-3", 0, 0xd },
		{ "3,0,3", 0, 9 },
		{ "63", 0, 1ULL << 63 },
		{ "0-63", 0, UINT64_MAX },
		{ "5-5", 0, 32 },
		{ "64", -ERANGE, 0 },
		{ "0-64", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "3-2", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ ",", -EINVAL, 0 },
		{ "0,", -EINVAL, 0 },
		{ ",0", -EINVAL, 0 },
		{ "0-", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1-2-3", -EINVAL, 0 },
		{ "0 1", -EINVAL, 0 },
		{ "all", -EINVAL, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		uint64_t wanted = lists[i].err ? 77 : lists[i].mask, mask = 77;
		int err = parse_nodes(lists[i].text, &mask);

		CHECK(err == lists[i].err && mask == wanted, "nodes '%s' are %llx, status %d",
		      lists[i].text, (unsigned long long)mask, err);
	}
}

/* ---- tables ---- */

#define HEADER	"bucket min_age max_age pages bytes incompressible written refaulted dropped\n"
#define NEW_HEADER	\
	"bucket min_age max_age pages bytes incompressible loaded written refaulted dropped\n"
#define FIRST	"0 0 30 3308 4012345 7 10 2 1\n"
#define LAST	"1 30 inf 5 600 0 0 0 0\n"

static void test_table(void)
{
	static const char text[] = HEADER FIRST LAST;
	struct age_table table;
	const struct age_bucket *bucket = table.bucket;
	char *cut;
	size_t len;

	CHECK(!parse_age_text(text, &table) && table.nr == 2, "a table of two buckets");
	CHECK(bucket[0].min_age == 0 && bucket[0].max_age == 30, "ages of the first");
	CHECK(bucket[0].pages == 3308 && bucket[0].bytes == 4012345 &&
	      bucket[0].incompressible == 7, "entries of the first");
	CHECK(bucket[0].written == 10 && bucket[0].refaulted == 2 && bucket[0].dropped == 1,
	      "fates of the first");
	CHECK(bucket[1].min_age == 30 && bucket[1].max_age == AGE_NO_BOUND,
	      "the last one has no end");

	cut = xcalloc(sizeof(text), 1);
	for (len = 0; len < strlen(text); len++) {
		struct age_table untouched = { .nr = UNTOUCHED };
		int err;

		memcpy(cut, text, len);
		err = parse_age_text(cut, &untouched);
		if (err != -EINVAL || untouched.nr != UNTOUCHED)
			break;
	}
	free(cut);
	CHECK(len == strlen(text), "cut off after any of %zu characters: nonsense", strlen(text));
}

static void test_newer_table(void)
{
	static const char text[] =
		"dropped colour bytes pages max_age refaulted bucket min_age incompressible written\n"
		"1 red,/ 4012345 3308 30 2 0 0 7 10\n"
		"0 -5% 600 5 inf 0 1 30 0 0\n";
	struct age_table table;
	const struct age_bucket *bucket = table.bucket;

	CHECK(!parse_age_text(text, &table) && table.nr == 2, "other order, one column more");
	CHECK(bucket[0].min_age == 0 && bucket[0].max_age == 30 && bucket[0].pages == 3308 &&
	      bucket[0].bytes == 4012345 && bucket[0].incompressible == 7 &&
	      bucket[0].written == 10 && bucket[0].refaulted == 2 && bucket[0].dropped == 1,
	      "each is found");
	CHECK(!parse_age_text("bucket min_age max_age pages bytes incompressible\n"
			       "0 0 inf 1 2 0\n", &table) &&
	      table.bucket[0].written == -ENOENT && table.bucket[0].refaulted == -ENOENT &&
	      table.bucket[0].dropped == -ENOENT, "without fates they are not known");
	CHECK(!parse_age_text(HEADER FIRST LAST, &table) && table.bucket[0].loaded == -ENOENT,
	      "without the column of loads they are not known");
	CHECK(!parse_age_text(NEW_HEADER "0 0 inf 1 2 0 3 6 5 4\n", &table) &&
	      table.bucket[0].loaded == 3 && table.bucket[0].written == 6 &&
	      table.bucket[0].refaulted == 5 && table.bucket[0].dropped == 4,
	      "and with it they are");
	CHECK(parse_age_text(NEW_HEADER "0 0 inf 1 2 0 x 6 5 4\n", &table) == -EINVAL,
	      "if they are numbers");
	CHECK(!parse_age_text("bucket  min_age\tmax_age pages bytes incompressible \n"
			       " 0 0 \t inf 1 2 0 \n", &table), "blanks more than one");
}

static void test_bad_tables(void)
{
	static const struct {
		const char *what, *text;
		int err;
	} tables[] = {
		{ "nothing", "", -EINVAL },
		{ "an empty line", "\n", -EINVAL },
		{ "no record", HEADER, -EINVAL },
		{ "no header", FIRST LAST, -EINVAL },
		{ "a column less", "bucket min_age max_age pages incompressible\n0 0 inf 1 0\n",
		  -EINVAL },
		{ "a column twice",
		  "bucket min_age max_age pages bytes incompressible pages\n0 0 inf 1 2 0 1\n",
		  -EINVAL },
		{ "a field less", HEADER "0 0 inf 1 2 0 0 0\n", -EINVAL },
		{ "a field more", HEADER "0 0 inf 1 2 0 0 0 0 0\n", -EINVAL },
		{ "an empty line behind", HEADER "0 0 inf 1 2 0 0 0 0\n\n", -EINVAL },
		{ "negative", HEADER "0 0 inf -1 2 0 0 0 0\n", -EINVAL },
		{ "too large", HEADER "0 0 inf 9223372036854775808 2 0 0 0 0\n", -ERANGE },
		{ "much too large", HEADER "0 0 inf 1 2 0 0 0 18446744073709551616\n", -ERANGE },
		{ "not a number", HEADER "0 0 inf 1x 2 0 0 0 0\n", -EINVAL },
		{ "infinite pages", HEADER "0 0 inf inf 2 0 0 0 0\n", -EINVAL },
		{ "another infinity", HEADER "0 0 infinity 1 2 0 0 0 0\n", -EINVAL },
		{ "no end", HEADER FIRST "1 30 60 5 600 0 0 0 0\n", -EINVAL },
		{ "an end too early", HEADER "0 0 inf 1 2 0 0 0 0\n" LAST, -EINVAL },
		{ "out of order", HEADER LAST FIRST, -EINVAL },
		{ "a bucket twice", HEADER FIRST FIRST LAST, -EINVAL },
		{ "a gap of ages", HEADER FIRST "1 31 inf 5 600 0 0 0 0\n", -EINVAL },
		{ "a bucket left out", HEADER FIRST "2 30 inf 5 600 0 0 0 0\n", -EINVAL },
		{ "an empty bucket of ages", HEADER "0 30 30 1 2 0 0 0 0\n", -EINVAL },
		{ "a bucket far away", HEADER FIRST "4294967297 30 inf 5 600 0 0 0 0\n", -ERANGE },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		struct age_table table = { .nr = UNTOUCHED };
		int err = parse_age_text(tables[i].text, &table);

		CHECK(err == tables[i].err && table.nr == UNTOUCHED, "table with %s: %d",
		      tables[i].what, err);
	}
}

/* A table of @nr buckets, with @extra columns in front. */
static char *make_table(int nr, int extra)
{
	char *text = xstrdup(""), *longer;
	int line, i;

	for (line = -1; line < nr; line++) {
		for (i = 0; i < extra; i++) {
			longer = xasprintf("%s%s ", text, line < 0 ? "new" : "1");
			free(text);
			text = longer;
		}
		if (line < 0)
			longer = xasprintf("%s" HEADER, text);
		else if (line == nr - 1)
			longer = xasprintf("%s%d %d inf 1 2 0 0 0 0\n", text, line, line);
		else
			longer = xasprintf("%s%d %d %d 1 2 0 0 0 0\n", text, line, line, line + 1);
		free(text);
		text = longer;
	}
	return text;
}

static void test_table_limits(void)
{
	static const char rest[] = " 0 0 0 0 0\n";
	struct age_table table;
	char *text, *end;

	text = make_table(AGE_BUCKETS_MAX, 0);
	CHECK(!parse_age_text(text, &table) && table.nr == AGE_BUCKETS_MAX, "%d buckets",
	      AGE_BUCKETS_MAX);
	free(text);
	text = make_table(AGE_BUCKETS_MAX + 1, 0);
	CHECK(parse_age_text(text, &table) == -ERANGE, "and one more");
	free(text);
	text = make_table(2, 20);
	CHECK(!parse_age_text(text, &table) && table.nr == 2, "20 columns more");
	free(text);
	text = make_table(2, 1000);
	CHECK(parse_age_text(text, &table) == -EINVAL, "what we need behind 1000 columns");
	free(text);

	text = xcalloc(1 << 20, 1);
	memset(text, '1', (1 << 20) - 1);
	CHECK(parse_age_text(text, &table) == -EINVAL, "a million digits for a header");
	end = stpcpy(text, HEADER "0 0 inf 1 ");
	*end = '1';
	memcpy(text + (1 << 20) - sizeof(rest), rest, sizeof(rest));
	CHECK(parse_age_text(text, &table) == -ERANGE, "a million digits for a number");
	memset(text, ' ', (1 << 20) - 1);
	CHECK(parse_age_text(text, &table) == -EINVAL, "a million blanks");
	memset(text, '\n', (1 << 20) - 1);
	CHECK(parse_age_text(text, &table) == -EINVAL, "a million lines");
	free(text);
}

/* ---- the table of cgroups ---- */

#define CGROUPS	"cgroup node bucket min_age max_age pages bytes incompressible path\n"

struct seen {
	int nr, stop;
	struct cgroup_record record[4];
};

static int see(const struct cgroup_record *record, void *data)
{
	struct seen *seen = data;

	if (seen->nr < 4)
		seen->record[seen->nr] = *record;
	return ++seen->nr == seen->stop ? 42 : 0;
}

static void test_cgroups(void)
{
	char text[] = CGROUPS
		"20 0 3 120 300 6205 7012345 1 /redis\n"
		"9223372036854775807 3 15 259200 inf 1 2 0 /with blanks  and \\x2d \n"
		"1 0 0 0 30 9 8 7 /\n";
	char loaded[] =
		"cgroup node bucket min_age max_age pages bytes incompressible loaded path\n"
		"20 0 3 120 300 0 0 0 12 /a b\n";
	char again[sizeof(text)];
	struct seen seen = {};
	const struct cgroup_record *record = seen.record;

	memcpy(again, text, sizeof(text));
	CHECK(!parse_cgroup_table(text, see, &seen) && seen.nr == 3, "three records");
	CHECK(record[0].id == 20 && record[0].node == 0 && record[0].bucket == 3 &&
	      record[0].row.min_age == 120 && record[0].row.max_age == 300 && record[0].row.pages == 6205 &&
	      record[0].row.bytes == 7012345 && record[0].row.incompressible == 1, "numbers of the first");
	CHECK(!strcmp(record[0].path, "/redis"), "its path");
	CHECK(record[1].id == INT64_MAX && record[1].node == 3 && record[1].bucket == 15 &&
	      record[1].row.max_age == AGE_NO_BOUND, "the largest id, the last bucket");
	CHECK(!strcmp(record[1].path, "/with blanks  and \\x2d "), "blanks belong to the path");
	CHECK(!strcmp(record[2].path, "/"), "the root");

	CHECK(record[0].row.loaded == -ENOENT, "without the column of loads they are not known");
	seen = (struct seen) { .nr = 0 };
	CHECK(!parse_cgroup_table(loaded, see, &seen) && seen.nr == 1 &&
	      record[0].row.pages == 0 && record[0].row.loaded == 12 &&
	      !strcmp(record[0].path, "/a b"), "nothing there, but something was loaded");

	seen = (struct seen) { .stop = 2 };
	CHECK(parse_cgroup_table(again, see, &seen) == 42 && seen.nr == 2, "stopped on demand");
}

static void test_odd_cgroups(void)
{
	static const struct {
		const char *what, *text;
		int err, nr;
	} tables[] = {
		{ "nothing", "", -EINVAL, 0 },
		{ "no record", CGROUPS, 0, 0 },
		{ "a new column",
		  "cgroup new node bucket min_age max_age pages bytes incompressible path\n"
		  "20 x 0 3 120 300 1 2 0 /a b\n", 0, 1 },
		{ "other order",
		  "bytes pages max_age min_age bucket node incompressible cgroup path\n"
		  "2 1 300 120 3 0 0 20 /a b\n", 0, 1 },
		{ "no path in it",
		  "cgroup node bucket min_age max_age pages bytes incompressible\n"
		  "20 0 3 120 300 1 2 0\n", -EINVAL, 0 },
		{ "the path not last",
		  "path cgroup node bucket min_age max_age pages bytes incompressible\n"
		  "/a 20 0 3 120 300 1 2 0\n", -EINVAL, 0 },
		{ "a record without a path", CGROUPS "20 0 3 120 300 1 2 0\n", -EINVAL, 0 },
		{ "an empty path", CGROUPS "20 0 3 120 300 1 2 0 \n", -EINVAL, 0 },
		{ "a path cut off", CGROUPS "20 0 3 120 300 1 2 0 /red", -EINVAL, 0 },
		{ "the second record cut off",
		  CGROUPS "20 0 3 120 300 1 2 0 /a\n20 0", -EINVAL, 1 },
		{ "bucket 16", CGROUPS "20 0 16 120 300 1 2 0 /a\n", -ERANGE, 0 },
		{ "node -1", CGROUPS "20 -1 3 120 300 1 2 0 /a\n", -EINVAL, 0 },
		{ "a node too large", CGROUPS "20 9223372036854775808 3 120 300 1 2 0 /a\n", -ERANGE, 0 },
		{ "an id too large", CGROUPS "9223372036854775808 0 3 120 300 1 2 0 /a\n",
		  -ERANGE, 0 },
		{ "an id with a letter", CGROUPS "20x 0 3 120 300 1 2 0 /a\n", -EINVAL, 0 },
		{ "ages upside down", CGROUPS "20 0 3 300 120 1 2 0 /a\n", -EINVAL, 0 },
		{ "records in any order",
		  CGROUPS "20 0 3 120 300 1 2 0 /a\n" "19 1 2 60 120 1 2 0 /b\n"
		  "20 0 1 30 60 1 2 0 /a\n", 0, 3 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		char *text = xstrdup(tables[i].text);
		struct seen seen = {};
		int err = parse_cgroup_table(text, see, &seen);

		CHECK(err == tables[i].err && seen.nr == tables[i].nr,
		      "cgroups with %s: %d records, status %d", tables[i].what, seen.nr, err);
		if (seen.nr == 1 && !err)
			CHECK(seen.record[0].id == 20 && seen.record[0].row.pages == 1 &&
			      !strcmp(seen.record[0].path, "/a b"), "and the record is right");
		free(text);
	}
}

/* ---- keys ---- */

static void test_keys(void)
{
	static const char stat[] =
		"anon 4096\nanon_thp 8192\nfile 0\nbad x\nbig 9223372036854775808\nneg -1\n"
		"MemTotal:       16384 kB\nNode 0 MemFree:  99 kB\nempty\nempty2 \nlast 12";
	static const struct {
		const char *key;
		num value;
	} keys[] = {
		{ "anon", 4096 }, { "anon_thp", 8192 }, { "file", 0 }, { "MemTotal", 16384 },
		{ "Node 0 MemFree", 99 }, { "ano", -ENOENT }, { "MemFree", -ENOENT },
		{ "nothing", -ENOENT }, { "4096", -ENOENT }, { "bad", -EINVAL }, { "big", -ERANGE },
		{ "neg", -EINVAL }, { "empty", -ENOENT }, { "empty2", -EINVAL },
		{ "last", -EINVAL },
	};
	static const struct {
		const char *text;
		num value;
	} pressures[] = {
		{ "some avg10=0.00 avg60=1.50 avg300=0.00 total=123456\nfull avg10=0.00 total=7\n",
		  123456 },
		{ "full total=7\nsome new=1 total=8 more=9\n", 8 },
		{ "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", -EINVAL },
		{ "some avg10=0.00 avg60=0.00 avg300=0.00\nfull total=7\n", -EINVAL },
		{ "some total=", -EINVAL },
		{ "some total=12", -EINVAL },
		{ "some total=-1\n", -EINVAL },
		{ "some total=1.5\n", -EINVAL },
		{ "some xtotal=1\n", -EINVAL },
		{ "some total=18446744073709551615\n", -ERANGE },
		{ "sometimes total=5\n", -EINVAL },
		{ "", -EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		CHECK(parse_keyed(stat, keys[i].key) == keys[i].value, "key %s is %lld",
		      keys[i].key, keys[i].value);
	CHECK(parse_keyed("", "anon") == -ENOENT, "nothing has no key");
	CHECK(parse_keyed("anon", "anon") == -ENOENT, "a key without a blank");
	for (i = 0; i < ARRAY_SIZE(pressures); i++)
		CHECK(parse_pressure_some(pressures[i].text) == pressures[i].value,
		      "pressure %zu is %lld", i, pressures[i].value);
}

#define ANSWER	"scanned 10\nwritten 4\nreleased_bytes 5000\nskipped_young 1\nskipped_busy 2\n" \
		"skipped_protected 3\nskipped_gone 5\nfailed 6\n"

static void test_results(void)
{
	static const char whole[] = "status 0\n" ANSWER "coldest_left -1\nelapsed_us 1234\n";
	static const struct {
		const char *what, *text;
		int err;
	} answers[] = {
		{ "an error", "status -11\n" ANSWER "coldest_left 77\nelapsed_us 0\n", 0 },
		{ "a new line", "new x\nstatus 0\n" ANSWER "coldest_left 77\nelapsed_us 0\n", 0 },
		{ "no status", ANSWER "coldest_left -1\nelapsed_us 1234\n", -EINVAL },
		{ "a status above 0",
		  "status 1\n" ANSWER "coldest_left -1\nelapsed_us 1\n", -EINVAL },
		{ "a status below errnos", "status -4096\n" ANSWER "coldest_left 0\nelapsed_us 1\n",
		  -EINVAL },
		{ "a minus without a number", "status -\n" ANSWER "coldest_left 0\nelapsed_us 1\n",
		  -EINVAL },
		{ "two minuses", "status --1\n" ANSWER "coldest_left 0\nelapsed_us 1\n", -EINVAL },
		{ "an age of -2", "status 0\n" ANSWER "coldest_left -2\nelapsed_us 1\n", -EINVAL },
		{ "less than no time",
		  "status 0\n" ANSWER "coldest_left 0\nelapsed_us -1\n", -EINVAL },
		{ "a number too large",
		  "status 0\n" ANSWER "coldest_left 9223372036854775808\nelapsed_us 1\n", -ERANGE },
		{ "nothing", "", -EINVAL },
	};
	struct result result;
	char *cut;
	size_t i;

	CHECK(!parse_result(whole, &result), "an answer");
	CHECK(!result.status && result.count.scanned == 10 && result.count.written == 4 &&
	      result.count.released_bytes == 5000 && result.count.skipped_young == 1 &&
	      result.count.skipped_busy == 2 && result.count.skipped_protected == 3 &&
	      result.count.skipped_gone == 5 && result.count.failed == 6 && result.coldest_left == -1 &&
	      result.elapsed_us == 1234, "and all of its numbers");
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		struct result other = { .count.scanned = UNTOUCHED };
		int err = parse_result(answers[i].text, &other);

		CHECK(err == answers[i].err && other.count.scanned == (err ? UNTOUCHED : 10),
		      "answer with %s: %d", answers[i].what, err);
	}
	for (i = 0; i < strlen(whole); i++) {
		struct result other = {};
		int err;

		cut = xstrdup(whole);
		cut[i] = '\0';
		err = parse_result(cut, &other);
		free(cut);
		if (err != -EINVAL)
			break;
	}
	CHECK(i == strlen(whole), "an answer cut off after any of %zu characters", strlen(whole));
}

/* ---- format ---- */

static void test_formatted(const char *text, const char *wanted)
{
	CHECK(!strcmp(text, wanted), "'%s' reads '%s'", wanted, text);
}

static void test_owned(char *text, const char *wanted)
{
	test_formatted(text, wanted);
	free(text);
}

static void test_format(void)
{
	static const struct {
		num value;
		const char *text;
	} sizes[] = {
		{ 0, "0B" }, { 1, "1B" }, { 1023, "1023B" }, { 1024, "1K" }, { 1075, "1K" },
		{ 1076, "1.1K" }, { 1536, "1.5K" }, { 10188, "9.9K" }, { 10189, "10K" },
		{ 10240, "10K" }, { 10751, "10K" }, { 10752, "11K" }, { 1048063, "1023K" },
		{ 1048064, "1M" }, { 1 << 20, "1M" }, { 1288490189, "1.2G" }, { 64LL << 20, "64M" },
		{ 3LL << 40, "3T" }, { 5LL << 50, "5P" }, { INT64_MAX, "8E" }, { -1, "-" },
		{ -ENOENT, "-" },
	}, ages[] = {
		{ 0, "0s" }, { 30, "30s" }, { 60, "1m" }, { 90, "1m30s" }, { 300, "5m" },
		{ 3600, "1h" }, { 10800, "3h" }, { 3601, "1h1s" }, { 86400, "1d" },
		{ 259200, "3d" }, { 90061, "1d1h1m1s" },
		{ INT64_MAX - 1, "106751991167300d15h30m6s" },
		{ INT64_MAX, "inf" }, { -1, "-" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		test_formatted(format_size(sizes[i].value).text, sizes[i].text);
	for (i = 0; i < ARRAY_SIZE(ages); i++)
		test_formatted(format_age(ages[i].value).text, ages[i].text);

	test_formatted(format_percent(37, 1000).text, "3.7");
	test_formatted(format_percent(0, 1).text, "0.0");
	test_formatted(format_percent(1, 3).text, "33.3");
	test_formatted(format_percent(2, 3).text, "66.7");
	test_formatted(format_percent(9996, 10000).text, "100.0");
	test_formatted(format_percent(5, 0).text, "-");
	test_formatted(format_percent(5, -ENOENT).text, "-");
	test_formatted(format_percent(-EACCES, 5).text, "-");
	test_formatted(format_percent(INT64_MAX, INT64_MAX).text, "100.0");
	test_formatted(format_percent(INT64_MAX / 2, INT64_MAX).text, "50.0");
	test_formatted(format_percent(1, INT64_MAX).text, "0.0");
	test_formatted(format_percent(INT64_MAX / 1000, 1).text, "922337203685477632.0");
	test_formatted(format_percent(INT64_MAX, 1).text, "922337203685477580800.0");

	test_owned(format_bar(0, 8, 8, false), "");
	test_owned(format_bar(1, 8, 8, false), "#");
	test_owned(format_bar(8, 8, 8, false), "########");
	test_owned(format_bar(9, 8, 8, false), "########");
	test_owned(format_bar(1, 1000, 8, false), "#");
	test_owned(format_bar(1, 1000, 8, true), "\u2588");
	test_owned(format_bar(9, 16, 2, false), "#");
	test_owned(format_bar(2, 2, 2, true), "\xe2\x96\x88\xe2\x96\x88");
	test_owned(format_bar(INT64_MAX, INT64_MAX, 4, false), "####");
	test_owned(format_bar(INT64_MAX / 2, INT64_MAX, 4, true), "\xe2\x96\x88\xe2\x96\x88");
	test_owned(format_bar(5, 0, 4, false), "");
	test_owned(format_bar(-ENOENT, 5, 4, false), "");
	test_owned(format_bar(5, 5, 0, false), "");
}

/* All small ones, and then some 30,000 up to the largest. */
static num next_value(num value)
{
	num step = value < 200000 ? 1 : value / 1000;

	return value > INT64_MAX - step ? INT64_MAX : value + step;
}

/* What was printed can be typed. */
static void test_round_trips(void)
{
	num age, size, typed;
	int nr = 0;

	for (age = 0; age < INT64_MAX; age = next_value(age), nr++) {
		if (parse_age(format_age(age).text, &typed) || typed != age)
			break;
	}
	CHECK(age == INT64_MAX, "%d ages are what they are printed as; not %lld", nr, age);

	/* Rounded, but to what reads the same again; from 7.95E on "8E" is too large a number */
	for (size = 0; size < 7.95 * (1LL << 60); size = next_value(size)) {
		struct brief text = format_size(size);

		if (parse_size(text.text, &typed) || strcmp(format_size(typed).text, text.text) ||
		    llabs(typed - size) > size / 19)
			break;
	}
	CHECK(size >= 7.95 * (1LL << 60), "sizes are about what they are printed as; not %lld",
	      size);
}

/* One for each byte that is no part of a character. */
#define BAD	"\xef\xbf\xbd"

static void test_utf8(void)
{
	static const struct {
		const char *text, *copy, *printed;
	} names[] = {
		{ "/a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "/a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "/a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
		  "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf" },
		{ "\xed\xa0\x80", BAD BAD BAD, "\\xed\\xa0\\x80" },
		{ "\xed\xbf\xbf", BAD BAD BAD, "\\xed\\xbf\\xbf" },
		{ "\xf4\x90\x80\x80", BAD BAD BAD BAD, "\\xf4\\x90\\x80\\x80" },
		{ "\xc0\x80", BAD BAD, "\\xc0\\x80" },
		{ "\xc1\xbf", BAD BAD, "\\xc1\\xbf" },
		{ "\xe0\x9f\xbf", BAD BAD BAD, "\\xe0\\x9f\\xbf" },
		{ "\xf0\x8f\xbf\xbf", BAD BAD BAD BAD, "\\xf0\\x8f\\xbf\\xbf" },
		{ "\xe2\x82", BAD BAD, "\\xe2\\x82" },
		{ "\xc3x", BAD "x", "\\xc3x" },
		{ "\xff\x80y", BAD BAD "y", "\\xff\\x80y" },
		{ "\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD, "\\xf8\\x88\\x80\\x80\\x80" },
		{ "\x1b[m\n\x7f", "\x1b[m\n\x7f", "\\x1b[m\\x0a\\x7f" },
		{ "\xc2\x9bm\xc2\xa0", "\xc2\x9bm\xc2\xa0", "\\xc2\\x9bm\xc2\xa0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		test_owned(utf8_copy(names[i].text), names[i].copy);
		test_owned(utf8_printable(names[i].text, true), names[i].printed);
	}
	test_owned(utf8_printable("a\xc3\xa9", false), "a\\xc3\\xa9");
}

int main(void)
{
	test_numbers();
	test_nodes();
	test_table();
	test_newer_table();
	test_bad_tables();
	test_table_limits();
	test_cgroups();
	test_odd_cgroups();
	test_keys();
	test_results();
	test_format();
	test_round_trips();
	test_utf8();
	CHECK(amount_add(INT64_MAX - 1, 1) == INT64_MAX, "a sum that fits");
	CHECK(amount_add(INT64_MAX, INT64_MAX) == INT64_MAX, "and one that does not");
	return tap_done();
}
