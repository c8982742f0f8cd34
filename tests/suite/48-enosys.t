# SPDX-License-Identifier: MIT
# tests/enosys.txt is true: each required program runs, provokes the system calls listed there and no others, and
# ends with the status listed; each such call is logged once.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" guest-tests >&2 || exit 125
tools/enosys.sh - >"$scratch/enosys.out" 2>&1
while IFS= read -r line; do
	case $line in
	'#'*) continue ;;
	esac
	title=$(printf '%.28s' "$line" | sed 's/ *$//')
	is "$title" "$(grep -F -- "$(printf '%.28s' "$line")" "$scratch/enosys.out" | cut -c 30- | tr -s ' ')" \
		"$(printf '%s\n' "$line" | cut -c 30- | tr -s ' ')"
done <tests/enosys.txt
is 'as many programs as listed' "$(grep -c -v '^#' "$scratch/enosys.out")" "$(grep -c -v '^#' tests/enosys.txt)"
is 'no program fails' "$(grep -v '^#' tests/enosys.txt | cut -c 30-37 | tr -d ' ' | sort -u)" 0
log="$scratch/enosys.log"
timeout 200 ./quire run --accel tcg --timeout 190 --console-log "$log" -- /usr/bin/python3 -c '
import ctypes, errno
c = ctypes.CDLL(None, use_errno=True)
for i in range(3):
    assert c.syscall(500) == -1 and ctypes.get_errno() == errno.ENOSYS
    assert c.syscall(321, 1, 0, 0) == -1 and ctypes.get_errno() == errno.ENOSYS' >"$scratch/out" 2>&1
is 'three calls each of two that do not exist' $? 0
is 'logged once by name' "$(grep -c 'ENOSYS bpf (321) by python3' "$log")" 1
is 'logged once by number' "$(grep -c 'ENOSYS unknown (500) by python3' "$log")" 1
finish
