/* SPDX-License-Identifier: MIT */
/* What an x86-64 instruction does to the flow of control, told from its bytes. */
#ifndef QUIRE_PLUGIN_INSN_H
#define QUIRE_PLUGIN_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn_kind {
	INSN_PLAIN, /* goes on to the next one, or is none of the below */
	INSN_JUMP, /* near jump, conditional or not, that reads no memory: it cannot fault */
	INSN_JUMP_MEM, /* jump through memory */
	INSN_CALL, /* pushes a return address */
	INSN_CALL_MEM, /* the same, to an address that it reads from memory first */
	INSN_RET, /* pops it */
	INSN_LEAVE, /* changes the privilege or the whole flow: syscall, sysret, iret, int n */
};

enum insn_kind insn_kind(const uint8_t *code, size_t size);

/* Does it read or write memory? (Not by its fetch; for instructions of the kind INSN_PLAIN.) */
bool insn_touches_memory(const uint8_t *code, size_t size);

/* A read-modify-write that other CPUs see whole: a lock prefix, or xchg with memory. */
bool insn_is_atomic(const uint8_t *code, size_t size);

#endif
