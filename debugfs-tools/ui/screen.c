// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Redrawing a terminal in place, and putting it back in order whatever ends the program.
 *
 * Signals are blocked but for the time in which ppoll() waits, so that a handler only has
 * to set a flag, and none is lost between a look at the flag and the wait.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "system/parse.h"
#include "ui/screen.h"

/* Alternate screen, no cursor, lines that are too long are cut; and back. */
#define ENTER	"\033[?1049h\033[?25l\033[?7l"
#define LEAVE	"\033[?7h\033[?25h\033[?1049l"
#define HOME	"\033[H"
#define END_OF_LINE "\033[K"
#define END_OF_SCREEN "\033[J"

enum event { EVENT_TIME, EVENT_REDRAW, EVENT_QUIT, EVENT_SIGNAL };

static struct {
	bool live;		/* redraw in place */
	bool keys;		/* standard input is a terminal, too: saved is valid */
	bool entered;
	struct termios saved;
	sigset_t waiting;	/* blocked while ppoll() waits */
} screen;

static volatile sig_atomic_t end_flag, stop_flag, redraw_flag;

static void on_signal(int signal)
{
	if (signal == SIGTSTP)
		stop_flag = 1;
	else if (signal == SIGCONT || signal == SIGWINCH)
		redraw_flag = 1;
	else
		end_flag = 1;
}

static void enter(void)
{
	struct termios keys = screen.saved;

	if (!screen.live)
		return;
	if (screen.keys) {
		keys.c_lflag &= ~(ICANON | ECHO);
		keys.c_cc[VMIN] = 1;
		keys.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
	}
	fputs(ENTER, stdout);
	fflush(stdout);
	screen.entered = true;
}

static void leave(void)
{
	if (!screen.entered)
		return;
	screen.entered = false;
	fputs(LEAVE, stdout);
	fflush(stdout);
	if (screen.keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &screen.saved);
}

static void begin(bool live)
{
	static const int list[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH,
	};
	static bool registered;
	struct sigaction old, action = { .sa_handler = on_signal };
	sigset_t blocked;

	screen.live = live;
	screen.keys = live && !tcgetattr(STDIN_FILENO, &screen.saved);
	sigemptyset(&blocked);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		sigaddset(&blocked, list[i]);
	sigprocmask(SIG_BLOCK, &blocked, &screen.waiting);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		sigdelset(&screen.waiting, list[i]);
		/* What the caller has us ignore (nohup) stays ignored. */
		sigaction(list[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(list[i], &action, NULL);
	}
	if (!registered)
		atexit(leave);
	registered = true;
	enter();
}

/* As the shell expects it of any other program, with the terminal in order meanwhile. */
static void stop(void)
{
	struct sigaction ours, standard = { .sa_handler = SIG_DFL };
	sigset_t set;

	leave();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	sigaction(SIGTSTP, &standard, &ours);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Here the program stands still until SIGCONT. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGTSTP, &ours, NULL);
}

/*
 * The key that *@text begins with, which is moved behind it.  A sequence that is not known is none of
 * the characters that it is made of.
 */
static int decode_key(const char **text)
{
	static const struct {
		const char *sent;
		int key;
	} keys[] = {
		{ "\033[A", SCREEN_UP }, { "\033[B", SCREEN_DOWN },
		{ "\033OA", SCREEN_UP }, { "\033OB", SCREEN_DOWN },
		{ "\033[5~", SCREEN_PAGE_UP }, { "\033[6~", SCREEN_PAGE_DOWN },
		{ "\033[H", SCREEN_HOME }, { "\033[F", SCREEN_END },
		{ "\033OH", SCREEN_HOME }, { "\033OF", SCREEN_END },
		{ "\033[1~", SCREEN_HOME }, { "\033[4~", SCREEN_END },
	};
	const char *from = *text;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t length = strlen(keys[i].sent);

		if (strncmp(from, keys[i].sent, length))
			continue;
		*text += length;
		return keys[i].key;
	}
	*text += *from == '\033' ? strlen(from) : 1;
	return *from == '\033' && from[1] ? SCREEN_OTHER : (unsigned char)*from;
}

