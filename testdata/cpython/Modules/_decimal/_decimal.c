/* The Python side of mpdecimal. */
#include "libmpdec/mpdecimal.h"
