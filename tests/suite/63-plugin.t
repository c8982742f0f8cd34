# SPDX-License-Identifier: MIT
# The plugin counts what -icount counts, to the digit, whatever cuts the blocks of code.
. tests/suite/tap.sh
marks=$build/tests/profile/marks
make -s -f tools/tools.mk O="$build" tool "$marks" >&2 || exit 1
plugin=$build/tools/quire-plugin.so
out=$scratch/plugin.out
where=$("$marks" where | sed 's/^marks \(.*\) \(.*\)/\1:\2/')
kernels=linux
[ -e "$build/quire.elf" ] && kernels='linux quire'

for k in $kernels; do
	symbols=$(./quire symbols $([ $k = linux ] && echo --kernel linux))
	range=$(awk '$3 == "asm_exc_page_fault" { print $1, $2, "entry" }' "$symbols")
	echo "$range" >"$scratch/ranges"
	timeout 120 ./quire run --kernel $k --icount --timeout 100 --qemu-arg -plugin \
		--qemu-arg "$plugin,out=$out,marks=$where,symbols=$symbols,ranges=$scratch/ranges" -- "$marks" >"$scratch/o"
	is "$k: the program ended" "$(grep -c '^mark ' "$scratch/o")" 10
	is "$k: as many marks" "$(grep -c '^mark ' "$out")" 10
	# Between two marks the plugin's TOTAL grows as the time stamp counter does.
	awk 'FILENAME ~ /out$/ && $1 == "mark" { total[$2] = $3; sum[$2] = $5 + $6; next }
	     $1 == "mark" { if ($2) print $4, $3 - tsc, total[$2] - before, sum[$2] - total[$2]
			    tsc = $3; before = total[$2] }' "$out" "$scratch/o" >"$scratch/both"
	while read -r name tsc total rest; do
		# An instruction that an interrupt comes before is now and then told twice: one in millions.
		[ "$name" = ticks ] && [ $((total - tsc)) -le 2 ] && [ $((tsc - total)) -le 2 ] && total=$tsc
		is "$k: $name: plugin and rdtsc" "$total $rest" "$tsc 0"
	done <"$scratch/both"
	is "$k: the timer did interrupt" "$(awk '/^mark/ { m = $2 } m == 9 && /^fn.*(sysvec_apic_timer|irq_entries)/ { n++ } END { print (n > 0) }' "$out")" 1
	is "$k: functions between marks add up" \
		"$(awk '/^mark/ { if (n++ && sum != delta) print "bad", $2 - 1; delta = $3 - t; t = $3; sum = 0 }
			/^fn/ { sum += $3 } END { if (sum != delta) print "bad, last" }' "$out")" ""
done
finish
