# SPDX-License-Identifier: MIT
# Hosted tests over the played machine: base, sync, the allocators, the xarray, under ASan, UBSan and TSan; physical memory.
. tests/suite/tap.sh
ok 'the hosted programs build' make -s -f tests/tests.mk O="$build" hosted-tests
for t in "$build"/hosted/asan/test_*.t "$build"/hosted/tsan/test_*.t; do
	ok "$(basename "$(dirname "$t")")/$(basename "$t" .t)" env ASAN_OPTIONS=detect_leaks=0 \
		TSAN_OPTIONS=halt_on_error=1:report_thread_leaks=0 timeout 300 "$t"
done
ok 'physical memory' make -s -f tests/hosted/phys/phys.mk O="$build" hosted-phys
finish
