# SPDX-License-Identifier: MIT
# Each n-th allocation and each n-th user copy of each operation fails once, in the running kernel: the right
# errno, every check function content, all memory back. tests/inject/frame.c tells how.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s O="$build" inject-tests >&2 || exit 125
log="$scratch/inject.log"
timeout 300 ./quire run --accel tcg --smp 1 --mem 64M --timeout 280 --console-log "$log" --add /usr/bin/dash \
	-- "$build/tests/inject/inject" >"$scratch/inject.out" 2>"$scratch/inject.err"
status=$?
relay "$scratch/inject.out"
is 'every operation was gone through' "$status" 0
no_complaint "$log" '' 'BUG:|WARNING:|Oops|Call Trace|lockdep'

# On the ways to swap and back; all of them: tests/stress/run swap_inject.
truncate -s 16M "$scratch/swap.img"
timeout 120 ./quire run --accel tcg --smp 1 --mem 64M --timeout 100 --console-log "$log" --disk "$scratch/swap.img" \
	--add "$build/tests/inject/inject:/inject" -- sh -c 'mkswap /dev/vda >/dev/null && exec /inject -s /dev/vda -n "swap out"' >"$scratch/inject.out" 2>&1
status=$?
relay "$scratch/inject.out"
is 'every operation on swap was gone through' "$status" 0
no_complaint "$log" swap 'BUG:|WARNING:|Oops|Call Trace|lockdep'
rm -f "$scratch/swap.img"
finish
