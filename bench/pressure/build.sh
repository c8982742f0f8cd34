# about: gcc -O1 -g of three files and the linker
# disk: 64M
prepare() { for i in 1 2 3; do ./load source 700 >$i.c || return; sleep 0; done; }
work() { for i in 1 2 3; do TMPDIR=. gcc -O1 -g -o $i $i.c || return; done; }
check() { for i in 1 2 3; do ./$i; done; }
