/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_KERNEL_PARAMS_INTERNAL_H
#define QUIRE_KERNEL_PARAMS_INTERNAL_H

#define MAX_INIT_ARGS 32
#define MAX_INIT_ENVS 32

/* Arguments and environment of init; NULL ends them. */
extern const char *argv_init[MAX_INIT_ARGS + 2];
extern const char *envp_init[MAX_INIT_ENVS + 2];

/* Hand each parameter of @args, which is cut up, to its function or to init. */
void parse_boot_args(char *args);

#endif
