# about: gcc -O1 -g of two files of 400 functions, and the linker, in the 64 MiB that are left of 96
# disk: 64M
# seconds: 3600
prepare() { for i in 1 2; do ./load source 400 >$i.c || return; done; }
work() { for i in 1 2; do TMPDIR=. gcc -O1 -g -c $i.c || return; gcc -o $i $i.o || return; done; }
check() { for i in 1 2; do ./$i; done; }
