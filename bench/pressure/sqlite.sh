# about: sqlite: random rows of a database of four times the memory, a sixth of them written
# disk: 1024M
prepare() {
	sqlite3 db "pragma page_size=4096; pragma journal_mode=off; create table t(id integer primary key, turn int, data blob);
		insert into t select value, 0, zeroblob(3600) from generate_series(0, 95999);"
}
work() {
	sqlite3 db "pragma cache_size=-16000; create temp table r as
		with recursive r(i, x) as (select 1, 42 union all select i + 1, (x * 1103515245 + 12345) & 0x7fffffff from r limit 20000)
		select i, (x >> 8) % 96000 as id from r;
		select sum(length(data)), sum(turn) from r join t using (id);
		update t set turn = turn + 1 where id in (select id from r where i % 6 = 0);
		select sum(length(data)), sum(turn) from r join t using (id);"
}
check() { :; }
