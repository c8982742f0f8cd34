#!/bin/sh
# SPDX-License-Identifier: MIT
# BusyBox, static: what issue 2 lists, with defined results.
. /tests/tap.sh
mkdir -p /tmp/bb && cd /tmp/bb || exit 1

is 'a pipeline' "$(printf '3\n1\n2\n' | sort | tr '\n' ' ')" '1 2 3 '
is 'command substitution' "$(echo $(echo a; echo b))" 'a b'
is 'a here document' "$(cat <<X
one $((1 + 1))
X
)" 'one 2'
is 'exit status of a pipeline' "$(true | false; echo $?)" 1
is 'redirections' "$( (echo out; echo err >&2) 2>&1 >/dev/null)" err
is 'a subshell keeps its variables' "$(x=1; (x=2); echo $x)" 1
is 'traps run' "$(sh -c 'trap "echo bye" EXIT; exit 0')" bye
is 'a signal from kill' "$(sh -c 'kill -TERM $$'; echo $?)" 143
is 'background jobs and wait' "$(sh -c '(exit 3) & wait $!; echo $?')" 3
is 'forty stages' "$(echo x | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat |
	cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat |
	cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat)" x

ok 'ls -lR /proc/self' sh -c 'ls -lR /proc/self/ >list 2>/dev/null; grep -q maps list'
ok 'ps sees itself' sh -c 'ps | grep -q "[p]s"'
ok 'ps sees init' sh -c 'ps | grep -q " *1 .*init"'
ok 'top -bn1' sh -c 'top -bn1 | grep -q "^Mem: "'
is 'free: total' "$(free -k | awk '/^Mem:/ {print ($2 > 1000 && $2 >= $3 + $4)}')" 1
ok 'uptime' uptime
is 'a directory of the initramfs keeps its time' "$(stat -c %Y /usr/local)" 0
is 'the size of links in /proc/self/fd' "$(ls -l /proc/self/fd | awk '$9 == "0" { print $5 }')" 64
dirs() { find "$1" -mindepth 1 -maxdepth 1 -type d | wc -l; }
is 'links of a directory of /sys' "$(stat -c %h /sys/kernel)" "$(($(dirs /sys/kernel) + 2))"
before=$(stat -c %h /proc)
sleep 100 & sleep 100 &
is 'links of /proc grow with the processes' "$(($(stat -c %h /proc) >= before + 2))" 1
kill %1 %2
ok 'df of tmpfs' df /dev/shm
ok 'mount lists' sh -c 'mount | grep -q " on /proc "'
ok 'dmesg' sh -c 'dmesg | grep -q .'
ok 'uname -a' uname -a
ok 'id' sh -c 'id | grep -q uid=0'

# As typed: vi takes an Esc that is followed at once for the start of a function key.
# On a busy machine it may not have read one before the next comes: more slowly then.
for pause in 0.3 1 3 10; do
	(sleep $pause; printf 'ihello from vi'; sleep $pause; printf '\033'; sleep $pause; printf ':wq\n'; sleep $pause) |
		timeout 60 vi note >/dev/null 2>&1
	[ -e note ] && break
done
is 'vi writes a file' "$(cat note)" 'hello from vi'

mkdir -p tree/a/b tree/c
i=0
while [ $i -lt 60 ]; do
	echo "line $i" >tree/a/$i
	ln -s ../a/$i tree/c/$i
	i=$((i + 1))
done
ln tree/a/1 tree/hard
is 'find | sort | md5sum' "$(find tree | sort | md5sum | cut -c1-8)" \
	"$(find tree | sort | md5sum | cut -c1-8)"
is 'find counts' "$(find tree | wc -l)" 125
is 'find -type l' "$(find tree -type l | wc -l)" 60
ok 'find / | sort | md5sum' sh -c 'find / -xdev | sort | md5sum'
(cd tree && find . -type f -exec md5sum {} + | sort -k2) >sum1
tar cf t.tar tree && mv tree old && tar xf t.tar
(cd tree && find . -type f -exec md5sum {} + | sort -k2) >sum2
ok 'tar of a tree and back' cmp sum1 sum2
is 'tar keeps links' "$(readlink tree/c/7)" ../a/7
ok 'gzip and back' sh -c 'gzip -c t.tar | gunzip | cmp - t.tar'
ok 'cp -a' sh -c 'cp -a tree copy && diff -r tree copy'
rm -rf tree old copy t.tar
is 'rm -rf' "$(ls | grep -c tree)" 0

is 'dd of 64 MiB through a pipe' \
	"$(dd if=/dev/zero bs=64k count=1024 2>/dev/null | cat | dd bs=64k 2>/dev/null | wc -c)" 67108864
is 'dd: its checksum' "$(dd if=/dev/zero bs=1M count=8 2>/dev/null | md5sum | cut -d' ' -f1)" \
	96995b58d4cbf6aaa9041b4f00c7f6ae
is 'a file of 16 MiB' "$(dd if=/dev/urandom of=f bs=1M count=16 2>/dev/null; wc -c <f)" 16777216
ok 'read twice the same' sh -c '[ "$(md5sum <f)" = "$(cat f | md5sum)" ]'
rm f
is 'awk' "$(awk 'BEGIN { for (i = 0; i < 1000; i++) s += i; print s }')" 499500
is 'sed' "$(echo hello | sed 's/l*o$/p/')" hep
is 'seq | wc' "$(seq 1 20000 | wc -l)" 20000
is 'sort -n of 5000 lines' "$(seq 1 5000 | sort -rn | sort -n | md5sum | cut -c1-8)" \
	"$(seq 1 5000 | md5sum | cut -c1-8)"
is 'xargs' "$(seq 1 100 | xargs -n 10 echo | wc -l)" 10
is 'a hundred forks' "$(for i in $(seq 1 100); do /bin/echo $i; done | wc -l)" 100
is 'expr' "$(expr 6 \* 7)" 42
ok 'sleep 0.1' sleep 0.1
ok 'timeout ends a program' sh -c 'timeout 1 sleep 100; [ $? = 143 ]'

# A fork bomb, refused by RLIMIT_NPROC; the system lives.
cat >bomb <<'X'
ulimit -p 300
bomb() { bomb | bomb & }
(bomb) 2>/dev/null
sleep 1
X
setuidgid nobody timeout 5 sh bomb >/dev/null 2>&1
killall -9 -u nobody 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do
	for p in /proc/[0-9]*; do
		case $(awk '/^Uid:/ {print $2}' "$p/status" 2>/dev/null) in
		65534) kill -9 "${p#/proc/}" 2>/dev/null ;;
		esac
	done
done
is 'after the fork bomb' "$(echo alive | cat)" alive
finish
