# SPDX-License-Identifier: MIT
# Boot self tests: on both machines, with one to eight CPUs, and in the debug build, which checks
# lock order and sleeping in atomic context. Their TAP is taken from the kernel's log.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'

# selftests "what" OPTIONS...: one boot; each line of the kernel becomes one of ours
selftests() {
	what=$1
	shift
	log="$scratch/boot.log"
	timeout 300 ./quire run --accel tcg --timeout 290 --console-log "$log" --append selftest "$@" -- true \
		2>"$scratch/boot.err"
	is "$what: boots and runs a program" $? 0
	tr -d '\r' <"$log" | sed -n -e 's/^\[ *[0-9.]*\] //' -e '/^\(not \)*ok [0-9]* - /p' -e '/^# selftest/p' >"$scratch/boot.tap"
	relay "$scratch/boot.tap" "$what"
	is "$what: self tests went to their end" "$(grep -c 'selftest: 0 of [0-9]* failed' "$log")" 1
	no_complaint "$log" "$what" 'BUG:|WARNING:|Oops|Call Trace'
}

selftests 'q35, 1 CPU' --smp 1
selftests 'q35, 4 CPUs' --smp 4
selftests 'q35, 2 nodes' --smp 2 --numa 2
selftests 'microvm, 2 CPUs' --machine microvm --smp 2
for smp in 2 8; do
	for machine in q35 microvm; do
		out=$(timeout 100 ./quire run --accel tcg --timeout 90 --machine $machine --smp $smp -- nproc 2>&1)
		is "$machine with $smp CPUs" "$out" $smp
	done
done
if variant debug DEBUG=1 >"$scratch/debug.out" 2>&1; then
	selftests 'debug build' --kernel "$build/debug/quire.elf" --smp 2
else
	is 'the debug build links' no yes
	tail -n 5 "$scratch/debug.out" | sed 's/^/# /'
fi
finish
