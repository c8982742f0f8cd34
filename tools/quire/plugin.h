/* SPDX-License-Identifier: MIT */
#ifndef QUIRE_PLUGIN_H
#define QUIRE_PLUGIN_H

/*
 * Our plugin for QEMU, to be given as `-plugin FILE,out=...` (tools/plugin/ tells its arguments).
 * => fails with a sentence when it is not built or this QEMU is built without plugins
 */
const char *plugin_file(void);

#endif
