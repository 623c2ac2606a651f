/* The Python side of expat. */
#include "expat/expat.h"
