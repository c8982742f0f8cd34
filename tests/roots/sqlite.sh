# seconds: 300
# sqlite3 with a rollback journal and with a write-ahead log: writers are killed, what they were told is there survives.
cd /root && mkdir sqlite && cd sqlite || exit 1
for mode in delete wal; do
	sqlite3 $mode.db "pragma journal_mode=$mode; create table t(n integer primary key, text);" && : >told
	for round in 1 2 3 4 5 6; do
		# Each transaction writes three rows; its number is noted once it is committed.
		python3 - $mode.db >>told 2>/dev/null <<'X' &
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
db.execute('pragma synchronous=full')
n = db.execute('select coalesce(max(n), 0) from t').fetchone()[0] // 3
while True:
    n += 1
    db.execute('begin immediate')
    for i in range(3):
        db.execute('insert into t values (?, ?)', (3 * n - i, 'x' * 3000))
    db.execute('commit')
    print(n, flush=True)
X
		writer=$!
		lines=$(wc -l <told) # it is killed at work
		for _ in $(seq 300); do [ "$(wc -l <told)" -gt $((lines + round)) ] && break; sleep 0.1; done
		kill -KILL $writer; wait $writer 2>/dev/null
		last=$(tail -n 1 told) && rows=$(sqlite3 $mode.db 'select count(*) from t; pragma integrity_check;')
		set -- $rows
		[ "$2" = ok ] && [ "$1" -ge $((3 * ${last:-0})) ] && [ $(($1 % 3)) = 0 ] || echo "$mode, round $round: $rows rows, told $last"
	done
	[ "$(wc -l <told)" -gt 3 ] && echo "$mode: recovered"
	sqlite3 $mode.db 'pragma journal_mode; delete from t where n % 2; vacuum; pragma integrity_check;'
done
cd .. && rm -rf sqlite
