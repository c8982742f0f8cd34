# about: gcc -O1 -g of three files and the linker
# disk: 64M
prepare() { for i in 1 2 3; do ./load source 60 >$i.c || return; done; }
work() { for i in 1 2 3; do TMPDIR=. gcc -O1 -g -c $i.c || return; gcc -o $i $i.o || return; done; }
check() { for i in 1 2 3; do ./$i; done; }
