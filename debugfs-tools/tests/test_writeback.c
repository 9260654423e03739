// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The subcommands writeback and readback with a kernel that is played here: which commands it gets,
 * what is drawn between them on a terminal, and what is written to the kernel's files.
 */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/commands.h"
#include "system/amount.h"
#include "tap.h"
#include "tree.h"

#define MIB		(1LL << 20)
#define RATIO		4	/* what pages compress to */
#define WORDS_MAX	8

/* The kernel, in the child; the linker sends all calls here. */
static struct kernel {
	num cold;		/* bytes of page data that there are */
	num free;		/* bytes of memory, --until-free's */
	int signal_at;		/* the command at which a signal comes, from 1 on; 0: none */
	bool late;		/* it comes when that one is done */
	int commands;
	const char *tree;	/* the root: its files get the commands; NULL: it is played */
	int width;		/* of a terminal for standard output, too, all of which is seen */
} kernel;

int __wrap_system_supported(const struct source *source)
{
	(void)source;
	return 0;
}

num __wrap_system_free_memory(const struct source *source, uint64_t nodes)
{
	(void)source;
	(void)nodes;
	return kernel.free;
}

static num least(num a, num b)
{
	return b >= 0 && b < a ? b : a;
}

int __real_transaction_run(const struct source *source, const struct command *command,
			   struct transaction *transaction);

/* "<" and the command and ">" are seen between what is drawn. */
int __wrap_transaction_run(const struct source *source, const struct command *command,
			   struct transaction *transaction)
{
	bool back = command->readback, ends;
	num bytes = least(least(kernel.cold, command->max), command->max_compressed < 0 ? -1 :
			  command->max_compressed * RATIO);
	char *text = transaction_text(command);
	struct counters *count = &transaction->result.count;

	if (kernel.tree) {
		free(text);
		return __real_transaction_run(source, command, transaction);
	}
	ends = !command->dry_run && ++kernel.commands == kernel.signal_at;
	fprintf(stderr, "<%s%s>", back ? "back " : "", text);
	fflush(stderr);
	free(text);
	if (ends)
		raise(SIGTERM);
	/* It ends half-way */
	if (ends && !kernel.late)
		bytes /= 2;
	*transaction = (struct transaction){ .asked = true, .result.coldest_left = -1 };
	*(back ? &count->readback : &count->written) = bytes / amount_page_size();
	count->released_bytes = bytes / RATIO;
	if (!command->dry_run) {
		kernel.cold -= bytes;
		kernel.free += bytes / RATIO;
	}
	return ends && !kernel.late ? -EINTR : bytes ? 0 : -EAGAIN;
}

/*
 * What was seen, shorter, to be freed: commands as they are, and of each line that was drawn the
 * size and the percentage: no rate, which is another one each time.
 */
static char *shorten(const char *text)
{
	char *seen = xstrdup("");

	for (; *text; text++) {
		const char *percent;

		if (*text == '<') {
			xappend(&seen, "%.*s", (int)strcspn(text, ">") + 1, text);
		} else if (*text == '\r' && text[1] >= '0' && text[1] <= '9') {
			percent = strstr(text, "/s, ");
			xappend(&seen, "[%.*s%s%.*s]", (int)strcspn(text + 1, ","), text + 1,
				percent && percent < strchr(text, '\033') ? " " : "",
				percent && percent < strchr(text, '\033') ?
				(int)strcspn(percent + 4, " ") : 0, percent ? percent + 4 : "");
		}
	}
	return seen;
}

