# about: sort(1) of a file of four times the memory, with a buffer of two thirds of it
# disk: 1400M
# seconds: 3600
prepare() { ./load lines 384 >file; }
work() { LC_ALL=C sort -S 64M -T . -o sorted file; }
check() { ./load sorted sorted; }
