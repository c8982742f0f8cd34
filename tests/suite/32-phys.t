# SPDX-License-Identifier: MIT
# Physical memory, hosted: mm/{stat,boot,page,slab,percpu,kmap} unmodified over a played machine, under sanitizers.
. tests/suite/tap.sh
progs="asan/page asan/slab asan/kmap asan/stat tsan/page tsan/slab"
ok 'the hosted tests of physical memory build' make -s -f tests/hosted/phys/phys.mk O="$build" \
	$(for p in $progs; do echo "$build/hosted/phys/$p.t"; done)
for p in $progs; do
	case $p in tsan/*) only=smp ;; *) only= ;; esac	# ThreadSanitizer: the tests with several CPUs
	ok "physical memory, $p" env ${only:+TEST=$only} ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=1 \
		timeout 240 "$build/hosted/phys/$p.t"
done
finish
