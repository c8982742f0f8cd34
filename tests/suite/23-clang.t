# SPDX-License-Identifier: MIT
# The kernel of the other compiler, which 22-lint.t builds as well: it boots and passes its self tests.
. tests/suite/tap.sh
mkdir -p "$build/clang"
log="$scratch/clang.log"
ok 'clang builds the kernel without a warning' flock "$build/clang/.making" make -s -j"$(nproc)" \
	O="$build/clang" CC=clang KCFLAGS=-g0 "$build/clang/quire.elf"
timeout 300 ./quire run --kernel "$build/clang/quire.elf" --accel tcg --timeout 290 --numa 2 --smp 2 --append selftest \
	--console-log "$log" -- true 2>"$scratch/clang.err"
is 'it boots and runs a program' $? 0
is 'it was moved' "$(grep -c 'Kernel Offset: 0x' "$log")" 1
is 'its self tests pass' "$(grep -c 'selftest: 0 of [0-9]* failed' "$log")" 1
no_complaint "$log"
finish
