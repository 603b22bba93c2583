/* Messages to the service manager, by the sd_notify protocol: one datagram to $NOTIFY_SOCKET.
 * Source: man 3 sd_notify. Without that variable nothing happens; failures are not reported. */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

void notify_manager(const char *message); /* "READY=1", "STOPPING=1", "STATUS=..." */

#endif
