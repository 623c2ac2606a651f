/* Stands for a source file of mimalloc: page. */
#include "mimalloc.h"
