/*
 * Lets Debian's ippeveprinter run without avahi-daemon and D-Bus: the announcing functions succeed and announce
 * nothing. Sockets that would listen on every interface listen on the loopback only.
 *
 *     cc -shared -fPIC -o noavahi.so noavahi.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static int nothing; /* what the opaque handles point to */

void *avahi_threaded_poll_new(void) { return &nothing; }
const void *avahi_threaded_poll_get(void *poll) { (void)poll; return &nothing; }
int avahi_threaded_poll_start(void *poll) { (void)poll; return 0; }
int avahi_threaded_poll_stop(void *poll) { (void)poll; return 0; }
void avahi_threaded_poll_free(void *poll) { (void)poll; }
void avahi_threaded_poll_lock(void *poll) { (void)poll; }
void avahi_threaded_poll_unlock(void *poll) { (void)poll; }

void *avahi_client_new(const void *poll, int flags, void *callback, void *data, int *error)
{
  (void)poll, (void)flags, (void)callback, (void)data;
  if (error)
    *error = 0;
  return &nothing;
}

void avahi_client_free(void *client) { (void)client; }
int avahi_client_errno(void *client) { (void)client; return 0; }
const char *avahi_client_get_host_name_fqdn(void *client) { (void)client; return "localhost"; }

void *avahi_entry_group_new(void *client, void *callback, void *data)
{
  (void)client, (void)callback, (void)data;
  return &nothing;
}

int avahi_entry_group_add_service_strlst(void *group, ...) { (void)group; return 0; }
int avahi_entry_group_add_service_subtype(void *group, ...) { (void)group; return 0; }
int avahi_entry_group_commit(void *group) { (void)group; return 0; }
int avahi_entry_group_free(void *group) { (void)group; return 0; }

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
  int (*real_bind)(int, const struct sockaddr *, socklen_t);
  struct sockaddr_storage copy;

  *(void **)&real_bind = dlsym(RTLD_NEXT, "bind");
  if (length > sizeof(copy))
    return real_bind(fd, address, length);
  memcpy(&copy, address, length);
  if (address->sa_family == AF_INET)
  {
    struct sockaddr_in *v4 = (struct sockaddr_in *)&copy;
    if (v4->sin_addr.s_addr == htonl(INADDR_ANY))
      v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  else if (address->sa_family == AF_INET6)
  {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&copy;
    if (IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
      v6->sin6_addr = in6addr_loopback;
  }
  return real_bind(fd, (struct sockaddr *)&copy, length);
}
