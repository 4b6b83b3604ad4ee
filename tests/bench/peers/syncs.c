/* Preloaded into a queue and its server: counts what reaches the disk in a shared file, and adds SYNCS_DELAY_US to each
 * fsync and fdatasync, as a slow SD card would. Statically linked programs are not reached. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long *counter;
static struct timespec delay;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SYNCS_FILE");
    const char *microseconds = getenv("SYNCS_DELAY_US");
    if (path != NULL) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd >= 0) {
            void *shared = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            counter = shared == MAP_FAILED ? NULL : shared;
            close(fd);
        }
    }
    if (microseconds != NULL) {
        long wanted = atol(microseconds);
        delay.tv_sec = wanted / 1000000;
        delay.tv_nsec = wanted % 1000000 * 1000;
    }
}

static int synced(long number, int fd) {
    long result = syscall(number, fd);
    int error = errno;
    struct timespec left = delay;
    if (counter != NULL)
        __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
    while ((left.tv_sec || left.tv_nsec) && nanosleep(&left, &left) != 0 && errno == EINTR) {}
    errno = error;
    return (int)result;
}

int fsync(int fd) { return synced(SYS_fsync, fd); }

int fdatasync(int fd) { return synced(SYS_fdatasync, fd); }