/* Returns the exit status; *@seen, to be freed, is what came on standard error. */
static int run(const char *line, bool terminal, struct kernel as, char **seen)
{
	static const struct subcommand *const list[] = {
		&writeback_subcommand, &readback_subcommand, NULL
	};
	autofree char *words = xstrdup(line), *text = xcalloc(1, 65536);
	char *argv[WORDS_MAX + 1] = { (char *)"zswapctl" }, *rest = words;
	const struct winsize size = { .ws_row = 50, .ws_col = as.width };
	int from, to, pipes[2], argc = 1, status;
	size_t length = 0;
	ssize_t nr;
	pid_t pid;

	while (argc < WORDS_MAX && (argv[argc] = strsep(&rest, " ")))
		argc++;
	if (terminal ? openpty(&from, &to, NULL, NULL, as.width ? &size : NULL) : pipe(pipes))
		abort();
	if (!terminal) {
		from = pipes[0];
		to = pipes[1];
	}
	fflush(stdout);
	pid = fork();
	if (!pid) {
		kernel = as;
		setenv("TERM", "vt100", 1);
		setenv("NO_COLOR", "1", 1);
		unsetenv("COLUMNS");
		if (dup2(to, STDERR_FILENO) < 0 || !freopen("/dev/null", "we", stdout) ||
		    (as.width && dup2(to, STDOUT_FILENO) < 0) ||
		    (as.tree && (chroot(as.tree) || chdir("/"))))
			_exit(100);
		status = options_main(argc, argv, list);
		fflush(NULL);
		_exit(status);
	}
	close(to);
	while (length < 65535 && (nr = read(from, text + length, 65535 - length)) > 0)
		length += nr;
	close(from);
	waitpid(pid, &status, 0);
	*seen = as.width ? xstrdup(text) : shorten(text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static void check(const char *line, bool terminal, struct kernel as, int status, const char *wanted)
{
	char *seen;
	int got = run(line, terminal, as, &seen);
	bool good = got == status && !strcmp(seen, wanted);

	CHECK(good, "%s%s%s", line, terminal ? "" : ", no terminal",
	      as.signal_at ? ", and a signal" : "");
	if (!good)
		printf("# %d, %s\n", got, seen);
	free(seen);
}

/* The text that @file, one of the kernel's, gets by @line. */
static void check_file(const char *line, const char *file, const char *wanted)
{
	char *tree = tree_new(), *path = xasprintf("%s%s", tree, file), *seen, text[256] = "";
	FILE *stream;

	tree_file(tree, file, "");
	/* Standard files that are closed are looked for there */
	tree_file(tree, "/dev/null", "");
	if (run(line, false, (struct kernel){ .tree = tree }, &seen) == 100) {
		printf("# only root can see what is written to %s\n", file);
	} else {
		stream = fopen(path, "re");
		text[stream ? fread(text, 1, sizeof(text) - 1, stream) : 0] = '\0';
		CHECK(stream && !strcmp(text, wanted), "%s: %s gets '%s'", line, file, text);
		if (stream)
			fclose(stream);
	}
	free(seen);
	free(path);
	tree_remove(tree);
}

/* Its table fits @width columns, and @headings stand alone above @rows. */
static void check_width(const char *line, int width, const char *headings, int rows)
{
	char *seen, *rest, *row, *word;
	autofree char *found = xstrdup("");
	int nr = -1, widest = 0;

	run(line, true, (struct kernel){ .cold = 200 * MIB, .width = width }, &seen);
	for (rest = seen; (row = strsep(&rest, "\n")) && *row; nr++) {
		row[strcspn(row, "\r")] = '\0';
		/* The command that the kernel got comes first */
		if (strchr(row, '>'))
			memmove(row, strrchr(row, '>') + 1, strlen(strrchr(row, '>')));
		if ((int)strlen(row) > widest)
			widest = strlen(row);
		while (nr < 0 && (word = strsep(&row, " ")))
			xappend(&found, *word ? " %s" : "%s", word);
	}
	CHECK(widest <= width && nr == rows && !strcmp(found, headings),
	      "%s in %d columns: at most %d, %d rows below%s", line, width, widest, nr, found);
	free(seen);
}

#define COUNT	"<age=3600 dry_run=1>"
#define PART	"<age=3600 max=67108864>"

int main(void)
{
	const struct kernel much = { .cold = 200 * MIB }, none = { .cold = 0 };

	check("writeback --age 1h", true, much, EX_DONE,
	      COUNT PART "[64M 32]" PART "[128M 64]" PART "[192M 96]" PART "[200M 100]");
	check("writeback --age 1h", false, much, EX_DONE, "<age=3600>");
	check("writeback --age 1h --quiet", true, much, EX_DONE, "<age=3600>");
	check("writeback --age 1h --dry-run", true, much, EX_DONE, "<age=3600 dry_run=1>");
	check("writeback --age 1h", true, none, EX_NOTHING, COUNT PART);
	check("writeback --age 1h --max 100M", true, much, EX_DONE,
	      "<age=3600 max=104857600 dry_run=1>" PART
	      "[64M 64]<age=3600 max=37748736>[100M 100]");
	/* A whole number of parts: whether that was all, only the kernel knows */
	check("writeback --age 1h", true, (struct kernel){ .cold = 64 * MIB }, EX_DONE,
	      COUNT PART "[64M 100]" PART);
	check("writeback --max-compressed 20M", true, much, EX_DONE,
	      "<max_compressed=20971520 dry_run=1><max=67108864 max_compressed=20971520>[64M 80]"
	      "<max=67108864 max_compressed=4194304>[80M 100]");
	/* No dry run says how much there is to be read */
	check("readback --max 100M", true, much, EX_DONE,
	      "<back max=67108864>[64M 64]<back max=37748736>[100M 100]");

	check("writeback --age 1h", true,
	      (struct kernel){ .cold = 200 * MIB, .signal_at = 2 }, EX_INTERRUPTED,
	      COUNT PART "[64M 32]" PART);
	check("writeback --age 1h", true,
	      (struct kernel){ .cold = 200 * MIB, .signal_at = 2, .late = true }, EX_INTERRUPTED,
	      COUNT PART "[64M 32]" PART "[128M 64]");

	check("writeback --age 1h --until-free 1G", false,
	      (struct kernel){ .cold = 1024 * MIB, .free = 900 * MIB }, EX_DONE,
	      "<age=3600 max_compressed=67108864><age=3600 max_compressed=62914560>");
	check("writeback --age 1h --until-free 1G", false,
	      (struct kernel){ .cold = 1024 * MIB, .free = 1024 * MIB - 4096 }, EX_DONE,
	      "<age=3600 max_compressed=1048576>");
	check("writeback --age 1h --until-free 1G", false,
	      (struct kernel){ .cold = 64 * MIB, .free = 900 * MIB }, EX_NOTHING,
	      "<age=3600 max_compressed=67108864><age=3600 max_compressed=67108864>");
	check("writeback --until-free 1G --max 40M", true,
	      (struct kernel){ .cold = 1024 * MIB, .free = 900 * MIB }, EX_NOTHING,
	      "<max=41943040 max_compressed=67108864>[40M]");
	check("writeback --until-free 1G", false,
	      (struct kernel){ .free = 1024 * MIB }, EX_DONE, "");

	check_width("writeback --age 1h -q", 80, " OUTCOME PAGES SIZE MEANING", 7);
	check_width("writeback --age 1h -q", 40, " OUTCOME PAGES SIZE", 7);
	check_width("readback --max 100M -q", 80, " OUTCOME PAGES SIZE MEANING", 2);
	check_width("readback --max 100M -q", 40, " OUTCOME PAGES SIZE", 2);

	check_file("writeback --age 1h --rate 10M", SYS_DEBUGFS "/writeback",
		   "age=3600 rate=10485760");
	check_file("writeback --age 1h --rate 10M", SYS_ZSWAP "/proactive_writeback",
		   "age=3600 rate=10485760");
	check_file("writeback --max 1G --rate 1.5M", SYS_ZSWAP "/proactive_writeback",
		   "max=1073741824 rate=1572864");
	check_file("readback --rate 10M", SYS_ZSWAP "/proactive_readback", "rate=10485760");
	check_file("readback --max 1G --rate 64K", SYS_ZSWAP "/proactive_readback",
		   "max=1073741824 rate=65536");
	return tap_done();
}
