# SPDX-License-Identifier: MIT
# Address spaces, hosted: the files of mm/ unmodified over fake frames and a software MMU with a TLB.
. tests/suite/tap.sh
ok 'the hosted tests of address spaces build' make -s -f tests/hosted/vm/vm.mk O="$build" "$build/hosted/vm/model_test" \
	"$build/hosted/vm/interleave_test"
for seed in 1 2 3; do
	ok "address spaces against a model, seed $seed" "$build/hosted/vm/model_test" $seed 3000
	ok "the same with failing allocations, seed $seed" "$build/hosted/vm/model_test" $seed 3000 1
done
ok 'every interleaving of a look-up with changes' "$build/hosted/vm/interleave_test"
finish
