# about: gcc -O1 -g of a file for which it needs about twice 64 MiB, and the linker
# disk: 64M
prepare() { ./load source 700 >1.c; }
work() { TMPDIR=. gcc -O1 -g -c 1.c && gcc -o 1 1.o; }
check() { ./1; }
