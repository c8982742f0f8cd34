# SPDX-License-Identifier: MIT
# Under instruction counting, a nanosecond an instruction: while one task maps, forks, protects and unmaps 4 GiB, another on
# the same CPU never waits 10 ms.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" guest-tests >&2 || exit 1
timeout 300 ./quire run --icount --timeout 280 -- "$build/tests/guest/latency" strict >"$scratch/latency" 2>&1 </dev/null
is 'latency: runs to its end' $? 0
relay "$scratch/latency" '4 GiB'
finish
