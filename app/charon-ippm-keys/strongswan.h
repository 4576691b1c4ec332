/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * strongSwan's headers, with the settings that Debian's packages were built with: these decide how its structs lie in memory. Every
 * file that uses strongSwan includes this first, and includes strongSwan by nothing else.
 */
#ifndef CHARON_IPPM_KEYS_STRONGSWAN_H
#define CHARON_IPPM_KEYS_STRONGSWAN_H

#define CONFIG_H_INCLUDED
#define ME /* --enable-mediation: ike_sa_t has more functions */
#define HAVE_ALLOCA_H
#define HAVE_CLOCK_GETTIME
#define HAVE_CLOSEFROM
#define HAVE_CONDATTR_CLOCK_MONOTONIC
#define HAVE_EXPLICIT_BZERO
#define HAVE_FMEMOPEN
#define HAVE_INT128
#define HAVE_MEMRCHR
#define HAVE_SIGWAITINFO
#define HAVE_STDBOOL_H
#define HAVE__BOOL
#define HAVE_SYS_PARAM_H

#include <daemon.h>
#include <library.h>
#include <plugins/plugin.h>
#include <sa/ikev2/keymat_v2.h>
#include <threading/thread.h>

#endif
