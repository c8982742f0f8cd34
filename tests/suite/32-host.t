# SPDX-License-Identifier: MIT
# Hosted tests over the played machine: base, sync and the whole of mm, under ASan, UBSan and TSan. SEED=n takes another
# seed than the one that everybody's run has; tests/hosted/hunt takes many.
. tests/suite/tap.sh
export SEED="${SEED:-1}"
ok 'the hosted programs build' make -s -f tests/tests.mk O="$build" hosted-tests
for t in "$build"/hosted/asan/test_*.t "$build"/hosted/tsan/test_*.t; do
	name=$(basename "$(dirname "$t")")/$(basename "$t" .t)
	[ ! -f "tests/hosted/${name#*/}.c" ] || ok "$name" tests/hosted/one "$name"
done
finish
