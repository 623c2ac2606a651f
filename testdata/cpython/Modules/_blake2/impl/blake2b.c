/* Stands for blake2b.c of libb2. */
#include "blake2-impl.h"
