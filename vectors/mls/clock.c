/* A process that loads this first lives on 1 September 2023: the public MLS vectors hold key
   packages of March 2023 that were good for one year. Every other clock stays what it is. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (clock != CLOCK_REALTIME) {
        return (int)syscall(SYS_clock_gettime, clock, now);
    }
    now->tv_sec = 1693526400;
    now->tv_nsec = 0;
    return 0;
}
