/* The Python side of BLAKE2. */
#include "impl/blake2.h"
