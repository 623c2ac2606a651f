/* Stands for a source file of mimalloc: alloc. */
#include "mimalloc.h"
