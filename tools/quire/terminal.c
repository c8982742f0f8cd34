// SPDX-License-Identifier: MIT
#include "terminal.h"

#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE 1 /* Ctrl-A */

static struct termios saved;
static volatile bool is_raw;

void terminal_restore(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	is_raw = false;
}

bool terminal_raw(void)
{
	struct termios raw;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved))
		return false;
	raw = saved;
	cfmakeraw(&raw);
	raw.c_oflag |= OPOST; /* our own sentences; the guest sends CR LF itself */
	atexit(terminal_restore);
	is_raw = true;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	return true;
}

size_t terminal_filter(char *buf, size_t n, bool *leave)
{
	static bool escaped;
	size_t out = 0;

	for (size_t i = 0; i < n; i++) {
		if (escaped) {
			escaped = false;
			if (buf[i] == 'x' || buf[i] == 'X') {
				*leave = true;
				return out;
			}
			buf[out++] = buf[i];
		} else if (buf[i] == ESCAPE) {
			escaped = true;
		} else {
			buf[out++] = buf[i];
		}
	}
	return out;
}
