# seconds: 120 quick
# gcc compiles programs that run.
cd /root && mkdir gcc && cd gcc || exit 1
cat >main.c <<'X'
#include <math.h>
#include <pthread.h>
#include <stdio.h>
static _Atomic int sum;
static void *add(void *arg) { for (int i = 0; i < 1000; i++) sum += (long)arg; return NULL; }
int main(int argc, char **argv)
{
	pthread_t t[4];
	for (long i = 0; i < 4; i++) pthread_create(&t[i], NULL, add, (void *)i);
	for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
	printf("%d arguments, %d, %.6f\n", argc, sum, sqrt(argc));
	return argc;
}
X
gcc -O2 -g -Wall -pthread -o main main.c -lm && ./main a b; echo "status $?"
gcc -static -O2 -pthread -o static main.c -lm && ./static; echo "status $?"
gcc -shared -fPIC -x c -o libone.so - <<'X' && gcc -x c -o two - -L. -lone -Wl,-rpath,"$PWD" <<'Y' && ./two
int one(void) { return 1; }
X
#include <stdio.h>
int one(void);
int main(void) { printf("shared: %d\n", one()); return 0; }
Y
echo 'int x = y;' | gcc -x c -c -o /dev/null - 2>&1 | sed -n 's/.*error: //p'
cd .. && rm -rf gcc
