/* Loaded before the C library: calls on files below a folder fail with EIO, as those on a dying disk do.
 * EIO_CALL names the call, EIO_UNDER the folder, EIO_AT which of them fails, counted from 1; with
 * EIO_EVER every later one fails, too. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long seen;

static int fails(const char *call, int fd)
{
    const char *wanted = getenv("EIO_CALL"), *under = getenv("EIO_UNDER"), *at = getenv("EIO_AT");
    char link[64], path[4096];
    if (!wanted || !under || !at || strcmp(wanted, call))
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0 || (size_t)len < strlen(under) || strncmp(path, under, strlen(under)))
        return 0;
    long now = atomic_fetch_add(&seen, 1) + 1;
    if (now < atol(at) || (now > atol(at) && !getenv("EIO_EVER")))
        return 0;
    errno = EIO;
    return 1;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t pread64(int fd, void *to, size_t len, off64_t at)
{
    REAL(pread64);
    return fails("read", fd) ? -1 : real(fd, to, len, at);
}

ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at)
{
    REAL(pwrite64);
    return fails("write", fd) ? -1 : real(fd, from, len, at);
}

ssize_t read(int fd, void *to, size_t len)
{
    REAL(read);
    return fails("read", fd) ? -1 : real(fd, to, len);
}

ssize_t write(int fd, const void *from, size_t len)
{
    REAL(write);
    return fails("write", fd) ? -1 : real(fd, from, len);
}

int fsync(int fd)
{
    REAL(fsync);
    return fails("sync", fd) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return fails("sync", fd) ? -1 : real(fd);
}

int ftruncate64(int fd, off64_t len)
{
    REAL(ftruncate64);
    return fails("resize", fd) ? -1 : real(fd, len);
}
