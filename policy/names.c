// SPDX-License-Identifier: Apache-2.0
#include "policy/names.h"

#include <string.h>

#include "bpf-lsm/abi.h"

/* Paths of files, and behind PATHS_OF_SOCKETS the same of unix sockets. */
enum {
	ROOT = 1,   /* "/" itself */
	SLASH,	    /* behind another '/' */
	DOT,	    /* a component that is "." so far */
	DOTS,	    /* ... ".." */
	COMPONENT,  /* ... any other */
	MEMORY = 8, /* and how many bytes of "memfd:" there are */
	CAPABILITY = 16,
	PROCESS,
	NETWORK,
	OPERATION, /* and which: four */
	SOCKET = OPERATION + 4,
	ABSTRACT,
	WHOLE, /* an act's name that is complete */
	PATHS_OF_SOCKETS = 32,
	FAMILY = 48,	  /* and two flags: CONNECT, PORTLESS */
	ADDRESS = 0x1000, /* and flags and a position */
};

#define MEMFD "memfd:"
#define OPERATIONS "scla"

/* Flags of ADDRESS, behind the position. */
#define POSITION 63u
#define V6 64u
/* To connect, and all zero so far: the kernel asks about another address (net-address.bpf.h). */
#define ZERO 128u
#define PORTLESS 256u

static unsigned path_next(unsigned state, unsigned char byte)
{
	if (byte == '/')
		return state == COMPONENT ? SLASH : NAMES_DEAD;
	if (byte == '.' && (state == ROOT || state == SLASH))
		return DOT;
	return byte == '.' && state == DOT ? DOTS : COMPONENT;
}

static unsigned protocol_next(unsigned operation, unsigned char byte)
{
	bool connect = OPERATIONS[operation] == BAILIFF_NETWORK_CONNECT;

	if (!byte || !strchr("tuisrxnpvo", byte))
		return NAMES_DEAD;
	if (OPERATIONS[operation] == BAILIFF_NETWORK_CREATE || strchr("npvo", byte))
		return WHOLE;
	if (byte == BAILIFF_PROTOCOL_UNIX)
		return SOCKET;
	return FAMILY + connect +
	       2 * (byte == BAILIFF_PROTOCOL_ICMP || byte == BAILIFF_PROTOCOL_RAW);
}

static bool is_digit(unsigned char byte)
{
	return byte && strchr("0123456789abcdef", byte);
}

static unsigned address_next(unsigned state, unsigned char byte)
{
	unsigned at = state & POSITION, digits = state & V6 ? 32 : 8;

	if (at == digits)
		return byte == '/' && !(state & ZERO) ? state + 1 : NAMES_DEAD;
	if (at == digits + 5 || !is_digit(byte) || (at > digits && state & PORTLESS && byte != '0'))
		return NAMES_DEAD;
	return (byte == '0' ? state : state & ~ZERO) + 1;
}

static unsigned start_next(unsigned char byte)
{
	switch (byte) {
	case '/':
		return ROOT;
	case 'm':
		return MEMORY + 1;
	case BAILIFF_ACT_CAPABILITY:
		return CAPABILITY;
	case BAILIFF_ACT_PROCESS:
		return PROCESS;
	case BAILIFF_ACT_NETWORK:
		return NETWORK;
	default:
		return NAMES_DEAD;
	}
}

static unsigned network_next(unsigned state, unsigned char byte)
{
	const char *operation = strchr(OPERATIONS, byte);

	if (state == NETWORK)
		return byte && operation ? OPERATION + (unsigned)(operation - OPERATIONS)
					 : NAMES_DEAD;
	if (state == SOCKET)
		return byte == '/' ? PATHS_OF_SOCKETS + ROOT : byte == '@' ? ABSTRACT : NAMES_DEAD;
	if (state < SOCKET)
		return protocol_next(state - OPERATION, byte);
	if (byte != '4' && byte != '6')
		return NAMES_DEAD;
	return ADDRESS + (byte == '6' ? V6 : 0) + ((state - FAMILY) & 1 ? ZERO : 0) +
	       ((state - FAMILY) & 2 ? PORTLESS : 0);
}

unsigned names_next(unsigned state, unsigned char byte)
{
	unsigned next;

	if (!byte || state == NAMES_DEAD || state == WHOLE)
		return NAMES_DEAD;
	if (state == NAMES_START)
		return start_next(byte);
	if (state <= COMPONENT)
		return path_next(state, byte);
	if (state >= ADDRESS)
		return address_next(state, byte);
	if (state >= PATHS_OF_SOCKETS && state < FAMILY) {
		next = path_next(state - PATHS_OF_SOCKETS, byte);
		return next == NAMES_DEAD ? next : next + PATHS_OF_SOCKETS;
	}
	if (state < CAPABILITY && state - MEMORY == strlen(MEMFD))
		return state;
	if (state < MEMORY + strlen(MEMFD))
		return byte == (unsigned char)MEMFD[state - MEMORY] ? state + 1 : NAMES_DEAD;
	if (state == ABSTRACT)
		return state;
	if (state >= NETWORK)
		return network_next(state, byte);
	next = byte - BAILIFF_ACT_BASE;
	return next < (state == CAPABILITY ? BAILIFF_N_CAPABILITIES : BAILIFF_N_PROCESS)
		       ? WHOLE
		       : NAMES_DEAD;
}

enum names_end names_ends(unsigned state)
{
	if (state == ROOT || state == COMPONENT)
		return NAMES_PATH;
	if (state == MEMORY + strlen(MEMFD))
		return NAMES_MEMORY;
	if (state == WHOLE || state == SOCKET || state == ABSTRACT ||
	    state == PATHS_OF_SOCKETS + COMPONENT)
		return NAMES_ACT;
	if (state >= ADDRESS && state != NAMES_DEAD &&
	    (state & POSITION) == (state & V6 ? 37u : 13u))
		return NAMES_ACT;
	return NAMES_NONE;
}

bool names_is_text(unsigned state)
{
	return (state >= ROOT && state <= COMPONENT) || state == MEMORY + strlen(MEMFD) ||
	       state == ABSTRACT || (state >= PATHS_OF_SOCKETS && state < FAMILY);
}

unsigned char names_prefer(unsigned state)
{
	static const char v4[] = "0a000001/01bb", v6[] = "fd000000000000000000000000000001/01bb";

	if (state == NAMES_DEAD || state < ADDRESS || names_ends(state) == NAMES_ACT)
		return 0;
	return (unsigned char)(state & V6 ? v6 : v4)[state & POSITION];
}
