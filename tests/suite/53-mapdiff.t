# SPDX-License-Identifier: MIT
# Random calls upon memory: both kernels answer the same, and the same regions, flags and resident pages are there afterwards.
#	MAPDIFF="FIRST LAST CALLS" to choose other seeds
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
# shellcheck disable=SC2086
set -- ${MAPDIFF:-1 40 80}
gcc -O1 -static -Wall -Wno-unused-function -o "$scratch/mapdiff" tests/mapdiff/mapdiff.c || exit 125
for k in linux quire; do
	timeout 200 ./quire run --kernel $k --accel tcg --smp 1 --timeout 190 --add "$scratch/mapdiff:/mapdiff" \
		-- sh -c "for i in \$(seq $1 $2); do echo seed \$i; /mapdiff \$i $3; done" >"$scratch/mapdiff.$k" || {
		is "mapdiff: $k: the run ends" $? 0
		finish
		exit 1
	}
done
exec /usr/bin/python3 tests/mapdiff/compare.py "$scratch/mapdiff.linux" "$scratch/mapdiff.quire"
