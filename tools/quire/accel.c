// SPDX-License-Identifier: MIT
/*
 * Choosing the accelerator. A KVM device that exists proves nothing: nested ones run small guests
 * and hang large ones. So "auto" boots this very kernel on this kind of machine once, for a
 * bounded time, and remembers the answer in BUILD/accel-* until the host boots again.
 */
#define _GNU_SOURCE
#include "accel.h"

#include "machine.h"
#include "options.h"
#include "say.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRIAL_SECONDS 8.0

/* The answer's first line is the host's boot id, its second "kvm" or "tcg". */
static char *boot_id(void)
{
	char line[64] = "unknown\n";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	return xstrdup(line);
}

static int read_answer(const char *path, const char *id)
{
	char first[64] = "", second[16] = "";
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return -1;
	ok = fgets(first, sizeof(first), f) && fgets(second, sizeof(second), f);
	fclose(f);
	if (!ok || strcmp(first, id))
		return -1;
	return !strcmp(second, "kvm\n");
}

bool accel_kvm(const struct options *o)
{
	char *path, *id;
	int answer;
	FILE *f;

	if (o->accel != ACCEL_AUTO)
		return o->accel == ACCEL_KVM;
	if (access("/dev/kvm", R_OK | W_OK))
		return false;
	path = xasprintf("%s/accel-%s-%s%s", build_dir(),
			 o->kernel == KERNEL_LINUX ? "linux" : "quire", o->machine,
			 o->smp > 1 ? "-smp" : "");
	id = boot_id();
	answer = read_answer(path, id);
	if (answer < 0) {
		say("trying whether KVM runs this guest (once, at most %.0f seconds)",
		    TRIAL_SECONDS);
		answer = machine_trial(o, TRIAL_SECONDS);
		say(answer ? "it does" : "it does not; using TCG");
		f = fopen(path, "we");
		if (f) {
			fprintf(f, "%s%s\n", id, answer ? "kvm" : "tcg");
			fclose(f);
		}
	}
	free(path);
	free(id);
	return answer;
}
