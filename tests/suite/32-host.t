# SPDX-License-Identifier: MIT
# Hosted tests over the played machine: base, sync and the whole of mm, under ASan, UBSan and TSan. SEED=n repeats one.
. tests/suite/tap.sh
ok 'the hosted programs build' make -s -f tests/tests.mk O="$build" hosted-tests
for t in "$build"/hosted/asan/test_*.t "$build"/hosted/tsan/test_*.t; do
	[ -f "tests/hosted/$(basename "$t" .t).c" ] || continue
	case $t in */tsan/*) only=$(sed -n 's/.*mode: tsan=\([a-z_]*\).*/\1/p' "tests/hosted/$(basename "$t" .t).c") ;; *) only= ;; esac
	ok "$(basename "$(dirname "$t")")/$(basename "$t" .t)" env ${only:+TEST=$only} ASAN_OPTIONS=detect_leaks=0 \
		TSAN_OPTIONS=halt_on_error=1:report_thread_leaks=0 timeout 300 "$t"
done
finish
