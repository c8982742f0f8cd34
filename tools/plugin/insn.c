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

/* Opcodes without ModRM that touch memory: push, pop, pushf, popf, enter, leave, string operations, mov moffs. */
static bool implicit(uint8_t b)
{
	return (b & 0xf0) == 0x50 || b == 0x68 || b == 0x6a || (b >= 0x6c && b <= 0x6f) ||
	       b == 0x9c || b == 0x9d || b == 0xc8 || b == 0xc9 || (b >= 0xa0 && b <= 0xa7) ||
	       (b >= 0xaa && b <= 0xaf) || b == 0xd7;
}

static bool has_modrm(uint8_t b)
{
	if (b < 0x40)
		return (b & 7) < 4;
	return b == 0x63 || b == 0x69 || b == 0x6b || (b >= 0x80 && b <= 0x8f && b != 0x8d) ||
	       b == 0xc0 || b == 0xc1 || b == 0xc6 || b == 0xc7 || (b >= 0xd0 && b <= 0xd3) ||
	       (b >= 0xd8 && b <= 0xdf) || b == 0xf6 || b == 0xf7 || b == 0xfe || b == 0xff;
}

/* After 0f. Without: system instructions, emms, jcc, push and pop of fs and gs, bswap; hints touch nothing. */
static bool has_modrm_0f(uint8_t b)
{
	return !((b >= 0x05 && b <= 0x0d) || (b >= 0x18 && b <= 0x1f) || (b >= 0x30 && b <= 0x37) ||
		 b == 0x77 || (b & 0xf0) == 0x80 || b == 0xa2 || (b & 0xf8) == 0xc8);
}

/* Where the ModRM byte is; 0: there is none. */
static size_t modrm_at(const uint8_t *code, size_t size, size_t i)
{
	if (code[i] == 0x0f && i + 2 < size) {
		if (code[i + 1] == 0x38 || code[i + 1] == 0x3a)
			return i + 3;
		return has_modrm_0f(code[i + 1]) ? i + 2 : 0;
	}
	if (code[i] == 0xc5) /* VEX, VEX, EVEX */
		return i + 3;
	if (code[i] == 0xc4)
		return i + 4;
	if (code[i] == 0x62)
		return i + 5;
	return has_modrm(code[i]) ? i + 1 : 0;
}

bool insn_touches_memory(const uint8_t *code, size_t size)
{
	size_t i = 0, modrm;

	while (i < size && (is_prefix(code[i]) || code[i] == 0xf0))
		i++;
	if (i == size)
		return false;
	if (implicit(code[i]))
		return true;
	modrm = modrm_at(code, size, i);
	return modrm && modrm < size && code[modrm] >> 6 != 3;
}
