/* SPDX-License-Identifier: MIT */
/* Opcodes as in Intel's manual, volume 2, appendix A. */
#include "insn.h"

static bool is_prefix(uint8_t b)
{
	return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || b == 0x2e || b == 0x36 ||
	       b == 0x3e || b == 0x26 || b == 0x64 || b == 0x65 || (b & 0xf0) == 0x40;
}

/* Group 5 (ff /r): /2 and /3 are calls, /4 and /5 jumps. */
static enum insn_kind group5(uint8_t modrm)
{
	switch (modrm >> 3 & 7) {
	case 2:
	case 3:
		return modrm >> 6 == 3 ? INSN_CALL : INSN_CALL_MEM;
	case 4:
	case 5:
		return modrm >> 6 == 3 ? INSN_JUMP : INSN_JUMP_MEM;
	}
	return INSN_PLAIN;
}

static enum insn_kind two_bytes(uint8_t b)
{
	if ((b & 0xf0) == 0x80) /* jcc */
		return INSN_JUMP;
	return b == 0x05 || b == 0x07 || b == 0x34 || b == 0x35 ? INSN_LEAVE : INSN_PLAIN;
}

enum insn_kind insn_kind(const uint8_t *code, size_t size)
{
	size_t i = 0;

	while (i < size && is_prefix(code[i]))
		i++;
	if (i == size)
		return INSN_PLAIN;
	switch (code[i]) {
	case 0x0f:
		return i + 1 < size ? two_bytes(code[i + 1]) : INSN_PLAIN;
	case 0x70 ... 0x7f: /* jcc */
	case 0xe0 ... 0xe3: /* loop, jrcxz */
	case 0xe9:
	case 0xeb:
		return INSN_JUMP;
	case 0xe8:
		return INSN_CALL;
	case 0xc2:
	case 0xc3:
		return INSN_RET;
	case 0xcc ... 0xcf: /* int3, int n, into, iret */
		return INSN_LEAVE;
	case 0xff:
		return i + 1 < size ? group5(code[i + 1]) : INSN_PLAIN;
	}
	return INSN_PLAIN;
}

bool insn_is_atomic(const uint8_t *code, size_t size)
{
	size_t i = 0;

	while (i < size && (is_prefix(code[i]) || code[i] == 0xf0)) {
		if (code[i] == 0xf0)
			return true;
		i++;
	}
	return i + 1 < size && (code[i] == 0x86 || code[i] == 0x87) && code[i + 1] >> 6 != 3;
}
