# SPDX-License-Identifier: MIT
# Hosted tests of single files under sanitizers, and some seconds of each fuzz target, from one seed (make fuzz takes others).
. tests/suite/tap.sh
make -s -k -f tests/hosted/single.mk O="$build" hosted-single fuzz-targets >&2
for source in tests/hosted/*_test.c; do
	t=$(basename "$source" .c)
	for seed in 1 2; do
		ok "$t, seed $seed" timeout 120 "$build/hosted/single/$t" 20000 $seed
	done
done
for source in tests/fuzz/*_fuzz.c; do
	t=$(basename "$source" .c)
	ok "fuzz: $t" env SEED="${SEED:-1}" tests/fuzz/run "$t" "${FUZZ_SECONDS:-5}"
done
finish
