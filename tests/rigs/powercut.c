/* Preloaded into a process: writes down, in order, every change that it makes to files below $POWERCUT_ROOT, and every
 * time it waits for the disk. The record goes to $POWERCUT_LOG, one append a change: kind, offset, lengths, path, data.
 * A change and its record are one step, so that every prefix of the record is a moment. Waiting for the disk is only
 * recorded, and not done: what the disk would have kept is worked out afterwards.
 * While the file $POWERCUT_FAILING is there, each of these calls fails with the errno whose number stands in it; a
 * second number lets so many calls through first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct head { uint32_t kind, path; uint64_t offset, data; };
enum { WRITE = 1, TRUNCATE, SYNC, UNLINK, RENAME, LINK };

static const char *root; static size_t root_length; static int record = -1;
static const char *failing;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("POWERCUT_LOG");
    root = getenv("POWERCUT_ROOT");
    failing = getenv("POWERCUT_FAILING");
    if (log == NULL || root == NULL) return;
    root_length = strlen(root);
    record = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int is_ours(const char *path) { return record >= 0 && root != NULL && strncmp(path, root, root_length) == 0; }

static int path_of(int fd, char *path) {
    char link[64];
    if (record < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

/* Whether the disk is broken now; sets errno. Each file that says so begins its own count. */
static int is_broken(void) {
    static ino_t seen; static long passed;
    char said[32] = ""; struct stat about; long let_through = 0; int number = 0;
    int fd = failing == NULL ? -1 : open(failing, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    if (read(fd, said, sizeof said - 1) < 0) said[0] = 0;
    if (fstat(fd, &about) < 0) about.st_ino = 0;
    close(fd);
    sscanf(said, "%d %ld", &number, &let_through);
    pthread_mutex_lock(&one_at_a_time);
    if (about.st_ino != seen) { seen = about.st_ino; passed = 0; }
    int is_over = passed++ >= let_through;
    pthread_mutex_unlock(&one_at_a_time);
    errno = number;
    return number != 0 && is_over;
}

static void put(uint32_t kind, const char *path, uint64_t offset, const void *data, size_t length) {
    struct head head = {kind, (uint32_t)strlen(path), offset, length};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, length}};
    if (REAL(writev)(record, parts, 3) < 0) abort();
}

/* The change and its record are one step; the caller sees the error of the change. */
#define LOCKED(body) do { \
    pthread_mutex_lock(&one_at_a_time); \
    body; \
    int kept = errno; \
    pthread_mutex_unlock(&one_at_a_time); \
    errno = kept; \
} while (0)

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    char path[PATH_MAX]; ssize_t done;
    if (!path_of(fd, path)) return REAL(pwrite64)(fd, data, length, offset);
    if (is_broken()) return -1;
    LOCKED(done = REAL(pwrite64)(fd, data, length, offset); if (done > 0) put(WRITE, path, offset, data, done));
    return done;
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

ssize_t write(int fd, const void *data, size_t length) {
    char path[PATH_MAX]; ssize_t done;
    if (!path_of(fd, path)) return REAL(write)(fd, data, length);
    if (is_broken()) return -1;
    LOCKED(done = REAL(write)(fd, data, length);
           if (done > 0) put(WRITE, path, lseek(fd, 0, SEEK_CUR) - done, data, done));
    return done;
}

int ftruncate64(int fd, off64_t length) {
    char path[PATH_MAX]; int done;
    if (!path_of(fd, path)) return REAL(ftruncate64)(fd, length);
    if (is_broken()) return -1;
    LOCKED(done = REAL(ftruncate64)(fd, length); if (done == 0) put(TRUNCATE, path, length, NULL, 0));
    return done;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fdatasync(int fd) {
    char path[PATH_MAX]; int done;
    if (!path_of(fd, path)) return REAL(fdatasync)(fd);
    if (is_broken()) return -1;
    LOCKED(done = 0; put(SYNC, path, 0, NULL, 0));
    return done;
}
int fsync(int fd) { return fdatasync(fd); }

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    char path[PATH_MAX];
    if (path_of(fd, path) && is_broken()) return errno;
    return REAL(posix_fallocate64)(fd, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

int unlink(const char *path) {
    int done;
    if (!is_ours(path)) return REAL(unlink)(path);
    LOCKED(done = REAL(unlink)(path); if (done == 0) put(UNLINK, path, 0, NULL, 0));
    return done;
}

int rename(const char *from, const char *to) {
    int done;
    if (!is_ours(from)) return REAL(rename)(from, to);
    LOCKED(done = REAL(rename)(from, to); if (done == 0) put(RENAME, from, 0, to, strlen(to)));
    return done;
}

int link(const char *from, const char *to) {
    int done;
    if (!is_ours(to)) return REAL(link)(from, to);
    LOCKED(done = REAL(link)(from, to); if (done == 0) put(LINK, from, 0, to, strlen(to)));
    return done;
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    int done;
    if (!is_ours(to)) return REAL(linkat)(from_at, from, to_at, to, flags);
    LOCKED(done = REAL(linkat)(from_at, from, to_at, to, flags); if (done == 0) put(LINK, from, 0, to, strlen(to)));
    return done;
}
