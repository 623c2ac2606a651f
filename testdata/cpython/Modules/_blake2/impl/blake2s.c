/* Stands for blake2s.c of libb2. */
#include "blake2-impl.h"