/* Returns whether to go on. */
static bool take_keys(const struct screen_view *view, const char *text, bool *redraw)
{
	while (*text) {
		int key = decode_key(&text);

		if (view->key && view->key(view->data, key))
			*redraw = true;
		else if (key == 'q' || key == 'Q')
			return false;
	}
	return true;
}

/* The next event until @deadline. */
static enum event wait_event(const struct screen_view *view, num deadline)
{
	for (;;) {
		struct pollfd key = { .fd = screen.keys ? STDIN_FILENO : -1, .events = POLLIN };
		struct timespec timeout = clock_until(deadline);
		char text[64];
		bool redraw = false;
		int nr;

		nr = ppoll(&key, 1, &timeout, &screen.waiting);
		if (end_flag)
			return EVENT_SIGNAL;
		if (stop_flag || redraw_flag) {
			if (stop_flag)
				stop();
			stop_flag = 0;
			redraw_flag = 0;
			/* Whoever had the terminal meanwhile may have changed it. */
			enter();
			if (screen.live)
				return EVENT_REDRAW;
			continue;
		}
		if (nr > 0) {
			nr = read(STDIN_FILENO, text, sizeof(text) - 1);
			/* The end of the file: the terminal is gone. */
			if (nr <= 0)
				return EVENT_QUIT;
			text[nr] = '\0';
			if (!take_keys(view, text, &redraw))
				return EVENT_QUIT;
			if (redraw)
				return EVENT_REDRAW;
		} else if (nr == 0 && clock_us() >= deadline) {
			return EVENT_TIME;
		}
	}
}

static void terminal_size(int *lines, int *width)
{
	struct winsize size;

	*lines = 0;
	*width = 0;
	if (!screen.live)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	*lines = size.ws_row;
	*width = size.ws_col;
}

static void show_live(const char *text, int lines)
{
	int line;

	fputs(HOME, stdout);
	/* A line is wiped before it is written: behind a full one there is no place for it. */
	for (line = 0; line < lines && *text; line++) {
		size_t length = strcspn(text, "\n");

		printf("%s" END_OF_LINE "%.*s", line ? "\n" : "", (int)length, text);
		text += length;
		text += *text == '\n';
	}
	if (line < lines)
		fputs("\n" END_OF_SCREEN, stdout);
}

/* Returns 0 or a negative errno. */
static int show(const struct screen_view *view, bool first)
{
	int lines, width;
	char *text;

	terminal_size(&lines, &width);
	text = view->draw(view->data, lines, width);
	if (screen.live)
		show_live(text, lines);
	else
		printf("%s%s", first ? "" : "\n", text);
	free(text);
	if (fflush(stdout))
		return -errno;
	return ferror(stdout) ? -EIO : 0;
}

int screen_run(const struct context *context, const struct screen_view *view)
{
	bool live = isatty(STDOUT_FILENO) && !context->watch_dumb &&
		    !context->output.json && !context->output.raw;
	int result = view->look(view->data);
	num deadline;

	if (result)
		return result;
	begin(live);
	deadline = clock_us();
	for (num round = 1;; round++) {
		enum event event = EVENT_REDRAW;
		/* On a terminal the last one has its time, too, before it is wiped away. */
		bool last = view->iterations && round >= view->iterations;

		deadline += view->seconds * 1000000;
		/* Whoever was stopped for long does not run to catch up. */
		if (deadline < clock_us())
			deadline = clock_us() + view->seconds * 1000000;
		for (bool first = round == 1; event == EVENT_REDRAW; first = false) {
			if (show(view, first)) {
				/* options_main() says it. */
				result = EX_FAILED;
				goto out;
			}
			if (last && !live)
				goto out;
			event = wait_event(view, deadline);
		}
		if (event == EVENT_SIGNAL)
			result = EX_INTERRUPTED;
		if (event != EVENT_TIME || last)
			goto out;
		result = view->look(view->data);
		if (result)
			goto out;
	}
out:
	leave();
	return result;
}
