# SPDX-License-Identifier: MIT
# A selection of the foreign programs of make compat, against the results of Linux in tests/compat/results.tsv, and some
# seconds of trinity: about a minute.
. tests/suite/tap.sh
tests/compat/build.sh >&2 || skip_all 'the packages that tests/compat needs are not there'
tests/compat/run --quick --kernel quire --tap >"$scratch/compat.out"
status=$?
n=$(grep -c -E '^(not )?ok ' "$scratch/compat.out")
grep -v '^1\.\.' "$scratch/compat.out"
is "compat: the selection was run" "$((status < 2 && n > 10))" 1
seed=${SEED:-4711} # make fuzz takes others
ok "trinity, seed $seed: no oops, no page lost" env CALLS=10000 tests/compat/fuzz 5 "$seed"
finish
