# SPDX-License-Identifier: MIT
# The debug build, which checks lock order, sleeping while atomic, use of locks in interrupts, and that nothing
# is held on the way to user mode: all guest tests and every injected failure without a report of its own. What each
# report looks like the self tests of sync/ show (40-boot.t); the one on the way to user mode is provoked here.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
debug="$build/debug/quire.elf"
ok 'the debug build links' variant debug DEBUG=1

# passes "what" LOG COMMAND...: a TAP stream without a failure, and a log without a complaint
passes() {
	what=$1 log=$2
	shift 2
	"$@" --console-log "$log" >"$scratch/debug.tap.out" 2>"$scratch/debug.err.out"
	status=$?
	is "$what: passes" "$status $(grep -c '^not ok' "$scratch/debug.tap.out")" '0 0'
	grep -A3 '^not ok' "$scratch/debug.tap.out" | sed 's/^/# /' | head -n 20
	is "$what: went to its end" "$(grep -c '^1\.\.' "$scratch/debug.tap.out")" 1
	no_complaint "$log" "$what"
}

inject() {
	timeout 300 ./quire run --kernel "$debug" --accel tcg --smp 1 --mem 128M --timeout 280 --add /usr/bin/dash "$@" \
		-- "$build/tests/inject/inject"
}

make -s O="$build" inject-tests >&2 || exit 125
passes 'guest tests, 2 CPUs' "$scratch/debug-guest.log" \
	tests/run-guest --kernel "$debug" --accel tcg --smp 2
passes 'each n-th failure' "$scratch/debug-inject.log" inject

log="$scratch/debug-explain.log"
timeout 200 ./quire explain --kernel "$debug" --accel tcg --timeout 190 --console-log "$log" >"$scratch/debug.tap.out" 2>&1
is 'explain: to the end' $? 0
no_complaint "$log" explain

log="$scratch/debug-left.log"
# shellcheck disable=SC2016
said=$(timeout 200 ./quire run --kernel "$debug" --accel tcg --timeout 190 --console-log "$log" -- busybox sh -c '
	d=/sys/kernel/debug; mount -t debugfs none $d; cat $d/lockdep/reports; echo 1 >$d/lockdep/leave; cat $d/lockdep/reports')
is 'a mutex is taken to user mode: counted' "$(echo $said)" '0 1'
is 'it is reported' "$(grep -c 'lockdep: lock still held on the way out of the kernel' "$log")" 1
is 'with the place that took it' "$(grep -c 'lockdep: .* at lockdep_leave_write+0x' "$log")" 1
finish
