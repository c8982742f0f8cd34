#!/bin/sh
# SPDX-License-Identifier: MIT
# Control groups driven by a shell, as scripts do: two groups with a limit each, members moved, frozen, killed, groups removed.
. /tests/tap.sh
[ -e /sys/fs/cgroup/cgroup.procs ] || mount -t cgroup2 none /sys/fs/cgroup
cd /sys/fs/cgroup || exit 1

# tries COMMAND...: what its status is, its messages left out
tries() {
	"$@" >/dev/null 2>&1
	echo $?
}
# put WORDS FILE: writes them; the status
put() {
	tries sh -c 'echo "$0" >"$1"' "$1" "$2"
}
# eventually COMMAND...
eventually() {
	round=0
	until "$@"; do
		round=$((round + 1))
		[ $round -lt 600 ] || return 1
		sleep 0.05
	done
}
lists() {
	grep -q "$1" "$2"
}
words() {
	tr '\n' ' ' <"$1"
}

is 'memory and pids are given' "$(put '+memory +pids' cgroup.subtree_control) $(cat cgroup.subtree_control)" '0 memory pids'
is 'two groups, one below' "$(tries mkdir web db db/old)" 0
is 'a limit each' "$(put 8M web/memory.max)$(put 32M db/memory.max) $(cat web/memory.max db/memory.max web/memory.high db/memory.low | tr '\n' ' ')" '00 8388608 33554432 max 0 '
is 'and of tasks' "$(put 5 web/pids.max) $(cat web/pids.max web/pids.current | tr '\n' ' ')" '0 5 0 '
is 'nobody is there' "$(words web/cgroup.events)" 'populated 0 frozen 0 '
is 'refused: no number, a number below none' "$(put abc web/memory.max)$(put -1 web/memory.max)$(put 1K,2 web/memory.max) $(cat web/memory.max)" '111 8388608'

sleep 1000 &
p=$!
is 'attached' "$(put $p web/cgroup.procs) $([ "$(cat web/cgroup.procs)" = $p ] && echo procs) $([ "$(cat web/cgroup.threads)" = $p ] && echo threads)" '0 procs threads'
is '/proc tells where' "$(cat /proc/$p/cgroup)" '0::/web'
is 'populated' "$(words web/cgroup.events)$(cat web/pids.current)" 'populated 1 frozen 0 1'
is 'who has members is not removed' "$(tries rmdir web)" 1
is 'nobody, and no number' "$(put 4194303 web/cgroup.procs)$(put x web/cgroup.procs)" 11
is 'given on to the group below' "$(put +memory db/cgroup.subtree_control) $(cat db/old/cgroup.controllers) $(tries ls db/old/memory.max db/old/pids.max)" '0 memory 1'
is 'who gives has no members' "$(put $p db/cgroup.procs)" 1
is 'moved to the leaf' "$(put $p db/old/cgroup.procs) $(cat /proc/$p/cgroup) $(head -n1 web/cgroup.events), $(head -n1 db/cgroup.events)" '0 0::/db/old populated 0, populated 1'
is 'frozen from above' "$(put 1 db/cgroup.freeze) $(cat db/cgroup.freeze) $(cat db/old/cgroup.freeze) $(eventually lists 'frozen 1' db/old/cgroup.events; echo $?)" '0 1 0 0'
is 'and thawed' "$(put 0 db/cgroup.freeze) $(eventually lists 'frozen 0' db/old/cgroup.events; echo $?)" '0 0'
is 'taken from who had given nothing; not from who gave it on' "$(put -memory db/old/cgroup.subtree_control)$(put -memory cgroup.subtree_control)" 01
is 'no thread group below a domain' "$(put threaded db/old/cgroup.type) $(cat db/old/cgroup.type)" '1 domain'
is 'killed from above' "$(put 1 db/cgroup.kill)" 0
wait $p
is 'by SIGKILL' $? 137
is 'nobody is left' "$(eventually lists 'populated 0' db/cgroup.events; words db/cgroup.events)" 'populated 0 frozen 0 '

[ ! -e web/memory.swap.max ] || echo 0 >web/memory.swap.max
# inside GROUP COMMAND...
inside() {
	(
		echo 0 >"$1/cgroup.procs"
		shift
		exec "$@"
	)
}
is 'twice the limit is not had' "$(inside web dd if=/dev/zero of=/dev/null bs=16M count=1 2>/dev/null; echo $?)" 137
is 'it was killed for that' "$(sed -n '/^oom/p' web/memory.events | tr '\n' ' ') $(($(sed -n 's/^max //p' web/memory.events) > 0))" 'oom 1 oom_kill 1 oom_group_kill 0  1'
is 'the other has room for it' "$(echo -memory >db/cgroup.subtree_control; inside db dd if=/dev/zero of=/dev/null bs=16M count=1 2>/dev/null; echo $?)" 0
is 'and no event' "$(words db/memory.events)" 'low 0 high 0 max 0 oom 0 oom_kill 0 oom_group_kill 0 '
is 'a fork too many is refused' "$(inside web sh -c 'sleep 100 & sleep 100 & sleep 100 & sleep 100 & sleep 100 & echo reached' 2>/dev/null; echo 1 >web/cgroup.kill) $(($(sed -n 's/^max //p' web/pids.events) > 0))" ' 1'
is 'what was read is charged, and reclaimed' "$(inside db sh -c 'head -c 4194304 /dev/zero >/tmp/cgroup_shell'; a=$(cat db/memory.current); rm /tmp/cgroup_shell; echo $((a >= 4194304)) $(eventually sh -c '[ $(cat db/memory.current) -lt 4194304 ]'; echo $?))" '1 0'
is 'more than it has cannot be reclaimed' "$(put 64M db/memory.reclaim)" 1
eventually lists 'populated 0' web/cgroup.events
is 'a group with groups is not removed' "$(tries rmdir db)" 1
is 'all are' "$(tries rmdir db/old db web) $(head -n1 cgroup.stat)" '0 nr_descendants 0'
finish
