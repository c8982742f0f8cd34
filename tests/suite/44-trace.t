# SPDX-License-Identifier: MIT
# The trace log: filters, stacks, and the events of page references in a kernel built with PAGEREF=1. The same kernel has
# the hole of TEACH=dirtycow, which the reproducer must find there (in every other kernel it must not: the guest tests).
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" guest-tests >&2 || exit 125
out=$scratch/trace

./quire run --accel tcg --timeout 180 -- sh -c '
	cd /sys/kernel/tracing
	event=events/kmem/mm_page_alloc
	cat $event/filter
	echo "order == 0 && migratetype == 1" >$event/filter && cat $event/filter
	echo 1 >$event/enable && ls -lR /proc/self >/dev/null; echo 0 >$event/enable
	echo "$(grep -c mm_page_alloc: trace) $(grep mm_page_alloc: trace | grep -vc migratetype=1)"
	for bad in "bogus == 1" "order = 1" "order == 1 &&" "order == x" "" "order"; do
		echo "$bad" 2>/dev/null >$event/filter && echo "taken: $bad"
	done
	cat $event/filter
	echo "order > 8 || migratetype != 1" >$event/filter; echo >trace
	echo 1 >$event/enable; ls -lR /proc/self >/dev/null; echo 0 >$event/enable
	echo "$(grep -c mm_page_alloc: trace) $(grep mm_page_alloc: trace | grep -c migratetype=1)"
	echo 0 >$event/filter && cat $event/filter
	echo 1 >options/stacktrace; echo >trace; echo 1 >$event/enable; ls >/dev/null; echo 0 >$event/enable
	grep -A2 mm_page_alloc: trace | sed -n "2s/.*: //p;3p"
	grep -c "mm_page_alloc:.* migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE" trace
	echo 0 >options/stacktrace; echo >trace; echo 1 >events/exceptions/enable; ls >/dev/null; for i in 1 2; do (x=$i); x=$i$x; done; echo 0 >events/exceptions/enable
	for kind in anon read cow_file copy reuse; do grep -q "page_fault_kind: kind=$kind$" trace && echo "fault $kind"; done' >"$out" 2>"$out.err"
line() { sed -n "$1p" "$out"; }
# An event that nobody raises would be a promise: each has a caller of __trace_EVENT() in another file than its own. The text of
# trace_marker and the stack behind a record are put by their own files.
nm "$build/quire.elf" | sed -n 's/.* [DdBb] __event_\([a-z].*\)/\1/p' | grep -v '^ptr_' | sort -u >"$scratch/events"
find "$build/k" -name '*.o' -exec nm -u {} + | sed -n 's/^ *U __trace_//p' | sort -u >"$scratch/raised"
is 'events: there are some' "$(grep -cx -e mm_page_alloc -e sched_switch "$scratch/events")" 2
is 'events: each is raised somewhere' "$(comm -23 "$scratch/events" "$scratch/raised" | grep -vx -e kernel_stack -e print | tr '\n' ' ')" ''
is 'filter: none at first' "$(line 1)" none
is 'filter: reads back' "$(line 2)" 'order == 0 && migratetype == 1'
is 'filter: only what matches' "$(line 3 | grep -c '^[1-9][0-9]* 0$')" 1
is 'filter: mistakes are refused and change nothing' "$(line 4)" 'order == 0 && migratetype == 1'
is 'filter: || ' "$(line 5 | grep -c '^[1-9][0-9]* 0$')" 1
is 'filter: 0 clears' "$(line 6)" none
is 'stacktrace: behind a record' "$(line 7)" '<stack trace>'
is 'stacktrace: the caller' "$(line 8)" ' => __alloc_pages'
is 'mm_page_alloc: the flags of the request by name' "$(line 9 | grep -c '^[1-9]')" 1
for kind in anon read cow_file copy reuse; do
	is "faults: $kind is traced" "$(grep -c "^fault $kind$" "$out")" 1
done

if variant teach PAGEREF=1 TEACH=dirtycow >"$out.make" 2>&1; then
	# A page of a file that every run of ls uses: of BusyBox.
	./quire run --accel tcg --timeout 180 --kernel "$build/teach/quire.elf" -- sh -c '
		cd /sys/kernel/tracing
		run() { echo >trace; echo 1 >events/page_ref/enable; ls / >/dev/null; echo 0 >events/page_ref/enable; }
		pfns() { sed -n "s/.*page_ref_mod[a-z_]*: pfn=\(0x[0-9a-f]*\) .*mapping=ffff[0-9a-f]*[08] .*/\1/p" trace | sort -u; }
		run; pfns >/tmp/a; run; pfns >>/tmp/a
		pfn=$(sort /tmp/a | uniq -d | head -n 1)
		for e in events/page_ref/*/filter; do echo "pfn == $pfn" >$e; done
		run
		echo "$(grep -c page_ref_ trace) $(grep page_ref_ trace | grep -vc "pfn=$pfn ")"
		awk "/val=/ {sub(/.*val=/, \"\"); n += \$1} END {print n}" trace' >"$out" 2>"$out.err"
	is 'page_ref: only the chosen frame' "$(line 1 | grep -c '^[1-9][0-9]* 0$')" 1
	is 'page_ref: what was taken was given back' "$(line 2)" 0
	# The lab of docs/labs.md.
	mkdir -p "$build/tests/labs"
	gcc -std=gnu17 -O1 -static -o "$build/tests/labs/pageref" tests/labs/pageref.c
	./quire run --accel tcg --timeout 180 --kernel "$build/teach/quire.elf" -- "$build/tests/labs/pageref" >"$out" 2>"$out.err"
	is 'pageref: to its end' "$(grep -c '^1\.\.6$' "$out")" 1
	relay "$out"
	# A race that the reproducer wins sooner or later.
	./quire run --accel tcg --smp 2 --timeout 120 --kernel "$build/teach/quire.elf" -- "$build/tests/guest/cow" 1000000 >"$out" 2>"$out.err"
	is 'TEACH=dirtycow: the hole is open' "$(grep '^not ok' "$out" | cut -d- -f2)" ' Dirty COW: the file is not written'
else
	is 'a kernel with PAGEREF=1 TEACH=dirtycow builds' no yes
fi
finish
