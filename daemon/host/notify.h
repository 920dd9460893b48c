/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - what systemd is told, by its protocol of one datagram, when it asked.
 *
 * READY=1 when history is loaded, STATUS=... for `systemctl status`, WATCHDOG=1 every half of the
 * time it allows (the timer runs on the event loop: a loop that hangs stops telling), STOPPING=1.
 * Does nothing when the process was not started by systemd.
 */
#pragma once

#include <event2/event.h>

void notify(const char *state);

/* Starts telling that the loop turns, if systemd wants to know; NULL when it does not. */
struct event *notify_watchdog(struct event_base *base);
