#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's tools for System V objects, unmodified.
# needs: /usr/bin/ipcs /usr/bin/ipcmk /usr/bin/ipcrm
. /tests/tap.sh
cd /tmp || exit 1

id=$(ipcmk -M 10000 -p 640 | sed 's/.*: //')
ok 'ipcmk -M: an id' test "$id" -ge 0
is 'ipcs -m: it' "$(ipcs -m | awk '$2 == "'"$id"'" { print $3, $4, $5, $6 }')" 'root 640 10000 0'
is 'ipcs -m -i: its size' "$(ipcs -m -i "$id" | sed -n 's/^bytes=\([0-9]*\).*/\1/p')" 10000
is 'ipcs -m -u: pages' "$(ipcs -m -u | sed -n 's/^pages allocated //p')" 3
is 'ipcs -m -l: the limit' "$(ipcs -m -l | sed -n 's/^max number of segments = //p')" 4096
is 'ipcs -m -c: its creator' "$(ipcs -m -c | awk '$1 == "'"$id"'" { print $2, $3, $5 }')" '640 root root'
ok 'ipcrm -m' ipcrm -m "$id"
is 'ipcs -m: none' "$(ipcs -m | grep -c root)" 0

id=$(ipcmk -Q -p 600 | sed 's/.*: //')
is 'ipcmk -Q: a queue' "$(ipcs -q | awk '$2 == "'"$id"'" { print $3, $4, $5, $6 }')" 'root 600 0 0'
is 'ipcs -q -l: the limit' "$(ipcs -q -l | sed -n 's/^max queues system wide = //p')" 32000
is 'ipcs -q -i: its room' "$(ipcs -q -i "$id" | sed -n 's/.*qbytes=\([0-9]*\).*/\1/p')" 16384
ok 'ipcrm -q' ipcrm -q "$id"
is 'ipcs -q: none' "$(ipcs -q | grep -c root)" 0
id=$(ipcmk -S 3 | sed 's/.*: //')
is 'ipcmk -S: an array' "$(ipcs -s | awk '$2 == "'"$id"'" { print $3, $4, $5 }')" 'root 644 3'
ok 'ipcrm -s' ipcrm -s "$id"
finish
