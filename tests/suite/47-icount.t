# SPDX-License-Identifier: MIT
# Programs under instruction counting, where time passes only with instructions: none dies, none hangs, no output is lost.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'

# counted SEED OPTIONS -- PROGRAM...
counted() {
	seed=$1
	shift
	timeout 120 ./quire run --icount --timeout 100 --seed "$seed" "$@" 2>&1 </dev/null
}

for seed in 1 2 3 4 5 6 7 8; do
	is "seed $seed: a pipeline" "$(counted $seed --mem 64M -- busybox sh -c 'seq 1 3000 | sort -rn | head -n 1')" 3000
	is "seed $seed: many short processes, on microvm" \
		"$(counted $seed --machine microvm --append boottrace -- busybox sh -c \
			'i=0; while [ $i -lt 40 ]; do i=$((i + 1)); busybox true & done; wait; busybox sleep 0.01; echo $i')" 40
	is "seed $seed: sleepers and a device" \
		"$(counted $seed --append loglevel=8 -- busybox sh -c \
			'for t in 0.011 0.007 0.004; do (busybox sleep $t; echo $t) & done; wait' | tr '\n' ' ')" '0.004 0.007 0.011 '
	is "seed $seed: 300 kB of output" "$(counted $seed -- busybox seq 1 50000 | cksum)" "$(seq 1 50000 | cksum)"
done
finish
