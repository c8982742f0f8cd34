# about: a scan of a file of four times the memory, twice, beside a hot set of a quarter of it
# disk: 512M
prepare() { ./load lines 384 >big && ./load lines 20 >hot; }
work() { ./load scan big hot 2; }
check() { :; }
