# SPDX-License-Identifier: MIT
# Anonymous memory on a swap device, on both kernels; and more of it than there is RAM.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
out=$build/tap/swap
disk=$out.img

# The lines of a program's TAP become part of this one.
relay() { # WHAT
	while read -r line; do
		case $line in
		ok\ * | not\ ok\ *)
			n=$((n + 1))
			echo "${line%%ok *}ok $n - $1: ${line#* - }"
			;;
		\#*) echo "$line" ;;
		esac
	done <"$out.tap"
}
run() { # KERNEL OPTION... -- PROGRAM...
	kernel=$1
	shift
	./quire run --kernel "$kernel" --accel tcg --timeout 100 --console-log "$out.log" "$@" >"$out.tap" 2>"$out.err" </dev/null
}

for k in linux quire; do
	rm -f "$disk"
	truncate -s 16M "$disk"
	run $k --mem 256M --disk "$disk" -- "$build/tests/disk/swap" /dev/vda
	status=$?
	relay "$k"
	is "$k: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
done
is 'quire: no complaint in the log' "$(grep -c -E 'BUG:|WARNING:|Oops|lockdep:|Kernel panic' "$out.log")" 0
rm -f "$disk"
finish
