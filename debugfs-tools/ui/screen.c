// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Redrawing a terminal in place, and putting it back in order whatever ends the program.
 *
 * Signals are blocked, and read from a descriptor while keys are waited for: there is no handler.
 */
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "ui/screen.h"

/* Alternate screen, no cursor, lines that are too long are cut; and back. */
#define ENTER	"\033[?1049h\033[?25l\033[?7l"
#define LEAVE	"\033[?7h\033[?25h\033[?1049l"
#define HOME	"\033[H"
#define END_OF_LINE "\033[K"
#define END_OF_SCREEN "\033[J"

enum event { EVENT_TIME, EVENT_REDRAW, EVENT_QUIT, EVENT_SIGNAL, EVENT_FAILED };

static struct {
	bool terminal;		/* has a width */
	bool live;		/* redraw in place */
	bool keys;		/* standard input is a terminal, too: saved is valid */
	bool entered;
	struct termios saved;
	int signals;		/* descriptor that they are read from */
} screen;

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
	struct sigaction action;
	sigset_t set;

	screen.live = live;
	screen.keys = live && !tcgetattr(STDIN_FILENO, &screen.saved);
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		/* What the caller has us ignore (nohup) stays ignored. */
		sigaction(list[i], NULL, &action);
		if (action.sa_handler != SIG_IGN)
			sigaddset(&set, list[i]);
	}
	/* Signals that nobody could read would only be kept from ending the program */
	screen.signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (screen.signals >= 0)
		sigprocmask(SIG_BLOCK, &set, NULL);
	atexit(leave);
	enter();
}

/* As the shell expects it of any other program, with the terminal in order meanwhile. */
static void stop(void)
{
	sigset_t set;

	leave();
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* Here the program stands still until SIGCONT. */
	sigprocmask(SIG_BLOCK, &set, NULL);
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
static bool take_keys(const struct screen_view *view, const char *text)
{
	while (*text) {
		int key = decode_key(&text);

		if (!(view->key && view->key(view->data, key)) && (key == 'q' || key == 'Q'))
			return false;
	}
	return true;
}

/* The next event until @deadline. */
static enum event wait_event(const struct screen_view *view, num deadline)
{
	struct pollfd from[] = {
		{ .fd = screen.signals, .events = POLLIN },
		{ .fd = screen.keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	struct timespec timeout = clock_until(deadline);
	int nr = ppoll(from, ARRAY_SIZE(from), &timeout, NULL);
	struct signalfd_siginfo signal;
	char text[64];

	if (nr <= 0)
		return clock_us() >= deadline ? EVENT_TIME : EVENT_REDRAW;
	if (!from[0].revents) {
		nr = read(STDIN_FILENO, text, sizeof(text) - 1);
		/* The end of the file: the terminal is gone. */
		text[nr > 0 ? nr : 0] = '\0';
		return nr > 0 && take_keys(view, text) ? EVENT_REDRAW : EVENT_QUIT;
	}
	if (read(screen.signals, &signal, sizeof(signal)) != sizeof(signal))
		return EVENT_QUIT;
	if (signal.ssi_signo == SIGTSTP)
		stop();
	else if (signal.ssi_signo != SIGCONT && signal.ssi_signo != SIGWINCH)
		return EVENT_SIGNAL;
	/* Whoever had the terminal meanwhile may have changed it. */
	enter();
	return EVENT_REDRAW;
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

/* Returns false if it could not be written, which options_main() says. */
static bool show(const struct context *context, const struct screen_view *view, bool first)
{
	struct table *table = table_new(context->view, &context->output);
	autofree char *above = NULL, *body = NULL, *text = NULL;
	struct winsize size = { .ws_row = 0 };
	int lines;

	if (screen.terminal && (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ||
				!size.ws_col))
		size = (struct winsize){ .ws_row = 24, .ws_col = table_width(table) };
	lines = screen.live ? size.ws_row : 0;
	above = view->put(view->data, table, lines, size.ws_col);
	body = table_render(table, size.ws_col);
	table_free(table);
	text = xasprintf("%s%s", above ?: "", body);
	if (screen.live)
		show_live(text, lines);
	else
		printf("%s%s", first ? "" : "\n", text);
	return !fflush(stdout) && !ferror(stdout);
}

int screen_run(const struct context *context, const struct screen_view *view)
{
	num period = view->seconds * 1000000, deadline;
	int result = view->look(view->data);

	if (result)
		return options_say_unreadable(&context->source, result);
	if (!view->seconds) {
		view->put(view->data, context->table, 0, 0);
		table_print(context->table);
		return EX_DONE;
	}
	screen.terminal = isatty(STDOUT_FILENO) && !context->output.json && !context->output.raw;
	begin(screen.terminal && !context->watch_dumb);
	deadline = clock_us();
	for (num round = 1; !result; round++) {
		/* On a terminal the last one has its time, too, before it is wiped away. */
		bool last = view->iterations && round >= view->iterations, shown = false;
		enum event event = EVENT_REDRAW;

		deadline += period;
		/* Whoever was stopped for long does not run to catch up. */
		if (deadline < clock_us())
			deadline = clock_us() + period;
		while (event == EVENT_REDRAW) {
			if ((screen.live || !shown) && !show(context, view, round == 1))
				event = EVENT_FAILED;
			else if (last && !screen.live)
				event = EVENT_QUIT;
			else
				event = wait_event(view, deadline);
			shown = true;
		}
		if (event == EVENT_SIGNAL || event == EVENT_FAILED)
			result = event == EVENT_SIGNAL ? EX_INTERRUPTED : EX_FAILED;
		else if (event == EVENT_QUIT || last)
			break;
		else
			result = view->look(view->data);
	}
	leave();
	return result < 0 ? options_say_unreadable(&context->source, result) : result;
}
