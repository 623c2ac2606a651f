/* Stands for blake2s-ref.c of libb2. */
#include "blake2-impl.h"
