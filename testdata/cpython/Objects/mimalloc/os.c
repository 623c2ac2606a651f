/* Stands for a source file of mimalloc: os. */
#include "mimalloc.h"
