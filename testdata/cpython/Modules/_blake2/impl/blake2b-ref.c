/* Stands for blake2b-ref.c of libb2. */
#include "blake2-impl.h"
